#!/usr/bin/python3
"""Task files of disBatch and of the TACC launcher as they are, and what a task file says in comments."""

import json
import unittest

from kiln_case import KilnCase


class OldTaskFiles(KilnCase):
    def outputs(self):
        return self.table(group="output")["stdout"]

    def test_the_names_that_old_files_use(self):
        line = "echo $LAUNCHER_JID $LAUNCHER_TSK_ID $LAUNCHER_NPROCS $LAUNCHER_NJOBS $KILN_LINE $KILN_WORKER"
        names = "echo $DISBATCH_TASKID $DISBATCH_STREAM_INDEX $DISBATCH_REPEAT_INDEX $DISBATCH_NAMETASKS"
        self.write_tasks(["# a comment", line, "", names, "pwd; echo $LAUNCHER_WORKDIR"])
        self.expect(0, "run", "-n", "1", "tasks.txt", LAUNCHER_JID="99", DISBATCH_NAMETASKS="old")
        self.assertEqual(self.outputs(), ["2 0 1 3 2 0\n", "1 4 -1 tasks.txt\n", f"{self.folder}\n" * 2])

    def test_a_file_of_disbatch(self):
        self.write_tasks(["#DISBATCH PREFIX cd data ; ", "#DISBATCH SUFFIX > ${DISBATCH_NAMETASKS}_${DISBATCH_TASKID}.log 2>&1",
                          "echo first", "#DISBATCH REPEAT 3 start 100 step 50 echo index $DISBATCH_REPEAT_INDEX",
                          "echo last"])
        (self.folder / "data").mkdir()
        self.expect(0, "run", "-n", "2", "tasks.txt")
        written = [(self.folder / "data" / f"tasks.txt_{i}.log").read_text() for i in range(5)]
        self.assertEqual(written, ["first\n", "index 100\n", "index 150\n", "index 200\n", "last\n"])
        self.assertEqual(self.table()["line"], [3, 4, 4, 4, 5])
        self.assertEqual(self.table()["command"][0],
                         "cd data ; echo first> ${DISBATCH_NAMETASKS}_${DISBATCH_TASKID}.log 2>&1")

    def test_repeats_may_grow(self):
        repeat = "#DISBATCH REPEAT {} start {} echo $DISBATCH_REPEAT_INDEX >> ran"
        self.write_tasks([repeat.format(3, 5)])
        self.expect(0, "run", "-n", "1", "tasks.txt")
        self.write_tasks([repeat.format(6, 3)])
        self.expect(0, "run", "-n", "1", "tasks.txt")
        self.assertEqual(self.ran(), [5, 6, 7, 3, 4, 8])

    def test_a_retry_needs_the_directory_alone(self):
        self.write_tasks(["#DISBATCH SUFFIX  && test -e cause", "#kiln retries=1",
                          "#DISBATCH REPEAT 2 echo $DISBATCH_REPEAT_INDEX $DISBATCH_NAMETASKS $DISBATCH_JOBID"])
        self.expect(1, "run", "-n", "1", "--backoff", "0", "tasks.txt")
        self.assertEqual(self.table()["attempts"], [2, 2])
        self.tasks_file.unlink()
        (self.folder / "cause").touch()
        self.expect(0, "retry", "-n", "1", "tasks.kiln")
        job = int(json.loads((self.run_directory / "run.json").read_text())["created"])
        self.assertEqual(self.outputs(), [f"0 tasks.txt {job}\n", f"1 tasks.txt {job}\n"])

    def test_what_is_not_carried_out_is_refused(self):
        for line, what in (("#DISBATCH BARRIER", "stage second after=first"), ("#DISBATCH PERENGINE START x", "PERENGINE"),
                           ("#DISBATCH SUFIX x", "PREFIX, SUFFIX and REPEAT"), ("#kiln timout=3", "timeout, retries"),
                           ("#kiln timeout=never", "does not take 'never'"), ("#kiln stage b after=a", "no stage a")):
            self.write_tasks(["echo 1", line, "echo 2"])
            result = self.expect(3, "run", "tasks.txt")
            self.assertIn("tasks.txt:2: ", result.err)
            self.assertIn(what, result.err)
        self.assertFalse(self.run_directory.exists())


class Directives(KilnCase):
    def test_time_limits_of_single_units(self):
        self.write_tasks(["#kiln timeout=200ms", "sleep 1000", "sleep 0.5; echo done", "#kiln timeout=none",
                          "sleep 0.5; echo done"])
        self.expect(1, "run", "-n", "2", "--grace", "1s", "tasks.txt")
        self.assertEqual(self.table()["status"], ["timeout", "ok", "ok"])
        self.assertEqual(self.table(group="dead_letters")["reason"], ["timed out after 200ms"])

    def test_priorities_order_one_worker(self):
        self.write_tasks(["echo 1 >> ran", "#kiln priority=-1", "echo 2 >> ran", "#kiln priority=5", "echo 3 >> ran",
                          "echo 4 >> ran", "#kiln priority=5", "echo 5 >> ran"])
        self.expect(0, "run", "-n", "1", "tasks.txt")
        self.assertEqual(self.ran(), [3, 5, 1, 4, 2])

    def test_tries_of_single_units(self):
        self.write_tasks(["echo 1 >> ran; false", "#kiln retries=3", "", "echo 2 >> ran; false", "#kiln retries=0",
                          "echo 3 >> ran; false"])
        self.expect(1, "run", "-n", "1", "--retries", "1", "--backoff", "0", "tasks.txt")
        self.assertEqual([self.ran().count(i) for i in (1, 2, 3)], [2, 4, 1])
        self.assertEqual(self.table()["attempts"], [2, 4, 1])

    def test_new_directives_hold_when_the_run_goes_on(self):
        self.write_tasks(["echo 1 >> ran; test -e cause", "echo 2 >> ran"])
        self.expect(1, "run", "-n", "1", "tasks.txt")
        self.write_tasks(["#kiln retries=2", "echo 1 >> ran; test -e cause", "echo 2 >> ran"])
        self.expect(1, "run", "-n", "1", "tasks.txt")  # the failed one is not repeated unasked
        self.assertEqual(self.ran(), [1, 2])
        self.expect(1, "retry", "-n", "1", "--backoff", "0", "tasks.kiln")
        self.assertEqual(self.ran(), [1, 2, 1, 1, 1])
        # A comment on the line of the command changes its number only; then the number of tries alone.
        self.write_tasks(["#kiln retries=1", "echo 1 >> ran; test -e cause", "echo 2 >> ran"])
        self.expect(1, "run", "-n", "1", "tasks.txt")
        self.expect(1, "retry", "-n", "1", "--backoff", "0", "tasks.kiln")
        self.assertEqual(self.ran(), [1, 2, 1, 1, 1, 1, 1])

    def test_a_directive_for_nobody_is_said(self):
        self.write_tasks(["echo 1", "#kiln retries=3"])
        self.assertIn("tasks.txt:2: #kiln stands before no command", self.expect(0, "run", "-n", "1", "tasks.txt").err)


if __name__ == "__main__":
    unittest.main()
