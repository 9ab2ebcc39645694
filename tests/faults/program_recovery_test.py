#!/usr/bin/python3
"""Ranks of a program are killed: it goes on, and gives the same bits as an undisturbed run."""

import json
import os
import pathlib
import shutil
import signal
import unittest

from kiln_case import SHIMS
from recovery_case import RecoveryCase

LAB = pathlib.Path(os.environ["KILN"]).parent.parent / "programs" / "lab"
WIDE = LAB.with_name("wide")


class ProgramRecovery(RecoveryCase):
    def setUp(self):
        super().setUp()
        self.run_directory = self.folder / "lab.kiln"

    def begin(self, ranks, what, *options, heartbeat="1s"):
        return self.start(words=self.surviving(ranks, LAB, "--case", what, "--heartbeat", heartbeat, *options))

    def undisturbed(self, what, *options, ranks=3):
        """What it prints where nobody dies."""
        result = self.ends(self.begin(ranks, what, *options))
        shutil.rmtree(self.run_directory)
        return result.out

    def test_workers_are_killed_while_units_run(self):
        self.open_gate()
        expected = self.undisturbed("stubborn")
        (self.folder / "go").unlink()
        running = self.begin(4, "stubborn")
        pids = self.wait_for_ranks(3)
        busy = self.wait_for(lambda: [one["rank"] for one in self.status()["ranks"] if one["running"]], "units run")
        self.kill(pids[busy[0]])
        self.wait_for(lambda: self.happened("rank_died"), "the death is noted")
        self.open_gate()
        self.assertEqual(self.ends(running).out, expected)

    def test_a_worker_is_killed_that_holds_results(self):
        expected = self.undisturbed("big", "--units", "400")
        running = self.start(words=[str(LAB), "-n", "3", "--case", "big", "--units", "400", "--heartbeat", "1s"])
        self.kill(self.wait_for_ranks(3)[2])
        self.assertEqual(self.ends(running).out, expected)

    def test_ranks_whose_output_nobody_reads_go_on(self):
        """An mpirun of Open MPI 5 may close the pipes of its ranks when others end."""
        expected = self.undisturbed("big", "--units", "400")
        unread = ["bash", "-c", 'exec "$@" 2> >(true)', "rank"]
        running = self.start(words=self.surviving(4, *unread, LAB, "--case", "big", "--units", "400", "--heartbeat", "1s"))
        self.kill(self.wait_for_ranks(3)[2])
        self.assertEqual(self.ends(running).out, expected)

    def test_a_unit_that_ends_its_process_is_a_dead_letter(self):
        (self.folder / "bad").touch()
        running = self.begin(6, "segv")
        self.assertIn("failed 1", self.ends(running).out)
        dead = self.happened("dead_letter")
        self.assertEqual([one["unit"] for one in dead], [7])
        self.assertRegex(dead[0]["reason"],
                         "the processes of ranks [0-9] and [0-9] died while they ran nothing but this unit")
        self.assertEqual(self.marks(), [])

    def test_an_mpirun_that_ends_its_ranks_is_started_again(self):
        (self.folder / "first").mkdir()
        expected = self.undisturbed("straggler")
        (self.folder / "first").rmdir()
        for name in ("OMPI", "PRTE"):  # else the ranks have a second
            self.environment[f"{name}_MCA_odls_base_sigkill_timeout"] = "6"
        # One worker: behind the unit that waits others are left, so that its end is not that of the run.
        running = self.start(words=[str(LAB), "-n", "1", "--case", "straggler", "--no-speculate"])
        self.wait_for(lambda: (self.folder / "first").exists() and self.status().get("launch_id"), "a unit waits")
        os.kill(min(self.mpiruns()), signal.SIGTERM)
        result = self.ends(running)
        self.assertIn("mpirun ended the ranks, and nobody had told kiln to stop", result.err)
        self.assertIn("starting again in 1.0 s (1 of 3)", result.err)
        # One that is told again while it waits for its ranks' time to pass says so there.
        self.assertEqual(result.out.splitlines()[-1:], expected.splitlines())

    # ---- who ended a rank ----

    def marks(self):
        """What ranks have left whose own code has ended them."""
        return [path.name for path in self.run_directory.iterdir() if path.name.startswith(".kiln-tmp")]

    def wait_for_the_last_unit(self):
        """Until unit 90 is all that is left of the first stage; the rank that has it."""
        def holder():
            status = self.status()
            running = [one["rank"] for one in status.get("ranks", []) if one["running"]]
            return running if status.get("totals", {}).get("done") == 99 and len(running) == 1 else None
        return self.wait_for(holder, "one unit is left")[0]

    def test_a_unit_that_segfaults_takes_two_ranks_of_four(self):
        (self.folder / "bad").touch()
        running = self.begin(4, "doomed", "--no-speculate", "--batch", "1")
        self.wait_for_the_last_unit()
        self.open_gate()
        self.assertIn("failed 1", self.ends(running).out)
        self.assertEqual(json.loads((self.run_directory / "outcome.json").read_text())["exit_code"], 1)
        died = [one["rank"] for one in self.happened("rank_died")]
        self.assertEqual(len(died), 2)
        dead = self.happened("dead_letter")
        self.assertEqual([(one["unit"], one["reason"]) for one in dead],
                         [(90, f"the processes of ranks {died[0]} and {died[1]} died while they ran nothing but this unit")])
        self.assertEqual(self.marks(), [])

    def test_two_ranks_are_lost_though_they_had_other_units_in_hand(self):
        """What a rank that is ended by its own code says of itself names the unit, and acquits the others."""
        (self.folder / "bad").touch()
        for workers, lost in ((3, 2), (1, 1)):  # with one worker the coordinator's rank is not risked
            running = self.start(words=[str(LAB), "--case", "segv", "-n", str(workers), "--fresh", "--batch", "50"])
            result = self.ends(running, code=1)
            self.assertIn("failed 1", result.out)
            self.assertNotIn("starting again", result.err)
            self.assertEqual(len(self.happened("rank_died")), lost)
            dead = self.happened("dead_letter")
            self.assertEqual([one["unit"] for one in dead], [7])
            self.assertIn("died while", dead[0]["reason"])
            self.assertEqual(self.marks(), [])

    def test_what_is_tried_again_is_tried_whatever_died_of_it(self):
        (self.folder / "bad").touch()
        words = [*self.mpirun(3), "--case", "segv"]  # which ends all ranks with the first
        words[3] = str(LAB)
        while not (self.run_directory.is_dir() and len(self.marks()) >= 2):
            self.assertNotEqual(self.start(words=words).wait().code, 1)
        (self.folder / "bad").unlink()
        result = self.ends(self.start(words=[str(LAB), "--case", "segv", "-n", "2", "--retry"]))
        self.assertIn("failed 0", result.out)
        self.assertEqual(self.marks(), [])

    def test_what_ended_all_ranks_is_found_by_the_next_launch(self):
        """Of an mpirun that ends all ranks with the first: what that one leaves speaks to whoever comes."""
        (self.folder / "bad").touch()
        words = [*self.mpirun(3), "--case", "segv"]
        words[3] = str(LAB)
        known = 0
        for _ in range(3):  # one or two ranks each time, as fast as that mpirun is
            result = self.start(words=words).wait()
            if result.code == 1:
                break
            self.assertGreater(len(self.marks()), known, "they add up")
            known = len(self.marks())
        self.assertEqual(result.code, 1, result.err)
        self.assertIn("failed 1", result.out)
        self.assertEqual(self.marks(), [])

    def test_two_ranks_are_killed_with_the_same_unit(self):
        self.open_gate()
        expected = self.undisturbed("stubborn", ranks=4)
        (self.folder / "go").unlink()
        running = self.begin(4, "stubborn", "--no-speculate", "--batch", "1")
        self.wait_for_ranks(3)
        for deaths in (1, 2):
            rank = self.wait_for_the_last_unit()
            self.kill(self.rank_pids()[rank])
            self.wait_for(lambda: len(self.happened("rank_died")) == deaths, "the death is noted")
            self.wait_for(lambda: [one["rank"] for one in self.status()["ranks"] if one["running"]] not in ([], [rank]),
                          "another has it")
        self.open_gate()
        self.assertEqual(self.ends(running).out, expected)
        self.assertEqual(json.loads((self.run_directory / "outcome.json").read_text())["exit_code"], 0)
        self.assertEqual(self.happened("dead_letter"), [])

    def test_a_stopped_worker_works_again_when_it_wakes(self):
        self.open_gate()
        expected = self.undisturbed("stubborn")
        (self.folder / "go").unlink()
        running = self.begin(4, "stubborn", heartbeat="500ms")
        pid = self.wait_for_ranks(3)[2]
        os.kill(pid, signal.SIGSTOP)
        self.wait_for(lambda: self.happened("rank_died"), "it is given up")
        os.kill(pid, signal.SIGCONT)
        self.wait_for(lambda: self.happened("rank_returned"), "it is taken up again")
        self.open_gate()
        self.assertEqual(self.ends(running).out, expected)


class DeathInCollectives(RecoveryCase):
    """A rank dies while all join a large value, or get it: what is in the sum is not computed again, the rest is."""

    def setUp(self):
        super().setUp()
        self.run_directory = self.folder / "wide.kiln"
        # An MPI that survives deaths has a group of all before its first collective (net::MpiCollectives).
        self.groups = 1 if self.mpi >= 5 else 0

    def counts(self, kill_at="", ranks=4, deaths=(1,)):
        """What the program prints whose ranks but 0 die there (tests/faults/kill_at.cpp). What rank 0 calls: .calls"""
        calls = self.folder / "calls"
        orders = ";".join(filter(None, [kill_at, f"0 count {calls}"]))
        shim = ["-x", f"LD_PRELOAD={SHIMS / 'kill_at.so'}", "-x", f"KILL_AT={orders}"]
        running = self.start(words=self.surviving(ranks, *shim, WIDE, "--bins", 500_000, "--units", 500))
        result = self.ends(running)
        self.assertIn(len(self.happened("rank_died")), deaths if kill_at else (0,), result.err)
        self.files = list((self.run_directory / "segments").iterdir())
        shutil.rmtree(self.run_directory)
        self.calls = calls.read_text().split()
        calls.unlink()
        return result.out

    def test_the_run_goes_on(self):
        expected = self.counts()
        for kill_at in ("2 MPI_Iallgather 1", "1 MPI_Iallgather 1 after", "3 MPI_Igatherv 1 after", "2 MPI_Ireduce 1",
                        "1 MPI_Ireduce 9", "3 MPI_Ireduce 16 after", "3 MPI_Ibcast 1", "1 MPI_Ibcast 2", "2 MPI_Ibcast 9",
                        "1 MPI_Ibcast 17 after"):
            with self.subTest(kill_at):
                self.assertEqual(self.counts(kill_at), expected)

    def test_those_that_are_left_have_collectives_again(self):
        """What they hold is added up by these, and comes back by these: nobody writes it into a file."""
        expected = self.counts()
        self.assertEqual(self.files, [])
        self.assertEqual(self.calls.count("MPI_Comm_create_group"), self.groups)
        sums = self.calls.count("MPI_Ireduce")
        self.assertGreater(sums, 9)
        self.assertEqual(self.counts("2 MPI_Iallgather 1"), expected)
        self.assertEqual(self.files, [])
        self.assertGreaterEqual(self.calls.count("MPI_Comm_create_group"), self.groups + 1)
        self.assertEqual(self.calls.count("MPI_Ireduce"), sums)
        self.assertGreater(self.calls.count("MPI_Ibcast"), 1)

    def test_ranks_die_while_those_that_are_left_make_a_communicator(self):
        expected = self.counts()
        make, again = (f"MPI_Comm_create_group {self.groups + number}" for number in (1, 2))
        for kill_at in (f"3 MPI_Iallgather 1; 1 {make}", f"3 MPI_Iallgather 1; 2 {make} after",
                        f"5 MPI_Iallgather 1; 4 {make}; 3 {again}", f"5 MPI_Iallgather 1; 4 {make} after; 3 MPI_Iallgather 2"):
            with self.subTest(kill_at):
                # A third one may not come to that call: a shrink that is under way is the next one as well.
                self.assertEqual(self.counts(kill_at, ranks=6, deaths=(2, kill_at.count(";") + 1)), expected)

    def test_a_rank_dies_while_the_first_communicator_is_made(self):
        if self.groups == 0:
            self.skipTest("here all ranks have one from the start")
        expected = self.counts()
        for kill_at in ("3 MPI_Comm_create_group 1", "1 MPI_Comm_create_group 1 after"):
            with self.subTest(kill_at):
                self.assertEqual(self.counts(kill_at), expected)


if __name__ == "__main__":
    unittest.main()
