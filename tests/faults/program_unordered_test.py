#!/usr/bin/python3
"""Sums by key that may be joined in any order, when ranks die: each record counts once; only last bits may differ."""

import os
import pathlib
import unittest

import h5py

from keyed_case import KeyedCase

LOOSE = pathlib.Path(os.environ["KILN"]).parent.parent / "programs" / "loose"


class ProgramUnordered(KeyedCase):
    program = LOOSE

    def sums(self):
        """Of each key the sum and the count."""
        with h5py.File(self.run_directory / "results.h5") as file:
            table = file["sums"]
            return dict(zip(table["key"][...].tolist(), zip(table["sum"][...].tolist(), table["count"][...].tolist())))

    def undisturbed(self, ranks=3, *options):
        self.ends(self.begin(ranks, "--order", "tree", "--out", "ordered", *options))
        self.run_directory, own = self.folder / "ordered", self.run_directory
        expected = self.sums()
        self.run_directory = own
        (self.folder / "notes").unlink(missing_ok=True)
        self.assertEqual(sum(count for _, count in expected.values()), 300 * 200)
        return expected

    def expect_same(self, expected, result):
        found = self.sums()
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(found.keys(), expected.keys())
        for key, (total, count) in expected.items():
            self.assertEqual(found[key][1], count, key)
            self.assertAlmostEqual(found[key][0], total, delta=total * count * 2**-52)

    def test_any_number_of_ranks_counts_each_record_once(self):
        expected = self.undisturbed()
        for ranks in (2, 4):
            self.expect_same(expected, self.ends(self.begin(ranks, "--fresh", "--memory", "16MiB")))

    def test_a_worker_dies_while_units_emit(self):
        self.killed("map", 2)

    def test_rank_0_dies_while_shards_are_read(self):
        self.killed("shards", 0)

    def test_all_die_while_units_emit(self):
        expected = self.stopped("map")
        self.expect_same(expected, self.ends(self.begin(2)))

    def test_what_was_begun_in_order_does_not_go_on_in_any(self):
        expected = self.stopped("shards")
        result = self.ends(self.begin(2, "--order", "tree"))
        self.expect_same(expected, result)
        self.assertIn("stage 0 'loose: reduce_by_key' runs again", result.err)
        self.assertIn("its plan has changed", result.err)


if __name__ == "__main__":
    unittest.main()
