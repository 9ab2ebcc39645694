#!/usr/bin/python3
"""--on-finish: a command after the run, once, whatever came of it."""

import os
import signal
import unittest

from kiln_case import KilnCase, MPIRUN

SAY = ('echo "$KILN_OUTCOME $KILN_EXIT_CODE $KILN_UNITS $KILN_DONE $KILN_FAILED" >> finished; '
       'echo "$KILN_RUN_DIR" > directory; echo said; echo complained >&2')


class OnFinish(KilnCase):
    def finished(self):
        path = self.folder / "finished"
        return path.read_text().splitlines() if path.exists() else []

    def both_ways(self):
        yield lambda *words: self.words("run", "-n", "2", "--fresh", *words)
        yield lambda *words: self.mpirun(3, "run", "--fresh", *words)

    def test_all_outcomes(self):
        for way in self.both_ways():
            (self.folder / "finished").unlink(missing_ok=True)
            self.write_tasks(["true", "true", "false"])
            result = self.expect(1, words=way("--on-finish", SAY, "tasks.txt"))
            self.assertEqual(self.finished(), ["units_failed 1 3 2 1"])
            self.assertEqual((self.folder / "directory").read_text(), f"{self.run_directory.resolve()}\n")
            self.assertEqual(result.out, "said\n")
            self.assertIn("complained", result.err)
            self.write_tasks(["true"])
            self.expect(0, words=way("--on-finish", SAY, "tasks.txt"))
            self.assertEqual(self.finished()[1:], ["complete 0 1 1 0"])
            self.write_tasks([])
            self.expect(0, words=way("--on-finish", SAY, "tasks.txt"))
            self.assertEqual(self.finished()[2:], ["complete 0 0 0 0"])

    def test_a_stopped_run(self):
        for way in self.both_ways():
            (self.folder / "finished").unlink(missing_ok=True)
            (self.folder / "up").unlink(missing_ok=True)
            self.write_tasks(["touch up; sleep 1000", "true", "true"])
            run = self.start(words=way("--grace", "0", "--batch", "1", "--on-finish", SAY, "tasks.txt"))
            self.wait_for(lambda: (self.folder / "up").exists() and self.status().get("totals", {}).get("done") == 2
                          or run.ended(), "the others have ended")
            run.process.send_signal(signal.SIGUSR1)
            self.assertEqual(run.wait().code, 75)
            self.assertEqual(self.finished(), ["interrupted 75 3 2 0"])

    def test_a_run_whose_ranks_die(self):
        self.write_tasks(["touch up; sleep 1000"])
        run = self.start("run", "-n", "1", "--restarts", "0", "--heartbeat", "0", "--on-finish", SAY, "tasks.txt")
        self.wait_for(lambda: (self.folder / "up").exists() or run.ended(), "it runs")
        os.kill(self.status()["pid"] if self.status() else self.running_status()["pid"], signal.SIGKILL)
        self.assertEqual(run.wait().code, 75)
        self.assertEqual(self.finished(), ["cut_off 75 1 0 0"])

    def test_nothing_ran(self):
        self.assertEqual(self.kiln("run", "--on-finish", SAY, "nosuch.txt").code, 3)
        (self.folder / "tasks.kiln").write_text("no directory")
        self.write_tasks(["true"])
        self.assertEqual(self.kiln("run", "--on-finish", SAY, "tasks.txt").code, 4)
        self.assertEqual(self.kiln("run", "--on-finish", SAY, "--nosuch", "tasks.txt").code, 2)
        self.assertEqual(self.finished(), [])

    def test_its_failure_is_a_warning(self):
        self.write_tasks(["true"])
        for way in self.both_ways():
            for command, what in (("exit 7", "exit code 7"), ("kill -9 $$", "signal 9"), ("-nosuch", "exit code 127")):
                result = self.expect(0, words=way("--on-finish", command, "tasks.txt"))
                self.assertIn(f"--on-finish: {what}", result.err)

    def test_a_signal_ends_it(self):
        self.write_tasks(["true"])
        for number, command in ((signal.SIGINT, "touch up; exec sleep 1000"),
                                (signal.SIGTERM, "trap '' TERM; touch up; sleep 1000; sleep 1000")):
            (self.folder / "up").unlink(missing_ok=True)
            run = self.start("run", "--fresh", "--grace", "200ms", "--on-finish", command, "tasks.txt")
            self.wait_for(lambda: (self.folder / "up").exists() or run.ended(), "it runs")
            self.assertFalse(run.ended(), run.said())
            run.process.send_signal(number)
            result = run.wait()
            self.assertEqual(result.code, 0, result.err)
            self.assertIn("--on-finish: signal", result.err)
            self.assertEqual(self.processes(), {})

    def test_it_sees_the_callers_world(self):
        self.write_tasks(["true"])
        self.expect(0, "run", "--on-finish", "cat; env > world; pwd >> world", "tasks.txt", SOMETHING="of the caller's")
        world = (self.folder / "world").read_text()
        self.assertIn("SOMETHING=of the caller's\n", world)
        self.assertIn(f"{self.folder.resolve()}\n", world)
        for name in ("OMPI_COMM_WORLD", "PMIX_", "KILN_LAUNCH_ID"):
            self.assertNotIn(name, world)
        self.expect(0, words=[MPIRUN, "-n", "2", *self.words("run", "--fresh", "--on-finish", "env > world", "tasks.txt")])
        self.assertNotIn("OMPI_COMM_WORLD", (self.folder / "world").read_text())

    def test_retry_takes_it_too(self):
        self.write_tasks(["test -e go"])
        self.expect(1, "run", "tasks.txt")
        self.open_gate()
        self.expect(0, "retry", "--on-finish", SAY, "tasks.kiln")
        self.assertEqual(self.finished(), ["complete 0 1 1 0"])


if __name__ == "__main__":
    unittest.main()
