#!/usr/bin/python3
"""A sort when ranks die, or when its runs are lost: the same rows in the same ranges as an undisturbed one gives."""

import h5py
import unittest

from keyed_case import KeyedCase


class ProgramSort(KeyedCase):
    expected = None

    def undisturbed(self, *_):
        if ProgramSort.expected is None:
            ProgramSort.expected = super().undisturbed()
        return ProgramSort.expected

    def test_rows_are_in_order(self):
        self.ends(self.begin(3, "--batch", "5"))
        with h5py.File(self.run_directory / "results.h5") as results:
            sorted_rows, top = results["sorted"], results["top"]
            rows = [(len(key), value) for key, value in zip(sorted_rows["key"][()], sorted_rows["value"][()])]
            values = sorted_rows["value"][()]
            self.assertEqual(rows, sorted(rows))
            self.assertEqual(len(rows), 300 * 200)
            self.assertEqual(list(top["value"][()]), sorted(values, reverse=True)[:300])

    def test_a_worker_dies_while_units_emit(self):
        self.killed("emitting", 2)

    def test_rank_0_dies_while_units_emit(self):
        self.killed("emitting", 0)

    def test_a_worker_dies_while_ranges_are_read(self):
        self.killed("ranges", 2)

    def test_rank_0_dies_while_ranges_are_read(self):
        self.killed("ranges", 0)

    def test_all_die_while_units_emit(self):
        expected = self.stopped("emitting")
        self.expect_same(expected, self.ends(self.begin(2)))

    def test_all_die_while_ranges_are_read(self):
        expected = self.stopped("ranges")
        result = self.ends(self.begin(4))
        self.expect_same(expected, result)
        self.assertNotIn("runs again", result.err)

    def test_a_run_is_gone(self):
        expected = self.stopped("ranges")
        gone = [path for path in self.runs() if path.name.startswith("s10-")]  # behind three pairs of stages and a join's four
        self.assertTrue(gone)
        gone[0].unlink()
        result = self.ends(self.begin(3))
        self.assertIn("stage 10 'keys: sort' runs again", result.err)
        self.expect_same(expected, result)


if __name__ == "__main__":
    unittest.main()
