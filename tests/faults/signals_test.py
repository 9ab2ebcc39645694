#!/usr/bin/python3
"""Signals to `kiln run` in the middle of a run: it stops in good order, and the next run does the rest."""

import os
import signal
import unittest

from kiln_case import KilnCase, MPIRUN

UNITS = 50
GATE = 20  # units from here on wait for the gate


class Stopped(KilnCase):
    def start_some(self, words=()):
        self.marking_tasks(UNITS, gate=GATE)
        run = self.start(words=[*words, *self.words("run", *(() if words else ("-n", "2")), "--checkpoint-every",
                                                    "100ms", "tasks.txt")])
        self.wait_for(lambda: len(self.committed()) >= GATE or run.ended(), "what does not wait is committed")
        self.wait_for(lambda: len(self.ran()) > GATE or run.ended(), "a unit waits for the gate")
        self.assertFalse(run.ended(), run.said())
        return run

    def expect_rest(self, *options, done):
        """The next run does what is not in `done`; together everything once."""
        before = self.ran()
        self.open_gate()
        self.expect(0, "run", *options, "tasks.txt")
        again = self.ran()[len(before):]
        self.assertEqual(sorted(again), sorted(set(range(UNITS)) - set(done)))
        self.assertEqual(self.facts(), self.marking_facts(UNITS, gate=GATE))

    def expect_stop(self, run):
        """After its signal: what had begun ends and is kept, all of it is in results.h5 already, nothing else began."""
        self.wait_for(lambda: '"interrupted"' in self.events() or run.ended(), "rank 0 knows of the signal")
        self.open_gate()
        result = run.wait()
        self.assertEqual(result.code, 75, result.err)
        self.assertIn("run the same command again", result.err)
        began = sorted(self.ran())
        self.assertEqual([fact[0] for fact in self.facts()], began)
        self.assertLessEqual(len(began), GATE + 2, "no unit begins after the signal")
        self.assertEqual(self.attributes()["pending"], UNITS - len(began))
        self.assertEqual(self.attributes()["exit_code"], 75)
        self.assertEqual(self.processes(), {})
        self.expect_rest("-n", "3", done=began)
        self.assertEqual(len(self.ran()), UNITS, "nothing ran twice")

    def expect_good_order(self, number):
        run = self.start_some()
        run.process.send_signal(number)
        self.expect_stop(run)

    def test_term(self):
        self.expect_good_order(signal.SIGTERM)

    def test_interrupt(self):
        self.expect_good_order(signal.SIGINT)

    def test_usr1(self):
        self.expect_good_order(signal.SIGUSR1)

    def test_hangup(self):
        self.expect_good_order(signal.SIGHUP)

    def test_usr1_to_mpirun_by_hand(self):
        run = self.start_some([MPIRUN, "-n", "3"])
        run.process.send_signal(signal.SIGUSR1)
        self.expect_stop(run)

    def test_interrupt_to_mpirun_by_hand(self):
        # Open MPI leaves less than a second: what is done is committed, what runs is not waited for.
        run = self.start_some([MPIRUN, "-n", "3"])
        run.process.send_signal(signal.SIGINT)
        self.assertNotEqual(run.wait().code, 0)
        self.expect_nobody()
        done = self.committed()
        self.assertEqual(done, set(range(GATE)))
        self.expect_rest(done=done)


class Grace(KilnCase):
    def start_long(self, task, *options):
        self.write_tasks([task, "echo short"])
        run = self.start("run", "-n", "2", "--checkpoint-every", "100ms", *options, "tasks.txt")
        self.wait_for(lambda: (self.folder / "up").exists() and self.committed() == {1} or run.ended(),
                      "the long unit runs, the short one is committed")
        self.assertFalse(run.ended(), run.said())
        return run

    def test_a_unit_that_does_not_end_in_time_is_ended_and_runs_again(self):
        run = self.start_long("test -e go || { touch up; sleep 1000; }; echo long", "--grace", "300ms")
        run.process.send_signal(signal.SIGTERM)
        self.assertEqual(run.wait().code, 75)
        self.assertEqual(self.processes(), {})
        self.assertEqual(self.table()["id"], [1])
        (self.folder / "go").touch()
        self.expect(0, "run", "tasks.txt")
        self.assertEqual(self.table()["id"], [0, 1])
        self.assertEqual(self.table()["status"], ["ok", "ok"])
        # What was cut short by the stop is not charged.
        self.assertEqual(self.table()["attempts"], [1, 1])

    def test_the_task_signal_arrives(self):
        run = self.start_long("trap 'echo told; exit 0' USR2; touch up; while :; do sleep 0.02; done",
                              "--task-signal", "USR2", "--grace", "60s")
        run.process.send_signal(signal.SIGTERM)
        result = run.wait()
        # Every unit came to its end: the run is complete although it was stopped.
        self.assertIn(result.code, (0, 75), result.err)
        self.assertEqual(self.table()["status"], ["ok", "ok"])
        self.assertEqual(self.table(group="output")["stdout"], ["told\n", "short\n"])
        self.expect(0, "run", "tasks.txt")

    def test_no_signal_arrives_unasked(self):
        run = self.start_long("trap 'echo told' USR1 USR2 INT TERM; touch up; until test -e go; do sleep 0.02; done",
                              "--grace", "60s")
        run.process.send_signal(signal.SIGINT)
        self.wait_for(lambda: "stopping" in run.said(), "the launcher says that it stops")
        self.assertFalse(run.ended())
        (self.folder / "go").touch()
        self.assertIn(run.wait().code, (0, 75))
        self.assertEqual(self.table(group="output")["stdout"], ["", "short\n"])

    def test_a_second_signal_ends_at_once(self):
        run = self.start_long("touch up; trap '' TERM INT; sleep 1000", "--grace", "1h")
        run.process.send_signal(signal.SIGINT)
        self.wait_for(lambda: "stopping" in run.said(), "the launcher says that it stops")
        self.assertFalse(run.ended())
        run.process.send_signal(signal.SIGINT)
        self.assertEqual(run.wait().code, 75)
        self.assertEqual(self.processes(), {})
        self.assertEqual(self.table(group="output")["stdout"], ["short\n"])

    def start_and_stop_all(self, *, mpirun_too=False):
        """Every rank and helper of a run stands still: none of them hears of a wish to stop."""
        run = self.start_long("test -e go || { touch up; sleep 1000; }; echo long", "--grace", "300ms")
        others = {run.pid} if mpirun_too else {run.pid, *self.mpiruns()}
        ours = [pid for pid in self.processes("kiln run") if pid not in others]
        self.assertGreaterEqual(len(ours), 3)
        for pid in ours:
            os.kill(pid, signal.SIGSTOP)
        return run

    def expect_end_of_stopped(self, run, seconds):
        result = run.wait(seconds)
        self.assertEqual(result.code, 75, result.err)
        self.assertIn("run the same command again", result.err)
        self.expect_nobody()
        (self.folder / "go").touch()
        self.expect(0, "run", "tasks.txt")
        self.assertEqual(self.table()["status"], ["ok", "ok"])
        return result

    def test_ranks_that_never_stop_are_killed(self):
        run = self.start_and_stop_all()
        run.process.send_signal(signal.SIGTERM)
        result = self.expect_end_of_stopped(run, 90)
        self.assertRegex(result.err, r"the ranks had not ended 6\d\.\d s after they were told to stop, and were killed; 1 of 2")

    def test_a_second_signal_ends_what_is_stopped_at_once(self):
        run = self.start_and_stop_all(mpirun_too=True)
        run.process.send_signal(signal.SIGTERM)
        self.wait_for(lambda: "stopping" in run.said(), "the launcher says that it stops")
        run.process.send_signal(signal.SIGTERM)
        self.expect_end_of_stopped(run, 40)

    def test_a_signal_before_the_ranks_are_there(self):
        self.marking_tasks(5)
        run = self.start("run", "-n", "2", "tasks.txt")
        self.wait_for(lambda: self.mpiruns() or run.ended(), "mpirun is there")
        run.process.send_signal(signal.SIGTERM)
        self.assertIn(run.wait().code, (0, 75))
        self.expect(0, "run", "tasks.txt")
        self.assertEqual(self.facts(), self.marking_facts(5))


if __name__ == "__main__":
    unittest.main()
