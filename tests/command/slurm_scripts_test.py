#!/usr/bin/python3
"""The batch scripts under a prelude that wants much, and with --until."""

import json
import signal
import time
import unittest

from slurm_case import ScriptCase


class Preludes(ScriptCase):
    def strict_prelude(self):
        (self.folder / "strict").write_text("set -euo pipefail\ntrap 'echo stricter; exit 9' ERR\n")
        return ("--prelude", "strict")

    def test_a_strict_prelude_is_not_for_the_lines_below_it(self):
        self.marking_tasks(2, gate=0)
        script = self.script(*self.strict_prelude(), "--grace", "100ms", "-n", "1", "tasks.txt")
        done = self.stopped(script, signal.SIGUSR1).wait()
        self.assertEqual(self.calls("scontrol"), ["show job 17", "requeue 17"], done.err)
        self.assertNotIn("stricter", done.out)

    def test_nor_is_it_where_slurm_ends_the_job(self):
        self.marking_tasks(2, gate=0)
        script = self.script(*self.strict_prelude(), "--grace", "100ms", "-n", "1", "tasks.txt")
        self.program("scontrol", "[ \"$1\" != show ] || { echo Reason=TimeLimit; seq 200000; }")  # grep reads one line
        self.assertEqual(self.stopped(script, signal.SIGTERM).wait().code, 75)
        self.assertEqual(self.calls("scontrol"), ["show job 17", "show job 17", "requeue 17"])

    def test_units_that_failed_are_said_under_a_strict_prelude_too(self):
        self.write_tasks(["true", "false"])
        done = self.job(self.script(*self.strict_prelude(), "tasks.txt")).wait()
        self.assertEqual(done.code, 1, done.err)
        self.assertIn("some units failed", done.out)


class Until(ScriptCase):
    def test_a_job_that_stops_for_until_does_not_go_back(self):
        self.marking_tasks(3, gate=1)
        done = self.job(self.script("--until", "8s", "--grace", "100ms", "-n", "1", "tasks.txt")).wait()
        self.assertEqual(done.code, 75, done.err)
        self.assertEqual(self.calls("scontrol"), [])
        self.assertIn("the job does not go on: --until 8s has come; 1 of 3 units are committed: to go on, submit it again, "
                      "with a later --until or without", done.out)
        self.assertIn("next: --until 8s has come: ", self.expect(0, "status", "tasks.kiln").out)
        self.open_gate()
        self.assertEqual(self.job(self.script("--until", "1h", "-n", "1", "tasks.txt")).wait().code, 0)
        self.assertEqual(self.facts(), self.marking_facts(3, gate=1))

    def test_a_job_that_starts_again_keeps_the_time_of_its_until(self):
        self.marking_tasks(3, gate=1)
        script = self.script("--until", "6s", "--grace", "100ms", "-n", "1", "tasks.txt")
        self.assertEqual(self.stopped(script, signal.SIGUSR1).wait().code, -signal.SIGKILL)  # some limit has come before
        self.assertEqual(self.calls("scontrol"), ["show job 17", "requeue 17"])
        end = json.loads((self.run_directory / "until.json").read_text())["time"]
        self.open_gate()
        self.wait_for(lambda: time.time() > end, "that time is over")
        done = self.job(script, SLURM_RESTART_COUNT="1").wait()
        self.assertEqual(done.code, 75, done.err)
        self.assertEqual(self.ran(), [0, 1])
        self.assertIn("--until 6s has come", done.out)

    def test_a_job_that_ends_before_until_stops_before_its_end_and_goes_on(self):
        self.marking_tasks(3, gate=1)
        script = self.script("--until", "5h", "--grace", "100ms", "-n", "1", "tasks.txt")
        end = str(int(time.time()) + 10)
        self.job(script, SLURM_JOB_END_TIME=end).wait()
        self.assertEqual(self.calls("scontrol"), ["show job 17", "requeue 17"])


if __name__ == "__main__":
    unittest.main()
