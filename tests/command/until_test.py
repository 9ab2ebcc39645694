#!/usr/bin/python3
"""Runs that stop by themselves before a time limit."""

import unittest

from kiln_case import KilnCase


class Until(KilnCase):
    def tasks(self, count, seconds):
        self.write_tasks([f"echo {i} >> ran; sleep {seconds}" for i in range(count)])

    def test_a_run_ends_before_its_limit_and_goes_on(self):
        self.tasks(120, 0.4)
        said = self.expect(75, "run", "-n", "2", "--until", "15s", "--grace", "3s", "tasks.txt").err
        self.assertIn("stopped before the time limit", said)
        before = len(self.ran())
        self.assertGreater(before, 2)
        self.assertLess(before, 120)
        self.expect(0, "run", "-n", "10", "--until", "never", "tasks.txt")
        self.assertEqual(sorted(self.ran()), list(range(120)))  # nothing was cut off

    def test_what_runs_at_the_limit_has_its_grace_and_runs_again(self):
        self.write_tasks(["echo 1 >> ran; test -e go || sleep 1000"])
        self.expect(75, "run", "-n", "1", "--until", "12s", "--grace", "1s", "tasks.txt")
        (self.folder / "go").touch()
        self.expect(0, "run", "-n", "1", "tasks.txt")
        self.assertEqual(self.ran(), [1, 1])

    def test_a_limit_that_is_too_near(self):
        self.tasks(3, 0)
        said = self.expect(75, "run", "-n", "1", "--until", "1s", "tasks.txt").err
        self.assertIn("so near that nothing is begun", said)
        self.assertFalse(self.ran_file.exists())

    def test_a_run_that_is_done_before_is_complete(self):
        self.tasks(3, 0)
        said = self.expect(0, "run", "-n", "1", "--until", "1h", "--timeout", "2h", "tasks.txt").err
        self.assertIn("--timeout lets one run for 2h", said)

    def test_a_unit_that_took_longer_than_there_is_time_is_told(self):
        self.write_tasks(["echo 0", "sleep 0.2; sleep 1.2; false", "test -e go"])
        self.expect(1, "run", "-n", "1", "--retries", "0", "tasks.txt")
        short = ("run", "-n", "1", "--until", "3s", "--grace", "100ms", "tasks.txt")
        said = self.expect(1, *short).err
        self.assertRegex(said, r"unit 1 took [0-9.]+ s, and there is [0-9.]+ s for commands before the job ends")
        self.assertNotIn("took", self.expect(1, "run", "-n", "1", "--until", "1h", "tasks.txt").err)
        self.assertNotIn("took", self.kiln("run", "--fresh", *short[1:]).err)

    def test_bad_words(self):
        self.tasks(1, 0)
        self.assertIn("a time of day (18:00)", self.expect(2, "run", "--until", "soon", "tasks.txt").err)


if __name__ == "__main__":
    unittest.main()
