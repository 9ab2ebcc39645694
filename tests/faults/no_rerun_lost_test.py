#!/usr/bin/python3
"""--no-rerun-lost: whoever is killed or stopped, no command is started a second time, and each one has a result or is a
dead letter that says that it may have run. Commands note their number in a file as they start."""

import json
import os
import signal
import unittest

from kiln_case import KILN
from recovery_case import RecoveryCase

UNITS = 40
GATE = 20  # units from here on wait for the gate
LOST = "it may have run; --no-rerun-lost"


class NoRerunLost(RecoveryCase):
    def tasks(self, gate=GATE):
        self.marking_tasks(UNITS, gate=gate)

    def begin(self, ranks, *options, heartbeat="1s"):
        self.tasks()
        return self.start(words=self.surviving(ranks, KILN, "run", "--no-rerun-lost", "--heartbeat", heartbeat,
                                               "--checkpoint-every", "100ms", *options, "tasks.txt"))

    def wait_for_gate(self, workers):
        """Until each of so many workers runs a unit that waits for the gate."""
        self.wait_for(lambda: len([one for one in self.ran() if one >= GATE]) >= workers, "the workers are at the gate")

    def lost(self):
        """The units that are dead letters, with their reasons."""
        rows = self.expect(0, "results", "--failed", "--json", "tasks.kiln").out.splitlines()
        return {row["unit"]: row["reason"] for row in map(json.loads, rows)}

    def expect_once(self):
        """No number twice; each one is done or lost, and of what was lost nothing else is said."""
        ran, lost = self.ran(), self.lost()
        self.assertEqual(sorted(ran), sorted(set(ran)), "a command was started twice")
        units = self.table()
        done = {unit for unit, status in zip(units["id"], units["status"]) if status == "ok"}
        self.assertEqual(done | set(lost), set(range(UNITS)))
        self.assertEqual(done & set(lost), set())
        self.assertLessEqual(done, set(ran))
        for reason in lost.values():
            self.assertIn(LOST, reason)
        return lost

    def expect_exit(self, code):
        """What the run said of itself: under mpirun by hand its exit code is not that of the ranks."""
        self.assertEqual(json.loads((self.run_directory / "outcome.json").read_text())["exit_code"], code)

    def retry(self):
        """By hand the lost ones run again, and nothing else."""
        lost = set(self.lost())
        self.forget_ran()
        self.expect(0, "retry", "-n", "2", "tasks.kiln")
        self.assertEqual(set(self.ran()), lost)
        self.assertEqual(self.facts(), self.marking_facts(UNITS, GATE))

    # ---- a rank ----

    def check_worker_killed(self, ranks):
        running = self.begin(ranks)
        self.wait_for_gate(ranks - 1)
        self.kill(self.rank_pids()[1])
        self.wait_for(lambda: self.happened("rank_died"), "the death is noted")
        self.open_gate()
        running.wait()
        self.expect_exit(1)
        lost = self.expect_once()
        self.assertEqual(len(lost), 1, "a worker has one unit in hand")
        self.assertRegex(list(lost.values())[0], r"^lost with rank 1 \(.+\): it may have run")
        self.retry()

    def test_a_worker_of_2_ranks_is_killed(self):
        self.check_worker_killed(2)

    def test_a_worker_of_3_ranks_is_killed(self):
        self.check_worker_killed(3)

    def test_a_worker_of_4_ranks_is_killed(self):
        self.check_worker_killed(4)

    def check_rank_0_killed(self, ranks):
        running = self.begin(ranks)
        self.wait_for_gate(ranks - 1)
        before = set(self.ran())
        self.kill(self.rank_pids()[0])
        self.wait_for(lambda: self.happened("takeover"), "it is noted")
        self.open_gate()
        err = running.wait().err
        lost = self.expect_once()
        if not self.happened("rank_died") and not self.happened("rank_returned"):  # of a very busy machine
            self.assertEqual(set(lost) & before, set(), f"what living ranks had or had reported counts: {err}")
        self.expect_exit(1 if lost else 0)

    def test_rank_0_of_2_is_killed(self):
        self.check_rank_0_killed(2)

    def test_rank_0_of_3_is_killed(self):
        self.check_rank_0_killed(3)

    def test_rank_0_of_4_is_killed(self):
        self.check_rank_0_killed(4)

    def test_rank_0_is_killed_as_units_end(self):
        self.tasks(gate=None)
        running = self.start(words=self.surviving(4, KILN, "run", "--no-rerun-lost", "--heartbeat", "1s", "tasks.txt"))
        self.wait_for(lambda: len(self.ran()) > 3, "units run")
        self.kill(self.rank_pids().get(0, 0) or self.fail("it has ended"))
        running.wait()
        self.expect_once()

    def test_a_worker_is_stopped_and_wakes(self):
        running = self.begin(3, heartbeat="500ms")
        self.wait_for_gate(2)
        pid = self.rank_pids()[2]
        os.kill(pid, signal.SIGSTOP)
        self.wait_for(lambda: self.happened("rank_died"), "it is declared dead")
        os.kill(pid, signal.SIGCONT)
        self.wait_for(lambda: self.happened("rank_returned"), "it is back")
        self.open_gate()
        running.wait()
        self.expect_exit(1)
        self.assertEqual(len(self.expect_once()), 1)
        self.retry()

    # ---- the whole job ----

    def start_launched(self, workers, *options):
        self.tasks()
        running = self.start("run", "-n", workers, "--no-rerun-lost", "--checkpoint-every", "100ms", *options,
                             "tasks.txt")
        launch = self.running_status()["launch_id"]
        self.wait_for_gate(workers)
        self.wait_for(lambda: len(self.committed()) >= GATE, "what is done is committed")
        return running, launch

    def check_restart(self, workers):
        running, launch = self.start_launched(workers)
        self.kill(min(self.mpiruns()))
        self.running_status(launch)
        self.open_gate()
        self.assertEqual(running.wait().code, 1)
        lost = self.expect_once()
        self.assertGreaterEqual(len(lost), workers)
        self.assertLess(len(lost), UNITS - GATE, "what was not given runs")
        self.retry()

    def test_mpirun_is_killed_with_1_worker_and_the_launcher_starts_again(self):
        self.check_restart(1)

    def test_mpirun_is_killed_with_2_workers_and_the_launcher_starts_again(self):
        self.check_restart(2)

    def test_mpirun_is_killed_with_3_workers_and_the_launcher_starts_again(self):
        self.check_restart(3)

    def test_all_is_killed_and_begun_again_by_hand(self):
        running, _ = self.start_launched(2, "--restarts", "0")
        for pid in self.processes():
            self.kill(pid)
        running.wait()
        self.expect_nobody()
        self.open_gate()
        again = self.expect(1, "run", "-n", "2", "tasks.txt")  # the promise is kept by whoever goes on
        self.assertIn("retry", again.err)
        lost = self.expect_once()
        self.assertGreaterEqual(len(lost), 2)
        self.retry()

    def test_again_and_again(self):
        self.write_tasks(f"echo {i} >> ran; sleep 0.05; echo out {i}; echo err {i} >&2" for i in range(UNITS))
        for units in (5, 12, 20):
            running = self.start("run", "-n", "3", "--no-rerun-lost", "--restarts", "0", "--takeover", "tasks.txt")
            self.wait_for(lambda: len(self.ran()) >= units, f"{units} units have begun")
            for pid in self.processes():
                self.kill(pid)
            running.wait()
            self.expect_nobody()
        self.expect(1, "run", "-n", "3", "--no-rerun-lost", "--takeover", "tasks.txt")
        self.expect_once()

    # ---- stopped in order ----

    def test_what_a_stop_ends_is_a_dead_letter_and_the_rest_runs_later(self):
        running, _ = self.start_launched(2, "--grace", "100ms")
        os.kill(running.pid, signal.SIGINT)
        self.assertEqual(running.wait().code, 75)
        ended = self.lost()
        self.assertEqual(len(ended), 2)
        self.assertIn(f"it was ended as the run was stopped: {LOST}", set(ended.values()))
        self.open_gate()
        self.expect(1, "run", "-n", "2", "--no-rerun-lost", "tasks.txt")
        self.assertEqual(self.expect_once(), ended, "nothing else is lost")

    def test_a_failed_try_is_an_answer(self):
        self.write_tasks(["echo 0 >> ran; test $(wc -l < ran) -ge 3", "true"])
        self.expect(0, "run", "-n", "1", "--no-rerun-lost", "--retries", "5", "--backoff", "0", "tasks.txt")
        self.assertEqual(self.ran(), [0, 0, 0])


if __name__ == "__main__":
    unittest.main()
