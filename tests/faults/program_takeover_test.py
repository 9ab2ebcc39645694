#!/usr/bin/python3
"""Rank 0 of a program is killed or stopped: another rank takes over, without a restart, and the run comes to the same bits
as an undisturbed one."""

import json
import os
import pathlib
import shutil
import signal
import unittest

from kiln_case import END, SHIMS
from recovery_case import RecoveryCase
from same_results import content_of, differences

PROGRAMS = pathlib.Path(os.environ["KILN"]).parent.parent / "programs"
LAB, RELAY, WIDE = (PROGRAMS / name for name in ("lab", "relay", "wide"))
EVERYWHERE = ("before", "behind", "root", "unit")


class ProgramTakeover(RecoveryCase):
    def begin(self, program, ranks, *options, heartbeat="1s", kill_at=None):
        self.run_directory = self.folder / f"{program.name}.kiln"
        shim = ["-x", f"LD_PRELOAD={SHIMS / 'kill_at.so'}", "-x", f"KILL_AT={kill_at}"] if kill_at else []
        return self.start(words=self.surviving(ranks, *shim, program, "--heartbeat", heartbeat, *options))

    def undisturbed(self, program, *options):
        """What it prints, and what is in its results."""
        result = self.ends(self.begin(program, 3, *options))
        content = content_of(self.run_directory / "results.h5")
        shutil.rmtree(self.run_directory)
        (self.folder / "notes").unlink(missing_ok=True)
        return result.out, content

    def takeovers(self, count=1):
        return self.wait_for(lambda: len(self.happened("takeover")) >= count and self.happened("takeover"), "it is noted")

    def notes(self):
        path = self.folder / "notes"
        return path.read_text().splitlines() if path.exists() else []

    def wait_for_note(self, note, count=1):
        self.wait_for(lambda: self.notes().count(note) >= count, f"{count} times '{note}': {self.notes()}")

    def open(self, name):
        (self.folder / name).touch()

    def outcome(self):
        return json.loads((self.run_directory / "outcome.json").read_text())

    def expect_same(self, expected, running):
        """It ends without a restart, and comes to what was expected."""
        result = self.ends(running)
        self.expect_nobody()
        out, content = expected
        self.assertEqual(result.out, out)
        self.assertEqual(differences(content_of(self.run_directory / "results.h5"), content), [])
        outcome = self.outcome()
        self.assertEqual((outcome["exit_code"], outcome["outcome"]), (0, "complete"))
        self.assertEqual(outcome["units"], outcome["done"])
        self.assertEqual(self.happened("begin")[1:], [])
        return result

    def relay(self, hold, ranks=4, heartbeat="1s"):
        """A relay that is held there: what to expect, and the run, in the middle of it."""
        for name in EVERYWHERE:
            for stage in range(5):
                self.open(f"{name}-{stage}")
        expected = self.undisturbed(RELAY)
        for word in hold.split(","):
            what, stage, *_ = word.split(" ")
            (self.folder / f"{what}-{stage}").unlink(missing_ok=True)
        return expected, self.begin(RELAY, ranks, "--hold", hold, "--checkpoint-every", "50ms", heartbeat=heartbeat)

    # ---- where rank 0 dies ----

    def test_in_the_middle_of_a_stage(self):
        self.open_gate()
        expected = self.undisturbed(LAB, "--case", "stubborn")
        (self.folder / "go").unlink()
        running = self.begin(LAB, 4, "--case", "stubborn", "--checkpoint-every", "50ms")
        pids = self.wait_for_ranks(3)
        self.wait_for(lambda: len(self.committed()) > 10, "units are committed")
        self.kill(pids[0])
        said = self.takeovers()[0]
        self.assertEqual((said["rank"], said["pid"], said["why"]), (0, pids[0], "died"))
        self.open_gate()
        result = self.expect_same(expected, running)
        self.assertIn(f"rank {said['by']} has taken over", result.err)
        self.assertNotIn("were done earlier", result.err)
        self.assertNotIn("of them earlier", result.err)

    def test_in_a_later_stage(self):
        expected, running = self.relay("unit 2")
        self.wait_for_note("unit 2")
        self.kill(self.rank_pids()[0])
        self.takeovers()
        self.open("unit-2")
        self.expect_same(expected, running)
        self.assertFalse([note for note in self.notes() if "resumed" in note])
        self.assertEqual([note for note in self.notes() if note.endswith("ends")], [f"root {i} ends" for i in range(5)])

    def test_between_stages(self):
        expected, running = self.relay("before 2")
        self.wait_for_note("before 2", 4)
        self.kill(self.rank_pids()[0])
        self.takeovers()
        self.open("before-2")
        self.expect_same(expected, running)

    def test_before_the_first_stage(self):
        expected, running = self.relay("before 0")
        self.wait_for_note("before 0", 4)
        self.kill(self.rank_pids()[0])
        self.takeovers()
        self.open("before-0")
        self.expect_same(expected, running)

    def test_in_at_root(self):
        expected, running = self.relay("root 2")
        self.wait_for_note("root 2 begins")
        self.kill(self.rank_pids()[0])
        self.wait_for_note("root 2 begins", 2)
        self.open("root-2")
        self.expect_same(expected, running)
        self.assertEqual(self.notes().count("root 2 ends"), 1)
        self.assertEqual(self.notes().count("root 1 begins"), 1)

    def test_while_the_heir_is_behind(self):
        expected, running = self.relay("behind 1 1,unit 1")
        self.wait_for_note("unit 1")
        self.kill(self.rank_pids()[0])
        self.takeovers()
        self.open("behind-1")
        self.open("unit-1")
        self.expect_same(expected, running)
        self.assertEqual(self.notes().count("unit 1"), 1, "what ran on went on")

    def test_while_another_is_behind(self):
        expected, running = self.relay("behind 1 2,unit 3")
        self.wait_for_note("unit 3")
        self.kill(self.rank_pids()[0])
        self.takeovers()
        self.open("behind-1")
        self.open("unit-3")
        self.expect_same(expected, running)

    def test_while_the_heir_is_behind_two_stages(self):
        expected, running = self.relay("behind 1 1,unit 3")
        self.wait_for_note("unit 3")
        self.kill(self.rank_pids()[0])
        self.takeovers()
        self.open("behind-1")
        self.open("unit-3")
        self.expect_same(expected, running)
        self.assertFalse([note for note in self.notes() if "resumed" in note])

    def test_two_in_a_row(self):
        expected, running = self.relay("unit 1,unit 3", ranks=5)
        self.wait_for_note("unit 1")
        pids = self.rank_pids()
        self.kill(pids[0])
        first = self.takeovers()[0]["by"]
        self.open("unit-1")
        self.wait_for_note("unit 3")
        self.kill(pids[first])
        self.assertNotIn(self.takeovers(2)[1]["by"], (0, first))
        self.open("unit-3")
        self.expect_same(expected, running)

    def test_two_at_once(self):
        expected, running = self.relay("unit 1")
        self.wait_for_note("unit 1")
        pids = self.rank_pids()
        self.kill(pids[0])
        self.kill(pids[1])
        self.takeovers()
        self.open("unit-1")
        self.expect_same(expected, running)

    def test_until_one_is_left(self):
        expected, running = self.relay("unit 1,unit 2,before 4", ranks=3)
        self.wait_for_note("unit 1")
        pids = self.rank_pids()
        self.kill(pids[0])
        first = self.takeovers()[0]["by"]
        self.open("unit-1")
        self.wait_for_note("unit 2")
        self.kill(pids[first])
        self.takeovers(2)
        self.open("unit-2")
        self.open("before-4")
        self.expect_same(expected, running)

    # ---- what workers hold ----

    def test_while_workers_hold_much(self):
        expected = self.undisturbed(LAB, "--case", "big", "--units", "400")
        running = self.begin(LAB, 4, "--case", "big", "--units", "400")
        self.kill(self.wait_for_ranks(3)[0])
        self.expect_same(expected, running)

    def test_in_the_collectives_of_a_join(self):
        options = ("--bins", "500000", "--units", "500")
        expected = self.undisturbed(WIDE, *options)
        for kill_at in ("0 MPI_Iallgather 1", "0 MPI_Iallgather 1 after", "0 MPI_Igatherv 1 after", "0 MPI_Ireduce 1",
                        "0 MPI_Ireduce 1 after"):
            with self.subTest(kill_at):
                running = self.begin(WIDE, 4, *options, kill_at=kill_at)
                result = self.expect_same(expected, running)
                self.assertEqual(len(self.happened("takeover")), 1, result.err)
                shutil.rmtree(self.run_directory)

    def test_where_others_have_a_value_that_did_not_come_to_disk(self):
        """The one that takes over has not: its stage runs again, without those who have passed it."""
        options = ("--bins", "500000", "--units", "500")
        expected = self.undisturbed(WIDE, *options)
        for i in range(5):
            self.open(f"unit-{i}")
        before = self.links() - len(self.linked_by_a_run())
        running = self.begin(WIDE, 4, *options, "--late", "late", kill_at=f"0 link {before + 3}")  # the commit
        heir = self.takeovers()[0]["by"]
        self.open("late")
        self.expect_same(expected, running)
        batches = self.table(group="batches")
        self.assertEqual({rank for stage, rank in zip(batches["stage"], batches["rank"]) if stage == 0}, {heir})

    # ---- as it writes, and at the end ----

    def test_as_it_writes(self):
        for i in range(5):
            self.open(f"unit-{i}")
        expected = self.undisturbed(RELAY)
        before = self.links() - len(self.linked_by_a_run())  # of those that make the run directory
        # The plan of the first stage, its commit, its end, its at_root; those of the fourth.
        for number, after in ((2, ""), (2, " after"), (3, ""), (3, " after"), (4, ""), (4, " after"), (5, ""), (17, ""), (18, "")):
            with self.subTest(entry=number, after=after):
                running = self.begin(RELAY, 4, kill_at=f"0 link {before + number}{after}")
                result = self.expect_same(expected, running)
                self.assertEqual(len(self.happened("takeover")), 1, result.err)
                shutil.rmtree(self.run_directory)

    def test_before_its_reign_the_launcher_starts_again(self):
        for i in range(5):
            self.open(f"unit-{i}")
        expected = self.undisturbed(RELAY)
        running = self.launch(RELAY, restarts=1, LD_PRELOAD=str(SHIMS / "kill_at.so"), KILL_AT="0 link 2",
                              KILL_ONCE=str(self.folder / "struck"))
        result = self.ends(running)
        self.assertIn("starting again", result.err)
        self.assertEqual(result.out, expected[0])

    def test_as_results_are_made(self):
        for i in range(5):
            self.open(f"unit-{i}")
        expected = self.undisturbed(RELAY)
        links = self.links()
        for kill_at in (f"0 link {links}", f"0 link {links} after"):
            with self.subTest(kill_at):
                running = self.begin(RELAY, 4, kill_at=kill_at)
                result = running.wait()
                self.expect_nobody()
                self.assertIn(result.out, ("", expected[0]))
                self.assertEqual(differences(content_of(self.run_directory / "results.h5"), expected[1]), [])
                shutil.rmtree(self.run_directory)

    def linked_by_a_run(self):
        self.ends(self.begin(RELAY, 4))
        entries = self.entries()
        self.assertEqual(self.entry_type(entries[max(entries)]), END)
        shutil.rmtree(self.run_directory)
        return entries

    def links(self):
        """How often rank 0 calls link in a run."""
        self.ends(self.begin(RELAY, 4, kill_at=f"0 count {self.folder / 'calls'}"))
        shutil.rmtree(self.run_directory)
        return (self.folder / "calls").read_text().split().count("link")

    # ---- stopped ----

    def test_one_that_wakes_writes_nothing(self):
        expected, running = self.relay("unit 2,unit 3", heartbeat="500ms")
        self.wait_for_note("unit 2")
        pid = self.rank_pids()[0]
        os.kill(pid, signal.SIGSTOP)
        self.assertRegex(self.takeovers()[0]["why"], "no sign of life")
        self.open("unit-2")
        self.wait_for_note("unit 3")
        journal = set(self.entries())
        os.kill(pid, signal.SIGCONT)
        self.wait_for(lambda: pid not in self.processes(), "the deposed one leaves")
        self.assertLessEqual(set(self.entries()) - journal, {max(journal) + 1, max(journal) + 2})
        self.open("unit-3")
        self.assertIn("writes nothing more", self.expect_same(expected, running).err)
        self.assertEqual(len(self.happened("takeover")), 1)

    def test_one_that_wakes_when_all_is_over_changes_no_file(self):
        expected, running = self.relay("unit 2", heartbeat="500ms")
        self.wait_for_note("unit 2")
        pid = self.rank_pids()[0]
        os.kill(pid, signal.SIGSTOP)
        self.takeovers()
        self.open("unit-2")
        self.wait_for(lambda: set(self.rank_pids()) == {0}, "the others have ended")
        before = self.files()
        os.kill(pid, signal.SIGCONT)
        self.wait_for(lambda: pid not in self.processes(), "the deposed one leaves")
        self.assertEqual(self.files(), before)
        self.expect_same(expected, running)

    def files(self):
        """{name: content} of the run directory."""
        return {str(path.relative_to(self.run_directory)): path.read_bytes()
                for path in sorted(self.run_directory.rglob("*")) if path.is_file()}

    # ---- through the launcher ----

    def launch(self, program, *options, restarts=0, **variables):
        self.run_directory = self.folder / f"{program.name}.kiln"
        return self.start(words=[str(program), "-n", "3", "--restarts", str(restarts), "--heartbeat", "1s", *options],
                          **variables)

    def test_the_launcher_hears_of_the_end(self):
        self.open("unit-2")
        expected = self.undisturbed(RELAY)
        (self.folder / "unit-2").unlink()
        running = self.launch(RELAY, "--hold", "unit 2", "--on-finish", "echo code $KILN_EXIT_CODE >> finished")
        self.wait_for_note("unit 2")
        self.kill(self.rank_pids()[0])
        self.takeovers()
        self.open("unit-2")
        result = self.expect_same(expected, running)
        self.assertNotIn("starting again", result.err)
        self.assertEqual((self.folder / "finished").read_text(), "code 0\n")

    def test_where_all_have_a_value_that_did_not_come_to_disk_the_launcher_starts_again(self):
        options = ("--bins", "500000", "--units", "500")
        expected = self.undisturbed(WIDE, *options)
        once = self.folder / "struck"
        running = self.launch(WIDE, *options, restarts=1, LD_PRELOAD=str(SHIMS / "kill_at.so"), KILL_AT="0 link 3",
                              KILL_ONCE=str(once))
        result = self.ends(running)
        self.assertTrue(once.exists())
        self.assertEqual(result.out, expected[0])
        self.assertEqual(differences(content_of(self.run_directory / "results.h5"), expected[1]), [])

    # ---- faults and signals ----

    def test_an_exception_is_told_to_who_takes_over(self):
        for i in range(5):
            self.open(f"unit-{i}")
        before = self.links() - len(self.linked_by_a_run())
        running = self.begin(RELAY, 4, "--hold", "throw 2 3", kill_at=f"0 link {before + 10}")  # the plan of stage 2
        result = running.wait()
        self.expect_nobody()
        self.assertIn("rank 3: the program threw an exception: no good", result.err)
        self.assertEqual(len(self.happened("takeover")), 1, result.err)
        self.assertEqual((self.outcome()["exit_code"], self.outcome()["outcome"]), (70, "fault"))

    def test_a_signal_that_rank_0_did_not_hear_stops_the_run(self):
        expected, running = self.relay("unit 2", heartbeat="500ms")
        self.wait_for_note("unit 2")
        pids = self.rank_pids()
        os.kill(pids[0], signal.SIGSTOP)
        os.kill(pids[1], signal.SIGUSR1)
        self.takeovers()
        self.open("unit-2")
        self.wait_for(lambda: (self.run_directory / "outcome.json").exists(), "it has ended")
        self.kill(pids[0])
        running.wait()
        self.assertEqual((self.outcome()["exit_code"], self.outcome()["outcome"]), (75, "interrupted"))
        self.assertGreater(self.outcome()["done"], 2 * 200, "what was done is kept")
        self.assertLessEqual(self.outcome()["done"], 3 * 200)
        self.assertEqual(self.ends(self.begin(RELAY, 4)).out, expected[0])


if __name__ == "__main__":
    unittest.main()
