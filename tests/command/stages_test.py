#!/usr/bin/python3
"""Task files with stages: what waits for what, what a failure stops, and how a run goes on."""

import json
import signal
import unittest

import h5py

from kiln_case import KilnCase

FLOW = ["echo 0 >> ran", "#kiln stage fetch", "echo 1 >> ran; sleep 0.2", "echo 2 >> ran", "#kiln stage align after=fetch",
        "echo 3 >> ran; sleep 0.2", "echo 4 >> ran", "#kiln stage beside", "echo 5 >> ran",
        "#kiln stage report after=align,beside", "echo 6 >> ran"]


class Stages(KilnCase):
    def check_order(self, ran):
        self.assertEqual(sorted(ran), list(range(7)))
        place = ran.index
        self.assertLess(max(place(1), place(2)), min(place(3), place(4)))
        self.assertLess(max(map(place, (3, 4, 5))), place(6))

    def test_what_comes_after_what(self):
        self.write_tasks(FLOW)
        for words in (("-n", "1"), ("-n", "3"), ("-n", "3", "--batch", "100"), ("-n", "2", "--no-rerun-lost"),
                      ("-n", "3", "--speculate")):
            with self.subTest(words):
                said = self.expect(0, "run", "--fresh", *words, "tasks.txt").err
                self.check_order(self.ran())
                self.assertIn("stage align: 2 commands, 2 done", said)
                self.ran_file.unlink()

    def test_stages_that_wait_for_nobody_run_together(self):
        wait = "echo {0} >> ran; until grep -q {1} ran; do sleep 0.02; done"
        self.write_tasks([wait.format("a", "b"), "#kiln stage one", wait.format("b", "c"), "#kiln stage two",
                          wait.format("c", "a")])
        self.expect(0, "run", "-n", "3", "tasks.txt")

    def test_the_results_have_the_number_of_the_stage(self):
        self.write_tasks(FLOW)
        self.expect(0, "run", "-n", "2", "tasks.txt")
        self.assertEqual(self.table()["stage"], [0, 1, 1, 2, 2, 3, 4])
        # A line that is gone belongs to none; the others to the stages of the file as it is now.
        self.write_tasks(FLOW[1:2] + FLOW[3:])
        self.expect(0, "run", "-n", "2", "tasks.txt")
        self.expect(0, "export", "tasks.kiln", "--hdf5", "out.h5")
        for path in (self.run_directory / "results.h5", self.folder / "out.h5"):
            with self.subTest(path), h5py.File(path) as file:
                self.assertEqual(file["units/stage"][:].tolist(), [0, 0, 1, 2, 2, 3, 4])

    def test_outputs_in_order(self):
        self.write_tasks(["#kiln stage last after=first", "echo last", "#kiln stage first", "sleep 0.1; echo first"])
        self.assertEqual(self.expect(0, "run", "-n", "2", "--print", "ordered", "tasks.txt").out, "last\nfirst\n")
        self.assertEqual(self.expect(0, "run", "--fresh", "-n", "2", "--print", "grouped", "tasks.txt").out,
                         "first\nlast\n")

    def test_a_failure_stops_what_is_behind_it(self):
        self.write_tasks(["#kiln stage first", "echo 1 >> ran; test -e cause", "echo 2 >> ran", "#kiln stage second after=first",
                          "echo 3 >> ran", "echo 4 >> ran", "#kiln stage third after=second", "echo 5 >> ran",
                          "#kiln stage beside", "echo 6 >> ran"])
        said = self.expect(1, "run", "-n", "2", "--print", "ordered", "tasks.txt").err
        self.assertEqual(sorted(self.ran()), [1, 2, 6])
        self.assertIn("stage first: 1 of 2 commands failed; not started: second (2 commands), third (1)", said)
        self.assertIn("run them again, then the stages that wait for them: kiln retry tasks.kiln", said)
        status = self.expect(0, "status", "tasks.kiln").out
        self.assertRegex(status, r"second +2 +0 +0 +not started")
        self.assertIn("then the stages that wait for them", status)
        self.assertNotIn("the same command again", status)
        states = {one["name"]: one["state"] for one in
                  json.loads(self.expect(0, "status", "--json", "tasks.kiln").out)["task_stages"]}
        self.assertEqual(states, {"first": "open", "second": "blocked", "third": "blocked", "beside": "over"})
        # The same command again changes nothing; nor does a retry of none.
        self.expect(1, "run", "-n", "2", "tasks.txt")
        self.expect(1, "retry", "-n", "2", "--where", "exit_code==77", "tasks.kiln")
        self.assertEqual(sorted(self.ran()), [1, 2, 6])
        (self.folder / "cause").touch()
        self.tasks_file.unlink()
        self.assertIn("stage third: 1 command, 1 done", self.expect(0, "retry", "-n", "2", "tasks.kiln").err)
        again = self.ran()[3:]
        self.assertEqual([again[0], sorted(again[1:3]), again[3:]], [1, [3, 4], [5]])

    def test_retries_come_before_the_next_stage(self):
        self.write_tasks(["#kiln stage one", "echo 1 >> ran; test $KILN_ATTEMPT = 3", "#kiln stage two after=one",
                          "echo 2 >> ran"])
        self.expect(0, "run", "-n", "2", "--retries", "2", "--backoff", "0", "tasks.txt")
        self.assertEqual(self.ran(), [1, 1, 1, 2])

    def test_a_run_that_was_stopped_goes_on(self):
        self.write_tasks(["#kiln stage one", "echo 1 >> ran", "echo 2 >> ran; test -e go || sleep 1000",
                          "#kiln stage two after=one", "echo 3 >> ran"])
        running = self.start("run", "-n", "2", "--grace", "0", "tasks.txt")
        self.wait_for(lambda: self.ran_file.exists() and len(self.ran()) == 2, "both have begun")
        running.process.send_signal(signal.SIGINT)
        self.assertEqual(running.wait().code, 75)
        (self.folder / "go").touch()
        self.expect(0, "run", "-n", "1", "tasks.txt")
        self.assertEqual(self.ran()[-1], 3)
        self.assertEqual(self.ran().count(3), 1)

    def test_a_file_that_has_changed(self):
        self.write_tasks(["#kiln stage one", "echo 1 >> ran", "#kiln stage two after=one", "echo 2 >> ran",
                          "#kiln stage three after=two", "echo 3 >> ran; test -e go"])
        self.expect(1, "run", "-n", "1", "tasks.txt")
        # What is done stays done; what is new in the first stage comes before what the last has left.
        (self.folder / "go").touch()
        self.write_tasks(["#kiln stage one", "echo 1 >> ran", "sleep 0.2; echo 4 >> ran", "#kiln stage two after=one",
                          "echo 2 >> ran", "#kiln stage three after=two", "echo 3 >> ran; test -e go", "echo 5 >> ran"])
        self.expect(1, "run", "-n", "2", "tasks.txt")
        self.assertEqual(self.ran(), [1, 2, 3, 4, 5])
        self.expect(0, "retry", "-n", "2", "tasks.kiln")
        self.assertEqual(self.ran(), [1, 2, 3, 4, 5, 3])

    def test_the_plan(self):
        self.write_tasks(FLOW)
        result = self.expect(0, "run", "--dry-run", "tasks.txt")
        self.assertEqual(result.out, "\n".join(FLOW) + "\n")
        self.assertIn("stage report: 1 command, after align, beside", result.err)
        self.assertFalse(self.run_directory.exists())

    def test_bad_stages_are_refused(self):
        self.write_tasks(["#kiln stage a after=c", "echo 1", "#kiln stage b after=a", "echo 2", "#kiln stage c after=b",
                          "echo 3"])
        said = self.expect(3, "run", "tasks.txt").err
        self.assertIn("tasks.txt:1: #kiln stage: stages wait for each other: a after c after b after a", said)
        self.assertIn("\n  #kiln stage a after=c\n  ^", said)
        self.assertFalse(self.run_directory.exists())


if __name__ == "__main__":
    unittest.main()
