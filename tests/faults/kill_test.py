#!/usr/bin/python3
"""SIGKILL of any process of a run: nothing survives it, nothing committed is lost, the next run comes to the same.

Nobody is declared dead here and nothing is started again; recovery_test.py and restart_test.py have that."""

import os
import pathlib
import signal
import unittest

from kiln_case import KilnCase

UNITS = 50
GATE = 20  # units from here on wait for the gate, which opens for the next run


class Killed(KilnCase):
    def start_some(self):
        self.marking_tasks(UNITS, gate=GATE)
        self.run_ = self.start("run", "-n", "2", "--restarts", "0", "--heartbeat", "0", "--checkpoint-every",
                               "100ms", "tasks.txt")
        self.running_status()
        self.wait_for(lambda: len(self.committed()) >= GATE or self.run_.ended(), "what does not wait is committed")
        self.assertFalse(self.run_.ended(), self.run_.said())
        return self.run_

    def rank_pid(self, rank):
        def known():
            status = self.status()
            return status["pid"] if rank == 0 else {one["rank"]: one["pid"] for one in status["ranks"]}.get(rank)
        self.wait_for(known, "the rank has said its process id")  # 0 until then
        return known()

    def kill(self, pid):
        self.assertIn(pid, self.processes(), "only what this test has started is killed")
        os.kill(pid, signal.SIGKILL)

    def mpirun_pid(self):
        return min(self.mpiruns())

    def expect_recovery(self, pid, has_launcher, workers="3"):
        self.kill(pid)
        result = self.run_.wait()
        self.assertEqual(result.code, 75 if has_launcher else -signal.SIGKILL, result.err)
        if has_launcher:
            self.assertIn("run the same command again", result.err)
        self.expect_nobody()
        committed = self.committed()
        self.assertEqual(committed, set(range(GATE)))
        before = len(self.ran())
        self.open_gate()
        again = self.expect(0, "run", "-n", workers, "tasks.txt")
        self.assertIn(f"going on: {GATE} of {UNITS} units were done earlier", again.err)
        self.assertEqual(sorted(self.ran()[before:]), list(range(GATE, UNITS)))
        self.assertEqual(self.facts(), self.marking_facts(UNITS, gate=GATE))
        self.assertEqual(set(self.table()["attempts"]), {1}, "units lost with their rank are not charged")
        return result

    def test_the_launcher(self):
        run = self.start_some()
        self.expect_recovery(run.pid, has_launcher=False)

    def test_mpirun(self):
        self.start_some()
        self.expect_recovery(self.mpirun_pid(), has_launcher=True, workers="1")

    def test_a_worker(self):
        self.start_some()
        result = self.expect_recovery(self.rank_pid(2), has_launcher=True)
        self.assertIn("rank 2", result.err)
        self.assertNotIn("--------", result.err)

    def test_rank_0(self):
        self.start_some()
        result = self.expect_recovery(self.rank_pid(0), has_launcher=True, workers="4")
        self.assertIn("rank 0", result.err)

    def test_the_helper_of_a_worker(self):
        # The process that starts a rank's commands: without it the rank can do nothing more.
        self.start_some()
        worker = self.rank_pid(1)
        helper, = pathlib.Path(f"/proc/{worker}/task/{worker}/children").read_text().split()
        self.kill(int(helper))
        result = self.run_.wait()
        self.assertNotEqual(result.code, 0, result.err)
        self.expect_nobody()
        self.open_gate()
        self.expect(0, "run", "tasks.txt")
        self.assertEqual(self.facts(), self.marking_facts(UNITS, gate=GATE))

    def victim_pid(self, victim):
        return self.run_.pid if victim == "launcher" else \
            self.mpirun_pid() if victim == "mpirun" else self.rank_pid(victim)

    def test_again_and_again(self):
        # Each launch is killed somewhere else, and gets ten units further; together they come to the end.
        victims = [0, 1, "mpirun", "launcher"]
        self.write_tasks(f"until test -e go{i // 10}; do sleep 0.02; done; echo {i}" for i in range(50))
        launch = None
        for step, victim in enumerate(victims):
            (self.folder / f"go{step}").touch()
            self.run_ = self.start("run", "-n", "2", "--restarts", "0", "--heartbeat", "0", "--checkpoint-every",
                                   "100ms", "tasks.txt")
            launch = self.running_status(launch)["launch_id"]
            self.wait_for(lambda: len(self.committed()) >= 10 * (step + 1) or self.run_.ended(), "ten more are committed")
            self.assertFalse(self.run_.ended(), self.run_.said())
            self.kill(self.victim_pid(victim))
            self.run_.wait()
            self.expect_nobody()
        (self.folder / "go4").touch()
        self.expect(0, "run", "tasks.txt")
        self.assertEqual([(fact[0], fact[3], fact[6]) for fact in self.facts()], [(i, "ok", f"{i}\n") for i in range(50)])
        self.assertEqual(self.attributes()["launches"], len(victims) + 1)

    def test_units_do_not_survive_their_rank(self):
        # A group of its own, a session of its own, signals ignored: none outlives the rank.
        self.write_tasks(["trap '' TERM HUP INT; setsid sleep 1001 & sleep 1002 & touch up0; sleep 1003",
                          "setsid -w bash -c 'trap \"\" TERM; setsid sleep 1004 & touch up1; sleep 1005'"])
        for victim in ("launcher", "mpirun", 1):
            with self.subTest(victim=victim):
                for name in ("up0", "up1"):
                    (self.folder / name).unlink(missing_ok=True)
                last = self.status().get("launch_id")
                self.run_ = self.start("run", "-n", "2", "--restarts", "0", "--heartbeat", "0", "tasks.txt")
                self.running_status(last)
                self.wait_for(lambda: (self.folder / "up0").exists() and (self.folder / "up1").exists(), "both run")
                self.assertGreaterEqual(len(self.processes("sleep 100")), 5)
                self.kill(self.victim_pid(victim))
                self.run_.wait()
                self.expect_nobody()


if __name__ == "__main__":
    unittest.main()
