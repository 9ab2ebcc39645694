#!/usr/bin/python3
"""What the values of a stage that goes on have come to: while it runs, after it was killed, and when it is over."""

import contextlib
import json
import os
import pathlib
import signal
import unittest

import h5py
from recovery_case import RecoveryCase

PROGRAM = pathlib.Path(os.environ["KILN"]).parent.parent / "programs" / "underway"
UNITS = 20_000


class SoFar(RecoveryCase):
    """Of each hundred units one waits for the file go, so that some are committed, and no more."""

    def setUp(self):
        super().setUp()
        self.run_directory = self.folder / "underway.kiln"
        self.file = self.run_directory / "so_far.h5"
        self.options = ["--gate", "go", "--checkpoint-every", "50ms"]

    def begin(self, *options, ranks=2):
        return self.start(words=[str(PROGRAM), "-n", str(ranks), *self.options, *options])

    def done(self):
        """How many units the file tells of; 0 without it."""
        try:
            with h5py.File(self.file) as file:
                return int(file.attrs["done"])
        except FileNotFoundError:
            return 0

    def look(self, *options, code=0):
        return self.expect(code, "results", *options, "underway.kiln")

    def rows(self, *options):
        return [json.loads(line) for line in self.look("--json", *options).out.splitlines()]

    def items(self):
        """What the committed units gave, as the journal has it."""
        return [row["value"] for row in self.rows("--table", "items")]

    def settled(self, workers):
        """The same, when so many workers wait at the gate and the file tells of just these."""
        def seen():
            waiting = [one for one in self.status().get("slowest", []) if one["seconds"] > 3]
            done = self.done() if len(waiting) >= workers else 0
            items = self.items() if done != 0 else []
            return items if len(items) == done and self.done() == done else None
        return self.wait_for(seen, "what is committed is in the file")

    def expect_values(self, items):
        self.assertEqual(self.rows("--reduced", "count"), [{"value": len(items)}])
        self.assertEqual(self.rows("--reduced", "sum"), [{"value": sum(items)}])
        self.assertEqual(self.rows("--reduced", "exact"), [{"value": sum(items) / 3, "not_finite": 0}])
        bins = [0] * 4
        for item in items:
            bins[item // 3 * 4 // UNITS] += 1
        self.assertEqual([row["count"] for row in self.rows("--reduced", "histogram")], bins)

    def kill_all(self, running):
        """Ranks and all, none of which can write another word."""
        for one in (signal.SIGSTOP, signal.SIGKILL):
            for pid in self.processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, one)
        running.wait()
        self.expect_nobody()

    # ---- while it runs ----

    def test_values_of_what_is_committed(self):
        running = self.begin()
        items = self.settled(2)
        self.assertLess(len(items), UNITS)
        self.expect_values(items)
        mark = f"so far: {len(items):,} of 20,000 units"
        self.assertTrue(self.look("--reduced", "count").out.startswith(f"count: count, of stage 0; {mark}\n"))
        self.assertIn(f"'count' {mark}; its stage is not over", self.look("--reduced", "count", "--csv").err)
        self.assertEqual(self.look("--reduced", "count", "--csv").out.split(), ["value", str(len(items))])
        self.assertIn("overflow", self.look("--reduced", "histogram").out)
        self.assertIn("underflow", self.look("--reduced", "histogram/outside", "--stage", "0", "--csv").out)
        exported = self.expect(0, "export", "--csv", "-", "--reduced", "sum", "underway.kiln")
        self.assertEqual(exported.out.split(), ["value", str(sum(items))])
        self.assertIn(mark, exported.err)
        self.assertRegex(self.look().out, rf"count +0  count +{len(items)}  \({mark}\)\n")
        [listed] = self.rows()
        self.assertEqual({one["name"]: one["so_far"] for one in listed["reduced"]},
                         dict.fromkeys(["count", "sum", "exact", "histogram"], {"done": len(items), "units": UNITS}))
        with h5py.File(self.file) as file:
            self.assertEqual((file.attrs["done"], file.attrs["units"], file.attrs["stage"]), (len(items), UNITS, 0))
            self.assertEqual(set(file["reduced"]), {"count", "sum", "exact", "histogram"})
            self.assertEqual(file["reduced/count/value"][:].tolist(), [len(items)])
            self.assertEqual(sum(file["reduced/histogram/count"][:]), len(items))
        self.open_gate()
        self.assertEqual(running.wait().code, 0)
        self.assertFalse(self.file.exists())
        self.expect_values([3 * i for i in range(UNITS)])
        self.assertEqual(self.look("--reduced", "count").out.splitlines()[0], "count: count, of stage 0")
        self.assertTrue(all(one["so_far"] is None for one in self.rows()[0]["reduced"]))

    def told(self, name="told"):
        """What the program's own function was told, and what it wrote when the stage was over."""
        path = self.folder / name
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def expect_told(self, lines):
        *told, end = lines
        self.assertEqual(end, ["end"], "nothing when the stage is over")
        units = [int(number) for number, _ in told]
        self.assertEqual(units, sorted(set(units)))
        self.assertLess(units[-1], UNITS)

    def test_the_program_is_told(self):
        running = self.begin("--told", "told")
        items = self.settled(2)
        self.wait_for(lambda: self.told() and self.told()[-1] == [str(len(items)), str(sum(items))], "what is committed is told")
        self.open_gate()
        self.assertEqual(running.wait().code, 0)
        self.expect_told(self.told())
        self.assertEqual(self.rows("--reduced", "sum"), [{"value": 3 * sum(range(UNITS))}])

    def test_rank_0_dies_and_the_next_one_tells(self):
        running = self.begin("--told", "told", "--heartbeat", "1s", ranks=3)
        self.wait_for(lambda: self.told(), "the program is told")
        self.kill(self.rank_pids()[0])
        self.wait_for(lambda: self.happened("takeover"), "another rank goes on")
        count = len(self.told())
        self.open_gate()
        self.assertEqual(running.wait().code, 0)
        self.assertEqual(self.told()[-1], ["end"])
        self.assertGreater(len(self.told()), count)
        for units, value in self.told()[:-1]:
            self.assertLessEqual(int(value), 3 * sum(range(UNITS - int(units), UNITS)))

    def test_what_is_told_throws(self):
        running = self.begin("--told", "throws")
        self.wait_for(lambda: self.told("throws"), "it is told once")
        self.settled(2)
        self.open_gate()
        ended = running.wait()
        self.assertEqual(ended.code, 0)
        self.assertEqual(ended.err.count("so_far() of 'sum' is not called any more in this stage: it threw: no more"), 1)
        self.assertEqual(len(self.told("throws")), 2, "once, and at the end")
        self.assertEqual(self.rows("--reduced", "sum"), [{"value": 3 * sum(range(UNITS))}])

    def test_a_tree_has_no_value_before_its_end(self):
        running = self.begin(ranks=1)
        self.settled(1)
        refused = self.look("--reduced", "mean", code=3)
        self.assertEqual(refused.out, "")
        self.assertIn("the stage that gives 'mean' is not over yet, and its parts are joined in a fixed order", refused.err)
        self.assertIn("'mean' is not over yet", self.look("--reduced", "mean", "--stage", "0", "--json", code=3).err)
        self.open_gate()
        self.assertEqual(running.wait().code, 0)
        self.assertEqual(self.rows("--reduced", "mean")[0]["count"], UNITS)

    def test_large_values_are_left_out(self):
        running = self.begin("--bins", "300000", ranks=1)
        self.wait_for(lambda: self.done() > 0, "the others are there")
        self.assertEqual(self.rows("--reduced", "count"), [{"value": self.done()}])
        self.assertIn("where it is at most 1 MiB", self.look("--reduced", "histogram", code=3).err)
        self.open_gate()
        self.assertEqual(running.wait().code, 0)

    def test_before_the_first_seconds(self):
        running = self.start(words=[str(PROGRAM), "-n", "1", "--gate", "go", "--gated", "1"])
        self.wait_for(lambda: self.status().get("totals", {}).get("units", 0) == UNITS, "the stage has begun")
        self.assertIn("some seconds after its first units", self.look("--reduced", "count", code=3).err)
        self.open_gate()
        self.assertEqual(running.wait().code, 0)

    # ---- when it was cut off ----

    def test_what_was_killed_keeps_it(self):
        running = self.begin(ranks=1)
        items = self.settled(1)
        self.kill_all(running)
        self.expect_values(items)
        self.assertIn(f"so far: {len(items):,} of 20,000 units", self.look("--reduced", "count").out)
        # The next launch goes on with it. More workers begin in more places, and come further.
        running = self.begin(ranks=3)
        self.wait_for(lambda: self.done() > len(items), "the next launch writes it anew")
        self.expect_values(self.settled(3))
        self.open_gate()
        self.assertEqual(running.wait().code, 0)
        self.assertFalse(self.file.exists())
        self.expect_values([3 * i for i in range(UNITS)])

    def test_what_was_stopped_has_all_that_is_committed(self):
        running = self.begin(ranks=1)
        self.settled(1)
        running.process.send_signal(signal.SIGTERM)
        self.assertEqual(running.wait().code, 75)
        items = self.items()
        self.assertEqual(self.done(), len(items))
        self.expect_values(items)

    def test_a_file_that_is_no_good(self):
        running = self.begin(ranks=1)
        self.settled(1)
        self.kill_all(running)
        whole = self.file.read_bytes()
        self.file.write_bytes(whole[:-100])
        self.assertIn("is not over yet", self.look("--reduced", "count", code=3).err)
        self.look()
        self.file.write_bytes(whole)
        self.look("--reduced", "count")
        # Of another round of the stage: the number of units has changed.
        ended = self.kiln(words=[str(PROGRAM), "-n", "1", "--units", "500"])
        self.assertEqual(ended.code, 0, ended.err)
        self.assertFalse(self.file.exists())
        self.file.write_bytes(whole)
        self.assertEqual(self.rows("--reduced", "count"), [{"value": 500}])
        ended = self.kiln(words=[str(PROGRAM), "-n", "1", "--units", "500"])
        self.assertEqual(ended.code, 0, ended.err)
        self.assertFalse(self.file.exists(), "what lies about goes with the next end")
        self.file.write_bytes(whole)
        ended = self.kiln(words=[str(PROGRAM), "-n", "1", "--units", "500", "--fresh"])
        self.assertEqual(ended.code, 0, ended.err)
        self.assertFalse(self.file.exists())

    def test_another_rank_goes_on_with_it(self):
        running = self.start(words=self.surviving(4, PROGRAM, "--heartbeat", "1s", *self.options))
        pids = self.wait_for_ranks(3)
        self.settled(3)
        self.file.unlink()
        self.kill(pids[0])
        self.wait_for(lambda: self.happened("takeover"), "another rank takes over")
        items = self.settled(2)
        self.expect_values(items)
        self.open_gate()
        self.ends(running)
        self.assertFalse(self.file.exists())
        self.expect_values([3 * i for i in range(UNITS)])


if __name__ == "__main__":
    unittest.main()
