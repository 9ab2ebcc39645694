#!/usr/bin/python3
"""results.h5 of a program: every kind of table, read with h5py alone."""

import os
import pathlib
import unittest

import h5py
import numpy
from kiln_case import KilnCase

PROGRAMS = pathlib.Path(os.environ["KILN"]).parent.parent / "programs"
UNITS = 2500
UNLUCKY = [7, 1007, 2007]


class ProgramResults(KilnCase):
    def setUp(self):
        super().setUp()
        self.run_directory = self.folder / "tables.kiln"
        (self.folder / "a.txt").write_bytes(b"1\n2\nx3\n40\n")
        (self.folder / "b.txt").write_bytes(b"5\n\xff\xfe\n7")

    def run_tables(self, *arguments):
        result = self.kiln(words=[str(PROGRAMS / "tables"), "--units", str(UNITS), *arguments, "a.txt", "b.txt"])
        self.assertEqual(result.code, 1, result.err)
        file = h5py.File(self.run_directory / "results.h5")
        self.addCleanup(file.close)
        return file

    def texts(self, column):
        return [text.decode() for text in column[:]]

    def test_tables(self):
        file = self.run_tables("-n", "2")
        self.assertEqual(set(file), {"points", "parities", "numbers", "rejected", "reduced", "reduced_of_stage",
                                     "stages", "dead_letters", "batches"})
        done = [unit for unit in range(UNITS) if unit not in UNLUCKY]
        points = file["points"]
        self.assertEqual(points["unit"][:].tolist(), done)
        x = numpy.array(done, dtype=numpy.float32)
        numpy.testing.assert_array_equal(points["place"][:], numpy.stack([x, x / 2, -x], axis=1))
        roots = points["root"][:]
        self.assertTrue(numpy.isnan(roots[0]), "a NaN is a value")
        numpy.testing.assert_array_equal(roots[1:], numpy.sqrt(numpy.array(done[1:], dtype=float)))
        self.assertEqual(points["root"].attrs["unit"], b"m")
        ends = points["codes_offsets"][:]
        for row, unit in enumerate(done):
            self.assertEqual(points["codes"][ends[row]:ends[row + 1]].tolist(), [-(unit % 100)] * (unit % 4))
        self.assertEqual(self.texts(points["name"]),
                         ["a\\x00b" if unit % 10 == 3 else f"unit {unit}" for unit in done])
        self.assertEqual(points["name_escaped"][:].tolist(), [int(unit % 10 == 3) for unit in done])
        expected = [unit for unit in done for _ in range(unit % 3)]
        self.assertEqual(file["parities/unit"][:].tolist(), expected)
        self.assertEqual(file["parities/square"][:].tolist(), [unit * unit for unit in expected])
        self.assertEqual(file["parities/even"][:].tolist(), [1 - unit % 2 for unit in expected])
        self.assertEqual(file["numbers/value"][:].tolist(), [1, 2, 40, 5, 7])
        self.assertEqual(file["numbers"].attrs["stage"], 1)

    def test_values(self):
        file = self.run_tables("-n", "1")
        reduced = file["reduced"]
        self.assertEqual(set(reduced), {"roots", "codes", "halves", "sum", "all", "none"})
        self.assertEqual(reduced["roots/count"][:].tolist(), [3, 11, 20, 28, 36])
        self.assertEqual(reduced["roots/outside/nans"][:].tolist(), [1])
        self.assertEqual(reduced["codes/value"][:].tolist(), [file["points/codes"].shape[0]])
        self.assertEqual(reduced["halves/1/value"][:].tolist(), [UNITS - len(UNLUCKY)])
        self.assertAlmostEqual(reduced["halves/0/mean"][0], numpy.mean(file["points/place"][:, 1], dtype=float), 9)
        self.assertEqual(reduced["all/value"][:].tolist(), [1, 2, 40, 5, 7])
        self.assertEqual((reduced["none"].attrs["empty"], len(reduced["none"])), (1, 0))
        self.assertEqual(reduced["sum/value"][:].tolist(), [45], "that of the last stage")
        self.assertEqual(file["reduced_of_stage/1/sum/value"][:].tolist(), [55])

    def test_what_went_wrong(self):
        file = self.run_tables("-n", "3")
        self.assertEqual(file["dead_letters/stage"][:].tolist(), [0] * 3)
        self.assertEqual(file["dead_letters/unit"][:].tolist(), UNLUCKY)
        self.assertEqual(self.texts(file["dead_letters/reason"]), ["exception: unlucky\\xFF"] * 3)
        rejected = file["rejected"]
        self.assertEqual(self.texts(rejected["file"]), ["a.txt", "b.txt"])
        self.assertEqual(rejected["stage"][:].tolist(), [1, 1])
        self.assertEqual(rejected["offset"][:].tolist(), [4, 2])
        self.assertEqual(self.texts(rejected["record"]), ["x3", "\\xFF\\xFE"])
        self.assertEqual(self.texts(rejected["reason"]), ["no number"] * 2)
        stages = file["stages"]
        self.assertEqual(self.texts(stages["name"]), ["points", "lines", "again", "last"])
        counts = {name: stages[name][:].tolist() for name in ("units", "done", "failed", "rejected", "over")}
        self.assertEqual(counts, {"units": [UNITS, 2, 10, 10], "done": [UNITS - 3, 2, 10, 10],
                                  "failed": [3, 0, 0, 0], "rejected": [0, 2, 0, 0], "over": [1] * 4})
        batches = file["batches"]
        for stage, units in enumerate(counts["done"]):
            self.assertGreaterEqual(sum(batches["count"][:][batches["stage"][:] == stage]), units)
        self.assertEqual((file.attrs["kind"], file.attrs["outcome"]), (b"program", b"units_failed"))
        self.assertEqual(file.attrs["done"], sum(counts["done"]))

    def test_the_commands_say_what_they_do_not_know_of_programs(self):
        self.run_tables("-n", "1")
        self.assertIn("the run of a program: all its tables", self.expect(0, "results", "tables.kiln").err)
        said = self.expect(2, "retry", "tables.kiln").err
        self.assertRegex(said, r"start that with --retry.*tables")

    def test_an_export_is_the_same(self):
        file = self.run_tables("-n", "1")
        self.expect(0, "export", str(self.run_directory), "--hdf5", "copy.h5")
        with h5py.File(self.folder / "copy.h5") as copy:
            names = []
            file.visit(names.append)
            self.assertEqual([name for name in names if name not in copy], [])
            numpy.testing.assert_array_equal(copy["points/place"][:], file["points/place"][:])


if __name__ == "__main__":
    unittest.main()
