#!/usr/bin/python3
"""results.h5 of a program: every kind of table, read with h5py alone."""

import csv
import io
import json
import os
import pathlib
import shutil
import signal
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

    def test_an_export_is_the_same(self):
        file = self.run_tables("-n", "1")
        self.expect(0, "export", str(self.run_directory), "--hdf5", "copy.h5")
        with h5py.File(self.folder / "copy.h5") as copy:
            names = []
            file.visit(names.append)
            self.assertEqual([name for name in names if name not in copy], [])
            numpy.testing.assert_array_equal(copy["points/place"][:], file["points/place"][:])


class Looking(KilnCase):
    """`kiln results` and `kiln export` of a program's run."""

    def setUp(self):
        super().setUp()
        (self.folder / "a.txt").write_bytes(b"1\n2\nx3\n40\n")
        (self.folder / "b.txt").write_bytes(b"5\n\xff\xfe\n7")
        words = [str(PROGRAMS / "tables"), "-n", "1", "--units", "30", "a.txt", "b.txt"]
        result = self.kiln(words=words)
        self.assertEqual(result.code, 1, result.err)

    def results(self, *arguments, code=0):
        return self.expect(code, "results", *arguments, "tables.kiln")

    def csv(self, *arguments):
        return list(csv.reader(io.StringIO(self.results("--csv", *arguments).out)))

    def json(self, *arguments):
        return [json.loads(line) for line in self.results("--json", *arguments).out.splitlines()]

    def complaint(self, code, *arguments, command="results"):
        result = self.expect(code, command, *arguments, "tables.kiln")
        self.assertEqual(result.out, "")
        return result.err

    def test_what_is_in_it(self):
        text = self.results().out
        for line in (r"0  points +30 +29 +1 +0 +\d", r"1  lines +2 +2 +0 +2 +\d", r"points +0 +29  place\[3\] codes\[\] name root",
                     r"rejected +all +2  file offset line record reason count", r"codes +0  operation +\d+", r"all +1  collect +\[1, 2, 40, 5, 7\]",
                     r"sum +3  operation +45  \(and of 1 earlier stage\)", r"none +2 .*no unit gave anything",
                     r"unit 7 of stage 0: exception: unlucky\\xFF"):
            self.assertRegex(text, line)
        [listed] = self.json()
        self.assertEqual([stage["name"] for stage in listed["stages"]], ["points", "lines", "again", "last"])
        self.assertEqual([stage["rejected"] for stage in listed["stages"]], [0, 2, 0, 0])
        self.assertEqual({table["name"]: table["rows"] for table in listed["tables"]},
                         {"points": 29, "parities": 29, "numbers": 5, "rejected": 2})
        sums = {value["stage"]: value["tables"][0]["values"] for value in listed["reduced"] if value["name"] == "sum"}
        self.assertEqual(sums, {1: [{"value": 55}], 3: [{"value": 45}]})

    def test_rows_of_a_table(self):
        rows = self.csv("--table", "points")
        self.assertEqual(rows[:3], [["unit", "place", "codes", "name", "root"],
                                    ["0", "[0,0,-0]", "[]", "unit 0", "NaN"], ["1", "[1,0.5,-1]", "[-1]", "unit 1", "1"]])
        self.assertEqual(len(rows), 30)
        self.assertEqual(self.json("--table", "points", "--only", "root,name", "--where", "root>=2 and root<=2.3"),
                         [{"root": 2.0, "name": "unit 4"}, {"root": 5**0.5, "name": "unit 5"}])
        self.assertEqual(self.json("--table", "points", "--where", "root==missing", "--only", "unit"), [{"unit": 0}])
        self.assertEqual(self.csv("--table", "parities", "--limit", "2")[1:], [["1", "0", "1"], ["2", "1", "4"]])
        self.assertRegex(self.results("--table", "points", "--limit", "1").out, r"unit +place +codes +name +root\n +0 ")
        self.assertEqual(self.csv("--table", "rejected"),
                         [["stage", "unit", "file", "offset", "line", "record", "reason", "count"],
                          ["1", "0", "a.txt", "4", "3", "x3", "no number", "1"],
                          ["1", "1", "b.txt", "2", "2", "\\xFF\\xFE", "no number", "1"]])
        self.assertIn("no rows in table 'rejected' that match", self.results("--table", "rejected", "--stage", "2").err)

    def test_failed_units(self):
        self.assertEqual(self.json("--failed"),
                         [{"stage": 0, "unit": 7, "attempts": 1, "reason": "exception: unlucky\\xFF"}])
        self.assertIn("unlucky", self.results("--failed", "--where", "reason~lucky").out)
        self.assertIn("no failed units that match", self.results("--failed", "--stage", "1").err)

    def test_values(self):
        whole = self.results("--reduced", "roots").out
        self.assertRegex(whole, r"^roots: histogram .*, of stage 0\n +from +to +count\n")
        self.assertRegex(whole, r"roots/outside:\n +underflow +overflow +nans\n +0 +0 +1\n")
        self.assertEqual(self.csv("--reduced", "roots")[1], ["0", "2", "3"])
        self.assertEqual(self.csv("--reduced", "roots/outside"), [["underflow", "overflow", "nans"], ["0", "0", "1"]])
        self.assertEqual(self.json("--reduced", "sum"), [{"value": 45}])
        self.assertEqual(self.json("--reduced", "sum", "--stage", "1"), [{"value": 55}])
        self.assertEqual(self.json("--reduced", "all", "--where", "value>5"), [{"value": 40}, {"value": 7}])
        self.assertEqual(self.results("--reduced", "none", "--csv").out, "")
        self.assertIn("halves/0, halves/1", self.complaint(2, "--csv", "--reduced", "halves"))

    def test_one_unit(self):
        text = self.results("--unit", "7").out
        self.assertIn("unit 7 of stage 0 (points): failed after 1 try: exception: unlucky\\xFF\n", text)
        self.assertIn("unit 7 of stage 2 (again): done\n", text)
        [five] = self.json("--unit", "5", "--stage", "0")
        self.assertEqual(five["tables"]["points"][0]["codes"], [-5])
        self.assertEqual(five["tables"]["parities"], [{"unit": 5, "even": 0, "square": 25}] * 2)
        self.assertEqual(self.csv("--unit", "5", "--table", "parities")[1:], [["5", "0", "25"]] * 2)
        self.assertIn("no unit 30 in any stage", self.complaint(3, "--unit", "30"))

    def test_what_there_is_not(self):
        self.assertIn("Did you mean points?", self.complaint(2, "--table", "point"))
        self.assertIn("There are: points, parities, numbers, rejected", self.complaint(2, "--table", "x"))
        self.assertIn("which table? --table NAME; there are: points", self.complaint(2, "--csv"))
        self.assertIn("'sum' is a reduced value", self.complaint(2, "--table", "sum"))
        self.assertIn("'points' is a table", self.complaint(2, "--reduced", "points"))
        self.assertIn("Did you mean roots?", self.complaint(2, "--reduced", "root"))
        self.assertIn("stages 0 to 3 have begun", self.complaint(3, "--stage", "4"))
        self.assertIn("no column 'rot'. Did you mean root?", self.complaint(2, "--table", "points", "--only", "rot"))
        for option in (["--slow"], ["--columns", "x=float:/x/"], ["--unit", "1", "--stdout"]):
            self.assertIn("is the run of a program", self.complaint(2, *option))

    def test_a_run_of_commands_has_no_tables(self):
        self.write_tasks(["true"])
        self.expect(0, "run", "-n", "1", "tasks.txt")
        for option in (["--table", "x"], ["--reduced", "x"], ["--stage", "0"]):
            self.assertIn("is a run of commands", self.expect(2, "results", *option, "tasks.kiln").err)
        self.assertIn("is a run of commands", self.expect(2, "export", "--csv", "a", "--table", "x", "tasks.kiln").err)

    def test_a_newer_format_is_refused(self):
        path = self.folder / "tables.kiln" / "run.json"
        path.write_text(path.read_text().replace('"format_version": 3', '"format_version": 99'))
        for command in ("results", "status", "retry"):
            self.assertIn("Use the newer kiln", self.complaint(4, command=command))

    def test_exports(self):
        export = lambda *words: self.expect(0, "export", *words, "tables.kiln")
        export("--csv", "points.csv", "--json", "points.json", "--table", "points")
        self.assertEqual((self.folder / "points.csv").read_bytes(), self.results("--csv", "--table", "points").raw)
        self.assertEqual((self.folder / "points.json").read_bytes(), self.results("--json", "--table", "points").raw)
        self.assertEqual(export("--csv", "-", "--failed").raw, self.results("--csv", "--failed").raw)
        self.assertEqual(export("--json", "-", "--reduced", "all").raw, self.results("--json", "--reduced", "all").raw)
        refuse = lambda *words: self.complaint(2, *words, command="export")
        self.assertIn("which table?", refuse("--csv", "x.csv"))
        self.assertIn("--joblog is for runs of commands", refuse("--joblog", "x.log"))
        self.assertIn("--output-dir is for runs of commands", refuse("--output-dir", "x"))
        self.assertIn("all tables and values", refuse("--hdf5", "x.h5", "--table", "points"))
        self.assertFalse([name for name in os.listdir(self.folder) if name.startswith("x")])


class Retry(KilnCase):
    """`kiln retry` of a program's run."""

    def setUp(self):
        super().setUp()
        self.program = self.folder / "tables"
        shutil.copy(PROGRAMS / "tables", self.program)
        (self.folder / "a b.txt").write_bytes(b"1\n")
        self.kiln(words=["./tables", "--fresh", "-n", "1", "--units", "10", "a b.txt"])
        (self.folder / "else").mkdir()

    def retry(self, code, *arguments):
        return self.expect(code, "retry", *arguments, "tables.kiln")

    def test_starts_it_as_it_was_started(self):
        os.rename(self.folder / "tables.kiln", self.folder / "else" / "moved")
        result = self.expect(1, "retry", "-n", "2", "else/moved")
        self.assertIn("--units 10 -n 2 --retry --out", result.err)
        self.assertIn("stage 0 ('points'): 1 failed units are tried again", result.err)
        self.assertIn("9 of 10 units were done earlier", result.err)
        self.assertNotIn("--fresh", result.err, "which would delete what there is")
        self.assertFalse((self.folder / "tables.kiln").exists())

    def test_the_newest_launch_counts(self):
        self.kiln(words=["./tables", "-n", "1", "--units", "20", "a b.txt"])
        self.assertIn("19 of 20 units were done earlier", self.retry(1).err)

    def test_a_program_that_was_built_anew(self):
        with open(self.program, "ab") as file:
            file.write(b"\0")
        before = (self.folder / "tables.kiln" / "launch.json").read_bytes()
        self.assertRegex(self.retry(3).err, r"was built anew since.*tables -n 1 --units 10 --retry --out .* -- 'a b.txt'")
        self.program.unlink()
        self.assertIn("cannot be run: No such file", self.retry(3).err)
        self.assertEqual((self.folder / "tables.kiln" / "launch.json").read_bytes(), before)

    def test_options_of_commands_and_old_runs(self):
        for option in (["--timeout", "5s"], ["--where", "unit>3"]):
            self.assertIn("is the run of a program", self.retry(2, *option).err)
        note = self.folder / "tables.kiln" / "launch.json"
        note.write_text("{")
        self.assertIn("launch.json is damaged", self.retry(4).err)
        note.unlink()
        self.assertIn("start tables yourself", self.retry(4).err)


class Underway(KilnCase):
    """A program that runs, and one that was killed."""

    def test_the_stages_while_it_runs_and_after(self):
        words = [str(PROGRAMS / "pi"), "--points", "20000", "--gate", "go", "-n", "1", "--checkpoint-every", "50ms"]
        running = self.start(words=words)
        look = lambda: json.loads(self.expect(0, "status", "--json", "pi.kiln").out)
        run = self.folder / "pi.kiln"
        self.wait_for(lambda: self.status(run).get("totals", {}).get("committed", 0) > 0, "something is committed")
        [stage] = look()["stages"]
        self.assertEqual((stage["name"], stage["units"], stage["over"]), ("pi", 20000, False))
        self.assertRegex(self.expect(0, "status", "pi.kiln").out, r"0  pi +20,000 +[0-9,]+ +0 +0 +running\n")
        self.assertIn("has not ended", self.expect(0, "results", "pi.kiln").err)
        refused = self.expect(3, "results", "--reduced", "value", "pi.kiln").err
        self.assertIn("is not over yet, and its parts are joined in a fixed order", refused)
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        self.expect_nobody()
        self.assertRegex(self.expect(0, "results", "pi.kiln").out, r"0  pi +20,000 +[0-9,]+ +0 +0 +not over\n")
        self.open_gate()
        self.assertEqual(self.kiln(words=words).code, 0)
        self.assertRegex(self.expect(0, "status", "pi.kiln").out, r"1  distance +1,000 +1,000 +0 +0 +[0-9.]+\n")
        self.assertRegex(self.expect(0, "results", "pi.kiln").out, r"value +1  operation +[0-9.]+  \(and of 1 earlier")


if __name__ == "__main__":
    unittest.main()
