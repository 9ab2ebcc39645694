#!/usr/bin/python3
"""Ranks of a run of commands are killed and stopped: the run goes on, and its results are those of an undisturbed one."""

import json
import os
import signal
import unittest

from kiln_case import KILN
from recovery_case import RecoveryCase

UNITS = 60
# Ends the rank itself: a command's parent is the rank's helper.
KILLS_ITS_RANK = "kill -KILL $(sed -n 's/^PPid:[[:space:]]*//p' /proc/$PPID/status); sleep 100"


class Recovery(RecoveryCase):
    def begin(self, ranks, *options, heartbeat="1s"):
        return self.start(words=self.surviving(ranks, KILN, "run", "--heartbeat", heartbeat, *options, "tasks.txt"))

    def expect_all(self, gate=None):
        self.assertEqual(self.facts(), self.marking_facts(UNITS, gate))

    def deaths(self):
        return self.wait_for(lambda: self.happened("rank_died"), "a death is noted")

    # ---- killed ----

    def test_a_worker_is_killed_in_the_middle(self):
        self.marking_tasks(UNITS, gate=20)
        running = self.begin(4)
        self.wait_for(lambda: len(self.ran()) > 20, "units run")
        pid = self.rank_pids()[2]
        self.kill(pid)
        death = self.deaths()[0]
        self.assertEqual((death["rank"], death["pid"], death["process_ended"]), (2, pid, True))
        self.wait_for(lambda: self.status().get("lost_ranks") == 1, "the status counts it")
        self.assertIn("1 rank, dead or silent", self.expect(0, "status", "tasks.kiln").out)
        self.open_gate()
        err = self.ends(running).err
        self.assertIn(f"rank 2 (pid {pid} on ", err)
        self.assertNotIn("MPI_Finalize", err)
        self.expect_all(20)

    def test_a_worker_is_killed_as_the_run_begins(self):
        self.marking_tasks(UNITS)
        running = self.begin(4)
        self.wait_for(lambda: (self.run_directory / "status.json").exists(), "the run has begun")
        self.kill(self.rank_pids().get(3, 0) or self.fail("no rank 3"))
        self.ends(running)
        self.expect_all()

    def test_two_of_three_workers_are_killed(self):
        self.marking_tasks(UNITS, gate=10)
        running = self.begin(4)
        pids = self.wait_for_ranks(3)
        for rank in (1, 3):
            self.kill(pids[rank])
        self.wait_for(lambda: len(self.happened("rank_died")) == 2, "both deaths are noted")
        self.open_gate()
        self.ends(running)
        self.expect_all(10)

    def test_rank_0_works_where_no_worker_lives(self):
        self.marking_tasks(UNITS, gate=10)
        running = self.begin(3)
        pids = self.wait_for_ranks(2)
        for rank in (1, 2):
            self.kill(pids[rank])
        self.wait_for(lambda: len(self.happened("rank_died")) == 2, "both deaths are noted")
        self.open_gate()
        self.ends(running)
        self.expect_all(10)
        self.assertIn(0, self.table()["rank"])

    def test_two_workers_are_killed_with_the_same_command(self):
        """Whoever kills them from outside does not make it guilty."""
        self.marking_tasks(UNITS, gate=UNITS - 1)
        running = self.begin(4)
        self.wait_for_ranks(3)
        for deaths in (1, 2):
            def holder():
                status = self.status()
                busy = [one["rank"] for one in status["ranks"] if one["running"]]
                return busy if status["totals"]["done"] == UNITS - 1 and len(busy) == 1 else None
            rank = self.wait_for(holder, "one command is left")[0]
            self.kill(self.rank_pids()[rank])
            self.wait_for(lambda: len(self.happened("rank_died")) == deaths, "the death is noted")
            self.wait_for(lambda: holder() not in (None, [rank]), "another has it")
        self.open_gate()
        self.ends(running)
        self.assertEqual(json.loads((self.run_directory / "outcome.json").read_text())["exit_code"], 0)
        self.expect_all(UNITS - 1)

    def test_nobody_watches_without_a_heartbeat(self):
        self.marking_tasks(UNITS)
        self.ends(self.begin(3, heartbeat="0"))
        self.expect_all()
        self.assertEqual(self.happened("rank_died"), [])

    # ---- units that end their rank ----

    def test_a_command_that_kills_its_rank_is_found(self):
        self.write_tasks([f"echo {i}" if i != 5 else KILLS_ITS_RANK for i in range(20)])
        self.ends(self.begin(6))
        self.assertEqual(json.loads((self.run_directory / "outcome.json").read_text())["exit_code"], 1)
        status = self.table()["status"]
        self.assertEqual([unit for unit, word in enumerate(status) if word != "ok"], [5])
        dead = self.happened("dead_letter")
        self.assertEqual([one["unit"] for one in dead], [5])
        # What was lost with its rank is found where every dead letter is.
        row = json.loads(self.expect(0, "results", "--failed", "--json", "tasks.kiln").out)
        self.assertEqual((row["unit"], row["line"], row["command"], row["reason"]),
                         (5, 6, KILLS_ITS_RANK, dead[0]["reason"]))
        self.assertEqual(json.loads(self.expect(0, "results", "--unit", "5", "--json", "tasks.kiln").out), row)
        self.assertEqual(self.table()["command"][5], KILLS_ITS_RANK)
        self.assertEqual(self.table(group="dead_letters")["reason"], [row["reason"]])
        self.assertIn("nothing was kept", self.expect(3, "results", "--unit", "5", "--stdout", "tasks.kiln").err)
        self.assertRegex(dead[0]["reason"],
                         "the processes of ranks [0-9], [0-9], [0-9] and [0-9] died or fell silent while they ran nothing but this unit")
        # Four times with nothing but this command, as nobody can tell who killed them, and maybe once with others beside it.
        self.assertIn(len(self.happened("rank_died")), (4, 5))

    # ---- stopped ----

    def test_a_worker_that_is_stopped_and_wakes_begins_anew(self):
        self.marking_tasks(UNITS, gate=10)
        running = self.begin(3, heartbeat="500ms")
        pid = self.wait_for_ranks(2)[2]
        self.wait_for(lambda: len(self.ran()) > 10, "units run")
        os.kill(pid, signal.SIGSTOP)
        self.assertFalse(self.deaths()[0]["process_ended"])
        os.kill(pid, signal.SIGCONT)
        self.wait_for(lambda: self.happened("rank_returned"), "it is back")
        self.wait_for(lambda: any(one["rank"] == 2 and one["running"] for one in self.status()["ranks"]), "it works again")
        self.open_gate()
        self.ends(running)
        self.expect_all(10)

    def test_a_pause_of_all_ranks_kills_nobody(self):
        self.marking_tasks(UNITS, gate=10)
        running = self.begin(4, heartbeat="500ms")
        pids = self.wait_for_ranks(3)
        for pid in pids.values():
            os.kill(pid, signal.SIGSTOP)
        stopped = self.status()["updated"]
        # The deadline has passed when the clock of this test has; nothing of the run can tell.
        self.wait_for(lambda: self.now() > stopped + 2.5, "the pause is long")
        for pid in pids.values():
            os.kill(pid, signal.SIGCONT)
        self.wait_for(lambda: self.status()["updated"] > stopped + 2.5, "the run goes on")
        self.open_gate()
        self.ends(running)
        self.expect_all(10)
        self.assertEqual(self.happened("rank_died"), [])


if __name__ == "__main__":
    unittest.main()
