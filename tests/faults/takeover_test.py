#!/usr/bin/python3
"""Rank 0 of a run of commands is killed or stopped: another rank takes over, and the results are those of an undisturbed
run. Commands that run on living ranks go on; none of them is started twice."""

import json
import os
import signal
import unittest

from kiln_case import END, KILN
from recovery_case import RecoveryCase

UNITS = 60

PATIENT = "10s"  # a heartbeat with which nobody is taken for dead because the machine is busy


class Takeover(RecoveryCase):
    def begin(self, ranks, *options, heartbeat="1s"):
        return self.start(words=self.surviving(ranks, KILN, "run", "--heartbeat", heartbeat, *options, "tasks.txt"))

    def takeovers(self, count=1):
        return self.wait_for(lambda: len(self.happened("takeover")) >= count and self.happened("takeover"), "it is noted")

    def expect_all(self, gate=None):
        self.assertEqual(self.facts(), self.marking_facts(UNITS, gate))
        self.assertEqual(self.outcome()["exit_code"], 0)
        self.expect_nobody()
        left = [path.name for path in self.run_directory.iterdir() if path.name.startswith(".kiln-tmp")]
        self.assertEqual(left, [])

    def outcome(self):
        return json.loads((self.run_directory / "outcome.json").read_text())

    def expect_once(self):
        self.assertEqual(sorted(self.ran()), list(range(UNITS)), "each command was started once")

    # ---- killed ----

    def test_in_the_middle(self):
        self.marking_tasks(UNITS, gate=20)
        running = self.begin(4, "--checkpoint-every", "100ms", heartbeat=PATIENT)
        pids = self.wait_for_ranks(3)
        self.wait_for(lambda: len(self.ran()) > 20, "units run")
        self.kill(pids[0])
        said = self.takeovers()[0]
        self.assertEqual((said["rank"], said["pid"], said["why"]), (0, pids[0], "died"))
        self.assertIn(said["by"], (1, 2, 3))  # rank 1, but on a very busy machine
        self.open_gate()
        self.assertIn(f"kiln: rank 0 (pid {pids[0]} on ", (ended := self.ends(running)).err)
        self.assertIn(f"rank {said['by']} has taken over", ended.err)
        self.expect_all(20)
        self.expect_once()

    def test_what_was_done_before_the_launch_is_counted_as_that(self):
        self.marking_tasks(5, gate=20)
        self.expect(0, "run", "-n", "2", "tasks.txt")
        self.marking_tasks(UNITS, gate=20)
        running = self.begin(4, "--checkpoint-every", "100ms", heartbeat=PATIENT)
        pids = self.wait_for_ranks(3)
        self.wait_for(lambda: len(self.committed()) >= 20, "units of this launch are committed")
        self.kill(pids[0])
        self.takeovers()
        self.wait_for(lambda: self.status()["epoch"] > 2 and self.status()["totals"]["units"], "the new one says its state")
        self.assertEqual(self.status()["done_before"], 5)
        self.open_gate()
        self.assertRegex(self.ends(running).err, f"{UNITS} units: {UNITS} done in .+, 5 of them earlier")
        self.expect_all(20)

    def test_as_units_begin(self):
        self.marking_tasks(UNITS)
        running = self.begin(4)
        self.wait_for(lambda: (self.run_directory / "status.json").exists(), "the run has begun")
        self.kill(self.rank_pids()[0])
        self.ends(running)
        self.expect_all()

    def test_with_one_other_rank(self):
        self.marking_tasks(UNITS, gate=20)
        running = self.begin(2, heartbeat=PATIENT)
        pids = self.wait_for_ranks(1)
        self.wait_for(lambda: len(self.ran()) > 20, "units run")
        self.kill(pids[0])
        self.takeovers()
        self.open_gate()
        self.ends(running)
        self.expect_all(20)
        self.expect_once()

    def test_twice(self):
        self.marking_tasks(UNITS, gate=20)
        running = self.begin(4, "--checkpoint-every", "100ms")
        pids = self.wait_for_ranks(3)
        self.wait_for(lambda: len(self.ran()) > 20, "units run")
        self.kill(pids[0])
        first = self.takeovers()[0]["by"]  # mostly rank 1; on a busy machine one that comes later
        self.kill(pids[first])
        self.assertNotIn(self.takeovers(2)[1]["by"], (0, first))
        self.open_gate()
        self.ends(running)
        self.expect_all(20)

    def test_both_at_once(self):
        self.marking_tasks(UNITS, gate=20)
        running = self.begin(4, "--checkpoint-every", "100ms")
        pids = self.wait_for_ranks(3)
        self.wait_for(lambda: len(self.ran()) > 20, "units run")
        self.kill(pids[0])
        self.kill(pids[1])
        self.assertIn(self.takeovers()[-1]["by"], (2, 3))
        self.open_gate()
        said = self.ends(running).err
        # In the line of rank 0, or in one of its own where rank 1 was still taken to live.
        self.assertRegex(said, "and rank 1 is lost with it; rank [23] has taken over|rank 1 \\(pid|rank 1 .*has taken over")
        self.expect_all(20)

    def test_after_commits(self):
        self.marking_tasks(UNITS, gate=40)
        running = self.begin(3, "--checkpoint-every", "50ms", "--batch", "1", heartbeat=PATIENT)
        pids = self.wait_for_ranks(2)
        self.wait_for(lambda: len(self.committed()) > 10, "units are committed")
        self.kill(pids[0])
        self.takeovers()
        self.open_gate()
        self.ends(running)
        self.expect_all(40)
        self.expect_once()

    def test_after_its_end_entry(self):
        self.marking_tasks(UNITS)
        running = self.begin(3, "--checkpoint-every", "50ms", "--batch", "1", heartbeat=PATIENT)
        pids = self.wait_for_ranks(2)
        self.wait_for(lambda: any(self.entry_type(path) == END for path in self.entries().values()), "the end is written")
        self.kill(pids[0])
        running.wait()
        self.expect_nobody()
        self.assertEqual(self.facts(), self.marking_facts(UNITS))
        self.assertEqual(self.happened("takeover"), [])

    # ---- through the launcher ----

    def launch(self, *options):
        self.marking_tasks(UNITS, gate=30)
        running = self.start("run", "-n", "3", "--restarts", "0", "--heartbeat", "1s", "--checkpoint-every", "100ms",
                             "--batch", "1", *options, "tasks.txt")
        pids = self.wait_for_ranks(3)
        self.wait_for(lambda: len(self.committed()) > 5, "units are committed")
        self.kill(pids[0])
        self.takeovers()
        self.open_gate()
        result = self.ends(running)
        self.expect_all(30)
        self.expect_once()
        return result

    def test_the_launcher_hears_of_the_end(self):
        result = self.launch("--on-finish", "echo code $KILN_EXIT_CODE >> finished")
        self.assertNotIn("starting again", result.err)
        self.assertEqual((self.folder / "finished").read_text().count("\n"), 1)

    def test_print_ordered(self):
        result = self.launch("--print", "ordered")
        self.assertEqual(result.out, "".join(f"out {i}\n" for i in range(UNITS)))

    def test_print_grouped(self):
        result = self.launch("--print", "grouped")
        self.assertEqual(sorted(set(result.out.splitlines())), sorted(f"out {i}" for i in range(UNITS)))

    # ---- retries, dead letters ----

    def test_retries_and_dead_letters(self):
        self.write_tasks([f"echo {i} >> ran; while test {i} -ge 20 -a ! -e go; do sleep 0.02; done; exit {int(i % 7 == 0)}"
                          for i in range(30)])
        running = self.begin(4, "--retries", "1", "--backoff", "10ms", "--batch", "1")
        pids = self.wait_for_ranks(3)
        self.wait_for(lambda: self.happened("retry"), "a unit has failed")
        self.kill(pids[0])
        self.takeovers()
        self.open_gate()
        running.wait()
        self.expect_nobody()
        self.assertEqual(self.outcome()["exit_code"], 1)
        status = self.table()["status"]
        self.assertEqual([unit for unit, word in enumerate(status) if word != "ok"], [0, 7, 14, 21, 28])

    # ---- stopped ----

    def test_one_that_wakes_leaves(self):
        self.marking_tasks(UNITS, gate=20)
        running = self.begin(4, "--checkpoint-every", "100ms", heartbeat="500ms")
        pids = self.wait_for_ranks(3)
        self.wait_for(lambda: len(self.ran()) > 20, "units run")
        os.kill(pids[0], signal.SIGSTOP)
        said = self.takeovers()[0]
        self.assertRegex(said["why"], "no sign of life")
        os.kill(pids[0], signal.SIGCONT)
        self.wait_for(lambda: pids[0] not in self.processes(), "the deposed one leaves")
        self.assertEqual(self.status()["pid"], pids[1])
        self.open_gate()
        self.assertIn("writes nothing more", self.ends(running).err)
        self.expect_all(20)
        self.expect_once()
        self.assertEqual(len(self.happened("takeover")), 1)

    def test_the_next_one_is_silent_as_well(self):
        """Who takes over has waited for it already, and does not once more."""
        self.marking_tasks(UNITS, gate=20)
        running = self.begin(4, "--checkpoint-every", "100ms", heartbeat="500ms")
        pids = self.wait_for_ranks(3)
        self.wait_for(lambda: len(self.ran()) > 20, "units run")
        os.kill(pids[1], signal.SIGSTOP)
        os.kill(pids[0], signal.SIGSTOP)
        said = self.takeovers()[0]
        self.assertEqual(said["lost"], [1])
        os.kill(pids[1], signal.SIGCONT)
        self.wait_for(lambda: [1] == [one["rank"] for one in self.happened("rank_returned")], "it is taken up again")
        os.kill(pids[0], signal.SIGCONT)
        self.open_gate()
        self.ends(running)
        self.expect_all(20)
        self.assertEqual(len(self.happened("takeover")), 1)

    def test_one_that_wakes_behind_the_end_says_nothing_of_others(self):
        """They have left in good order, and are not dead."""
        self.marking_tasks(UNITS, gate=20)
        running = self.begin(3, "--checkpoint-every", "100ms", heartbeat="500ms")
        pids = self.wait_for_ranks(2)
        self.wait_for(lambda: len(self.ran()) > 20, "units run")
        os.kill(pids[0], signal.SIGSTOP)
        self.takeovers()
        self.open_gate()
        others = set(pids.values()) - {pids[0]}
        self.wait_for(lambda: not others & set(self.processes()), "the others have ended the run, and left")
        os.kill(pids[0], signal.SIGCONT)
        behind = self.ends(running).err.partition(f"{UNITS} units: {UNITS} done")[2]
        self.assertTrue(behind, "the summary stands there")
        self.assertNotIn("died", behind)
        self.assertNotIn("again", behind)
        self.assertIn("writes nothing more", behind)
        self.expect_all(20)

    def test_a_pause_of_all_changes_nothing(self):
        self.marking_tasks(UNITS, gate=20)
        running = self.begin(4, heartbeat="500ms")
        pids = self.wait_for_ranks(3)
        for pid in pids.values():
            os.kill(pid, signal.SIGSTOP)
        stopped = self.status()["updated"]
        self.wait_for(lambda: self.now() > stopped + 2.5, "the pause is long")
        for pid in pids.values():
            os.kill(pid, signal.SIGCONT)
        self.wait_for(lambda: self.status()["updated"] > stopped + 2.5, "the run goes on")
        self.open_gate()
        self.ends(running)
        self.expect_all(20)
        self.assertEqual(self.happened("takeover"), [])


if __name__ == "__main__":
    unittest.main()
