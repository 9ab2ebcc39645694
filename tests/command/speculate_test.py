#!/usr/bin/python3
"""Units that take much longer than others are given to a second worker: whoever ends first counts, and nobody else."""

import contextlib
import os
import pathlib
import signal
import unittest

import h5py
from kiln_case import KILN, KilnCase

LAB = pathlib.Path(KILN).parent.parent / "programs" / "lab"
QUICK = 8
# Who comes first waits for the file go, with a child of its own; who comes second ends at once.
LATE = ("if mkdir first 2>/dev/null; then trap 'echo > heard; exit 1' TERM; sleep 1000 & "
        "echo $$ $! > first/pids.new; mv first/pids.new first/pids; "
        "while ! test -e go; do sleep 0.02; done; kill $!; fi; echo $$ >> ends; echo result")


class SpeculateCase(KilnCase):
    def slowest(self):
        """Seconds that some unit has been running for."""
        return max((one["seconds"] for one in self.status().get("slowest", [])), default=0)


class Speculate(SpeculateCase):
    def tasks(self, late=LATE):
        self.write_tasks([late, *(f"echo {i}" for i in range(QUICK))])

    def pids(self):
        path = self.folder / "first" / "pids"
        return [int(word) for word in path.read_text().split()] if path.exists() else []

    @staticmethod
    def lives(pid):
        with contextlib.suppress(OSError):
            return pathlib.Path("/proc", str(pid), "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
        return False

    def ends(self):
        """How often the late command came to its end."""
        path = self.folder / "ends"
        return len(path.read_text().split()) if path.exists() else 0

    def rows_of_late(self):
        units, output = self.table(), self.table(group="output")
        rows = [(status, attempt, out) for unit, status, attempt, out in
                zip(units["id"], units["status"], units["attempts"], output["stdout"]) if unit == 0]
        self.assertEqual(len(units["id"]), QUICK + 1)
        return rows

    def test_status_shows_copies(self):
        # Who comes first and who comes second both wait for the file go.
        self.write_tasks(["while ! test -e go; do sleep 0.02; done", *(f"echo {i}" for i in range(QUICK))])
        run = self.start("run", "-n", "3", "--speculate", "tasks.txt")
        self.wait_for(lambda: self.status().get("copies") == 1, "the status counts the copy")
        self.assertIn("  copies     1 unit that took long, given to an idle worker as well; 0 of these ended first\n",
                      self.expect(0, "status", "tasks.kiln").out)
        self.assertIn('"copies":1,"copies_won":0', self.expect(0, "status", "--json", "tasks.kiln").out)
        self.open_gate()
        self.assertEqual(run.wait().code, 0)

    def test_a_late_command_is_given_to_an_idle_worker(self):
        self.tasks()
        result = self.expect(0, "run", "-n", "3", "--speculate", "tasks.txt")
        self.assertEqual(self.rows_of_late(), [("ok", 1, "result\n")])
        self.assertIn("a unit that took long was given to an idle worker as well; of 1 that was the first to end",
                      result.err)
        self.assertEqual([pid for pid in self.pids() if self.lives(pid)], [], "the loser is gone, with what it started")
        self.assertTrue((self.folder / "heard").exists(), "it was told by SIGTERM")
        self.assertEqual(self.ends(), 1)

    def test_the_first_counts_where_the_second_is_later(self):
        # The second waits until it is ended; the first ends once the second runs.
        late = ("if mkdir first 2>/dev/null; then while ! test -e second; do sleep 0.02; done; echo first; "
                "else trap 'echo > heard; exit 1' TERM; echo > second; sleep 1000 & wait; echo second; fi")
        self.tasks(late)
        result = self.expect(0, "run", "-n", "3", "--speculate", "tasks.txt")
        self.assertEqual(self.rows_of_late(), [("ok", 1, "first\n")])
        self.assertIn("of none that was the first to end", result.err)
        self.expect_nobody()

    def test_a_copy_that_fails_is_no_failure(self):
        late = ("if mkdir first 2>/dev/null; then while ! test -e second; do sleep 0.02; done; sleep 0.3; echo first; "
                "else echo > second; exit 7; fi")
        self.tasks(late)
        self.expect(0, "run", "-n", "3", "--speculate", "tasks.txt")
        self.assertEqual(self.rows_of_late(), [("ok", 1, "first\n")])
        self.assertNotIn("exit code 7", self.events())

    def test_commands_are_not_copied_unless_asked_for(self):
        self.tasks()
        running = self.start("run", "-n", "3", "tasks.txt")
        self.wait_for(self.pids, "the late one runs")
        # With --speculate it would have a copy by now: the limit is a second.
        self.wait_for(lambda: self.slowest() > 3, "it takes long")
        self.assertEqual(self.ends(), 0)
        self.open_gate()
        result = running.wait()
        self.assertEqual(result.code, 0, result.err)
        self.assertNotIn("idle worker", result.err)
        self.assertEqual(self.ends(), 1)

    def test_with_one_worker_nothing_happens(self):
        self.write_tasks(["echo 0", "sleep 1.5"])
        self.assertNotIn("idle worker", self.expect(0, "run", "-n", "1", "--speculate", "tasks.txt").err)

    def test_what_cannot_be_together(self):
        self.tasks()
        error = self.expect(2, "run", "--speculate", "--no-speculate", "tasks.txt").err
        self.assertIn("exclude each other", error)
        error = self.expect(2, "run", "--speculate", "--output-files", "{unit}.{stream}", "tasks.txt").err
        self.assertIn("both would write the same --output-files", error)


class SpeculatePrograms(SpeculateCase):
    def setUp(self):
        super().setUp()
        self.run_directory = self.folder / "lab.kiln"

    def lab(self, what, *options):
        result = self.kiln(words=[str(LAB), "--case", what, *options])
        self.assertEqual(result.code, 0, result.err)
        return result

    def expected(self):
        return self.lab("plain", "-n", "2", "--out", "plain.kiln").out

    def expect_one_row_each(self):
        with h5py.File(self.run_directory / "results.h5") as file:
            self.assertEqual(file["first/unit"][:].tolist(), list(range(100)))

    def test_a_late_unit_is_given_to_an_idle_worker(self):
        result = self.lab("straggler", "-n", "3")
        self.assertEqual(result.out, self.expected())
        self.assertIn("given to an idle worker", result.err)
        self.assertEqual((self.folder / "notes").read_text(), "cancelled\n")
        self.expect_one_row_each()

    def test_a_function_that_never_returns_holds_up_nobody(self):
        result = self.lab("deaf", "-n", "3")
        self.assertEqual(result.out, self.expected())
        self.assertIn("given to an idle worker", result.err)
        self.expect_one_row_each()

    def test_a_rank_that_comes_back_goes_on_with_the_others(self):
        running = self.start(words=[str(LAB), "--case", "deaf", "-n", "3"])
        self.wait_for(lambda: "given to an idle worker" in running.said(), "the first stage has ended")
        self.open_gate()
        result = running.wait()
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(result.out, self.expected())

    def test_the_run_begins_again_where_nobody_is_left_who_could_work(self):
        running = self.start(words=[str(LAB), "--case", "held-up", "-n", "2", "--heartbeat", "1s"])
        notes = self.folder / "notes"
        self.wait_for(lambda: notes.exists() and notes.read_text().endswith("\n"), "the other one is in the second stage")
        os.kill(int(notes.read_text().split()[0]), signal.SIGKILL)
        self.open_gate()
        result = running.wait()
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(result.out, "190 6\n")
        self.assertIn("every rank that lived was in a unit that it was told to leave and could not; 20 of 24 units of 2 "
                      "stages are committed; starting again in", result.err)

    def test_without_restarts_it_ends_where_nobody_is_left_who_could_work(self):
        running = self.start(words=[str(LAB), "--case", "held-up", "-n", "2", "--heartbeat", "1s", "--restarts", "0"])
        notes = self.folder / "notes"
        self.wait_for(lambda: notes.exists() and notes.read_text().endswith("\n"), "the other one is in the second stage")
        os.kill(int(notes.read_text().split()[0]), signal.SIGKILL)
        result = running.wait()
        self.assertEqual(result.code, 75, result.err)
        self.assertIn("and that it cannot leave; what is done is kept: run the same command again", result.err)

    def test_not_where_it_is_not_wanted(self):
        running = self.start(words=[str(LAB), "--case", "straggler", "-n", "3", "--no-speculate"])
        self.wait_for(lambda: self.slowest() > 3, "it takes long")
        self.open_gate()
        result = running.wait()
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(result.out, self.expected())
        self.assertNotIn("idle worker", result.err)
        self.assertFalse((self.folder / "notes").exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
