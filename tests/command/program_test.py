#!/usr/bin/python3
"""A user's program: the same bits however it is run, killed and resumed."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import unittest

from kiln_case import MPIRUN, KilnCase

PROGRAMS = pathlib.Path(os.environ["KILN"]).parent.parent / "programs"
POINTS = "20000"


class Programs(KilnCase):
    def setUp(self):
        super().setUp()
        self.run_directory = self.folder / "pi.kiln"

    def pi(self, *arguments):
        return [str(PROGRAMS / "pi"), "--points", POINTS, *arguments]

    def run_pi(self, code, *arguments, ranks=None):
        words = self.pi(*arguments)
        result = self.kiln(words=words if ranks is None else [MPIRUN, "-n", str(ranks), *words])
        self.assertEqual(result.code, code, result.err)
        return result

    def test_any_number_of_ranks_gives_the_same_bits(self):
        outs = {ranks: self.run_pi(0, "--out", f"d{ranks}", ranks=ranks).out for ranks in (1, 2, 3, 4, 7)}
        outs["launched"] = self.run_pi(0, "-n", "2").out
        self.assertEqual(len(set(outs.values())), 1, outs)
        self.assertRegex(outs[1], r"^0x1\.9\S+ 0x\S+\n$")

    def wide_counts(self):
        bins, units = 200_000, 2_000
        counted = [((unit * 0x9E3779B97F4A7C15) % 2**64 >> 11) % bins for unit in range(units)]
        looked = sum(bin * bin + 1 for bin in counted) % 2**64
        return f"{units} of {units}, {looked}, "

    def test_a_large_value_is_the_same_on_every_rank(self):
        expected, outs = self.wide_counts(), set()
        for ranks in (1, 2, 3, 4, 7):
            words = [MPIRUN, "-n", str(ranks), str(PROGRAMS / "wide"), "--out", f"wide{ranks}"]
            result = self.kiln(words=words)
            self.assertEqual(result.code, 0, result.err)
            self.assertTrue(result.out.startswith(expected), result.out)
            outs.add(result.out)
            self.assertEqual(list((self.folder / f"wide{ranks}" / "segments").iterdir()), [], "counts are added by MPI")
        words = [MPIRUN, "-n", "3", str(PROGRAMS / "wide"), "--out", "files", "--checkpoint-every", "1ms"]
        outs.add(self.kiln(words=words).out)
        self.assertEqual(len(outs), 1, outs)
        again = self.kiln(words=[MPIRUN, "-n", "2", str(PROGRAMS / "wide"), "--out", "wide3"])
        self.assertEqual(again.code, 0, again.err)
        self.assertIn("all done earlier", again.err)

    def most_memory(self, bins, ranks):
        """Of each rank of `wide` when it has the value, then of rank 0 when that is on disk; in bytes."""
        words = [MPIRUN, "-n", str(ranks), str(PROGRAMS / "wide"), "--bins", str(bins), "--units", "40",
                 "--out", f"m{bins}", "--peak", str(self.folder / f"memory{bins}-")]
        result = self.kiln(words=words)
        self.assertEqual(result.code, 0, result.err)
        names = [*(str(rank) for rank in range(ranks)), "disk-0"]
        return [1024 * int((self.folder / f"memory{bins}-{name}").read_text()) for name in names]

    def test_no_rank_has_more_copies_of_a_large_value_than_the_documents_say(self):
        bins, ranks = 6_000_000, 3
        small, large = self.most_memory(1_000, ranks), self.most_memory(bins, ranks)
        copies = [(many - few) / (8 * bins) for many, few in zip(large, small, strict=True)]
        self.assertLess(copies[0], 2.7, "rank 0: the sum, its program's value, and pieces of 16 MiB")
        self.assertLess(max(copies[1:-1]), 2.2, "a worker: what it holds, and what units are added to")
        self.assertLess(copies[-1], 28, "rank 0, with the tables that show the value, and the journal's file in memory")

    def test_ranks_that_ran_no_unit_have_the_value_too(self):
        outs = set()
        for ranks in (1, 7):
            words = [MPIRUN, "-n", str(ranks), str(PROGRAMS / "wide"), "--units", "3", "--out", f"few{ranks}"]
            result = self.kiln(words=words)
            self.assertEqual(result.code, 0, result.err)
            outs.add(result.out)
        self.assertEqual(len(outs), 1, outs)

    def test_killed_while_counts_are_added_and_resumed(self):
        self.run_directory = self.folder / "wide.kiln"
        words = [str(PROGRAMS / "wide"), "--gate", "go"]
        running = self.start(words=[MPIRUN, "-n", "3", *words])

        def ranks():
            return {rank["rank"]: rank for rank in self.status().get("ranks", [])}

        def one_waits():
            self.assertFalse(running.ended(), running.said())
            idle = [rank for rank in ranks().values() if rank["units_done"] and not rank["running"]]
            return idle if len(idle) == 1 and self.status()["totals"]["running"] else None

        idle = self.wait_for(one_waits, "one worker has nothing left, the other waits at the gate")[0]
        os.kill(idle["pid"], signal.SIGSTOP)
        self.open_gate()
        self.wait_for(lambda: self.status()["totals"]["done"] == 2_000, "all units are done")
        self.assertEqual(self.status()["totals"]["committed"], 0)
        self.assertFalse(running.ended())
        pids = [rank["pid"] for rank in ranks().values()] + [self.status()["pid"], running.pid]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        running.wait()
        self.expect_nobody()
        result = self.kiln(words=[*words, "-n", "2"])
        self.assertEqual(result.code, 0, result.err)
        self.assertTrue(result.out.startswith(self.wide_counts()), result.out)

    def test_what_is_over_is_not_run_again(self):
        self.run_pi(0, "-n", "1")
        again = self.run_pi(0, "-n", "2")
        self.assertEqual(again.out, "", "at_root was done")
        self.assertIn("all done earlier", again.err)

    def test_the_log_and_the_events_have_the_plan_as_explain_prints_it(self):
        explained = self.run_pi(0, "--explain").out.split("\n\n")[1].strip() + "\n"
        self.assertTrue(explained.startswith("stage 0 'pi'\n  range("), explained)
        said = self.run_pi(0, "-n", "1", "-v").err
        for line in explained.splitlines():
            self.assertIn(line + "\n", said)
        events = [json.loads(line) for line in (self.folder / "pi.kiln" / "events.jsonl").read_text().splitlines()]
        self.assertEqual([event["plan"] for event in events if event["event"] == "stage"][0], explained)

    def test_a_log_has_a_line_of_each_stage_at_its_begin(self):
        lab = [str(PROGRAMS / "keys"), "--units", "20"]
        said = self.kiln(words=[*lab, "-n", "1"]).err.splitlines()
        told = [line for line in said if line.startswith("kiln: stage ")]
        self.assertEqual(told[:2], [
            "kiln: stage 0 'keys: reduce_by_key': range(20) | flat_map -> reduce_by_key(operation), through files",
            "kiln: stage 1 'keys: behind reduce_by_key': reduce_by_key(operation) in 256 shards | filter -> rows sums"])
        self.assertEqual(len(told), len(set(told)))
        self.assertLess(len(told), 20)
        shutil.rmtree(self.folder / "keys.kiln")
        for option in ("--progress=bar", "--progress=none", "-q"):
            with self.subTest(option=option):
                self.assertNotIn("kiln: stage", self.kiln(words=[*lab, "-n", "1", "--fresh", option]).err)
        by_hand = [MPIRUN, "-n", "2", *lab, "--fresh"]
        self.assertIn("kiln: stage 0 'keys: red", self.kiln(words=by_hand).err)
        self.assertNotIn("kiln: stage", self.kiln(words=[*by_hand, "--progress", "bar"]).err)

    def test_another_option_begins_a_new_round(self):
        self.run_pi(0, "-n", "1")
        again = self.kiln(words=[str(PROGRAMS / "pi"), "--points", "10000", "-n", "1"])
        self.assertEqual(again.code, 0, again.err)
        self.assertIn("stage 0 'pi' runs again, and so do all later ones: its plan has changed: it was [range(", again.err)
        self.assertNotIn("2:pi", again.err)
        self.assertNotEqual(again.out, "")

    def gated(self, *arguments):
        running = self.start(words=self.pi("--gate", "go", "--checkpoint-every", "50ms", *arguments))
        self.wait_for(lambda: self.status().get("totals", {}).get("committed", 0) > 0 or running.ended(),
                      "something is committed")
        self.assertFalse(running.ended(), running.said())
        return running

    def test_an_interrupted_run_goes_on(self):
        expected = self.run_pi(0, "--out", "other", "-n", "1").out
        running = self.gated("-n", "2", "--grace", "100ms")
        running.process.send_signal(signal.SIGINT)
        result = running.wait()
        self.assertEqual(result.code, 75, result.err)
        self.open_gate()
        again = self.run_pi(0, "-n", "3")
        self.assertEqual(again.out, expected)
        self.assertIn("earlier", again.err)

    def test_killed_and_resumed_with_other_ranks(self):
        expected = self.run_pi(0, "--out", "other", "-n", "1").out
        running = self.gated("-n", "2")
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        self.expect_nobody()
        self.open_gate()
        self.assertEqual(self.run_pi(0, "-n", "1").out, expected)

    def test_words_that_are_wrong(self):
        self.assertIn("Did you mean --points?", self.run_pi(2, "--pints", "3").err)
        self.assertIn("Usage: pi [options]", self.run_pi(0, "--help").out)


if __name__ == "__main__":
    unittest.main()
