#!/usr/bin/python3
"""Job arrays: --array."""

import json
import unittest

from kiln_case import KilnCase

JOB = """#!/bin/bash
echo $SLURM_ARRAY_TASK_ID >> ran
echo "$SLURM_ARRAY_TASK_ID of $SLURM_ARRAY_TASK_COUNT, $SLURM_ARRAY_TASK_MIN to $SLURM_ARRAY_TASK_MAX" "$@"
"""


class Array(KilnCase):
    def setUp(self):
        super().setUp()
        self.job = self.folder / "job.sh"
        self.job.write_text(JOB)
        self.job.chmod(0o755)
        self.run_directory = self.folder / "job.sh.kiln"

    def outputs(self):
        """{index: standard output} of the run's results."""
        return dict(zip(self.table()["line"], self.table(group="output")["stdout"]))

    def test_each_unit_sees_its_index(self):
        self.expect(0, "run", "-n", "2", "--array", "1-9:4", "./job.sh", "--option", "b  c", "*.none",
                    SLURM_ARRAY_TASK_ID="77", SLURM_ARRAY_TASK_MIN="77")
        self.assertEqual(self.outputs(), {i: f"{i} of 3, 1 to 9 --option b c *.none\n" for i in (1, 5, 9)})
        self.assertEqual(self.table()["command"], ["./job.sh --option b  c *.none"] * 3)
        self.assertEqual(sorted(self.ran()), [1, 5, 9])

    def test_the_range_may_grow_and_shrink(self):
        self.expect(0, "run", "-n", "2", "--array", "3-6", "./job.sh")
        self.forget_ran()
        again = self.expect(0, "run", "-n", "1", "--array", "3-6", "./job.sh")
        self.assertIn("all 4 units were done earlier", again.err)
        self.expect(0, "run", "-n", "2", "--array", "1-8", "./job.sh")
        self.assertEqual(sorted(self.ran()), [1, 2, 7, 8])
        self.assertEqual(sorted(self.outputs()), list(range(1, 9)))
        self.assertEqual(self.table()["line"][:4], [3, 4, 5, 6])  # ids stay
        self.forget_ran()
        self.expect(0, "run", "-n", "1", "--array", "4,9", "./job.sh")
        self.assertEqual(self.ran(), [9])
        self.assertEqual(self.table()["status"].count("removed"), 7)

    def test_the_command_belongs_to_the_directory(self):
        self.expect(0, "run", "-n", "1", "--array", "1-2", "./job.sh")
        other = self.expect(4, "run", "-n", "1", "--array", "1-2", "./job.sh", "other")
        self.assertIn("belongs to", other.err)
        self.expect(0, "run", "-n", "1", "--fresh", "--array", "1-2", "./job.sh", "other")

    def test_the_job_id_stays_and_is_slurms_in_a_job(self):
        command = "echo $SLURM_ARRAY_JOB_ID; test $SLURM_ARRAY_TASK_ID -ne 2 || test -e cause"
        words = ("run", "-n", "1", "--out", "x.kiln", "--array", "1-3", command)
        self.run_directory = self.folder / "x.kiln"
        self.expect(1, *words)
        (self.folder / "cause").touch()
        self.expect(0, "retry", "-n", "1", "x.kiln")
        created = json.loads((self.run_directory / "run.json").read_text())["created"]
        self.assertEqual(set(self.outputs().values()), {f"{int(created)}\n"})
        self.expect(0, *words[:2], "1", "--fresh", *words[3:], SLURM_JOB_ID="4711")
        self.assertEqual(set(self.outputs().values()), {"4711\n"})

    def test_a_failed_index_is_named_and_tried_again(self):
        command = "echo $SLURM_ARRAY_TASK_ID >> ran; test $SLURM_ARRAY_TASK_ID -ne 20 || test -e cause"
        failed = self.expect(1, "run", "-n", "2", "--out", "x.kiln", "--array", "10-30:10", command)
        self.assertIn("array index 20", failed.err)
        self.run_directory = self.folder / "x.kiln"
        self.assertIn("20", self.expect(0, "results", "--failed", "x.kiln").out)
        self.forget_ran()
        (self.folder / "cause").touch()
        self.expect(0, "retry", "-n", "1", "x.kiln")
        self.assertEqual(self.ran(), [20])

    def test_under_mpirun(self):
        self.kiln(words=self.mpirun(3, "run", "--array", "0-3", "./job.sh"))
        self.assertEqual(sorted(self.outputs()), [0, 1, 2, 3])

    def test_words_that_mpirun_would_take_for_its_own(self):
        self.expect(0, "run", "-n", "1", "--out", "x.kiln", "--array", "1", "echo", ":", "-n", "::", "|", "cat", "-")
        self.run_directory = self.folder / "x.kiln"
        self.assertEqual(self.outputs(), {1: ": -n ::\n"})

    def test_dry_run(self):
        shown = self.expect(0, "run", "--dry-run", "--array", "1,7", "echo $SLURM_ARRAY_TASK_ID")
        self.assertEqual(shown.out.splitlines(), ["export SLURM_ARRAY_TASK_ID=1; echo $SLURM_ARRAY_TASK_ID",
                                                  "export SLURM_ARRAY_TASK_ID=7; echo $SLURM_ARRAY_TASK_ID"])
        self.assertFalse(list(self.folder.glob("*.kiln")))

    def test_bad_ranges(self):
        for text, where, what in (("9-1", "character 3", "backwards"), ("1-9:0", "character 5", "step of 0"),
                                  ("1-9%4", "character 4", "-n 4"), ("1-x", "character 3", "missing"),
                                  ("0-1000000000", "character 1", "more than"), ("3,3", "character 3", "twice"),
                                  ("1-99999999999999999999", "character 3", "too large")):
            result = self.expect(2, "run", "--array", text, "./job.sh")
            self.assertIn(where, result.err)
            self.assertIn(what, result.err)
        self.assertIn("needs a command", self.expect(2, "run", "--array", "1-3").err)
        self.assertIn("choose one", self.expect(2, "run", "--array", "1-3", "echo", ":::", "a").err)
        self.assertFalse(list(self.folder.glob("*.kiln")))


if __name__ == "__main__":
    unittest.main()
