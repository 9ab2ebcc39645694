#!/usr/bin/python3
"""kiln run --columns: numbers and texts out of the output, into results.h5, CSV, JSON and conditions."""

import csv
import io
import json
import math
import unittest

import h5py

from kiln_case import KilnCase

LOSS = "loss=float:/loss (\\S+)/"
EPOCH = "epoch=int@stderr:/epoch (\\d+)/"
MODEL = "model=text:/model: (.*)/"
NONE = -2**63


class Columns(KilnCase):
    def results(self, name="tasks.kiln"):
        table = self.table(self.folder / name, "results")
        return [tuple(None if isinstance(v, float) and math.isnan(v) else v for v in row)
                for row in zip(table["unit"], table["loss"], table["epoch"], table["model"])]

    def test_values_reach_every_format(self):
        self.write_tasks(["echo loss 0.5; echo loss 0.25; echo epoch 7 >&2", "echo loss 0.75; exit 3", "echo model: big, net",
                          "kill -9 $$", b"printf 'model: \\xff\\nloss 1e-3'", "echo loss none"])
        self.expect(1, "run", "-n", "2", "--columns", LOSS, "--columns", EPOCH, f"--columns={MODEL}", "tasks.txt")
        self.assertEqual(self.results(), [(0, 0.25, 7, ""), (1, 0.75, NONE, ""), (2, None, NONE, "big, net"),
                                          (3, None, NONE, ""), (4, 1e-3, NONE, "\\xFF"), (5, None, NONE, "")])
        with h5py.File(self.run_directory / "results.h5") as file:
            self.assertEqual(file["results/epoch"].attrs["missing"], NONE)
            self.assertTrue(math.isnan(file["results/loss"].attrs["missing"]))
            self.assertIn(b"loss", file["results/loss"].attrs["description"])
            self.assertEqual(list(file["results/model_escaped"][:]), [0, 0, 0, 0, 1, 0])
        rows = list(csv.DictReader(io.StringIO(self.expect(0, "results", "--csv", "tasks.kiln").out)))
        self.assertEqual([row["loss"] for row in rows], ["0.25", "0.75", "", "", "0.001", ""])
        self.assertEqual([row["epoch"] for row in rows], ["7", "", "", "", "", ""])
        objects = [json.loads(line) for line in self.expect(0, "results", "--json", "tasks.kiln").out.splitlines()]
        self.assertEqual([one["epoch"] for one in objects], [7] + [None] * 5)
        out = self.expect(0, "results", "--csv", "--where", "loss<0.6 or epoch==7", "--only", "unit", "tasks.kiln").out
        self.assertEqual(out.split(), ["unit", "0", "4"])
        # The same definitions on what was kept say the same.
        self.expect(2, "results", "--columns", LOSS, "tasks.kiln")
        plain = self.expect(0, "results", "--csv", "--columns", LOSS.replace("loss=", "again="), "--only", "loss,again",
                            "tasks.kiln").out
        for line in plain.split()[1:]:
            self.assertEqual(*line.split(","))

    def test_all_of_the_output_counts_not_what_is_kept(self):
        self.write_tasks(["echo loss 1; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo loss 2",
                          "echo loss 3; head -c 70000000 /dev/zero | tr '\\0' x; echo; echo loss 4",
                          "echo loss 5; head -c 70000000 /dev/zero | tr '\\0' x; echo"])
        self.expect(0, "run", "-n", "1", "--output-limit", "100", "--columns", LOSS, "tasks.txt")
        # Of more than 64 MiB the last ones count.
        self.assertEqual([None if math.isnan(v) else v for v in self.table(group="results")["loss"]], [2, 4, None])
        self.assertEqual([len(text) for text in self.table(group="output")["stdout"]], [100] * 3)
        for keep in ("none", "failed"):
            self.expect(0, "run", "-n", "1", "--out", f"{keep}.kiln", "--keep-output", keep, "--columns", LOSS, "tasks.txt")
            self.assertEqual(self.table(self.folder / f"{keep}.kiln", "results")["loss"][:2], [2, 4])
            self.assertEqual(self.table(self.folder / f"{keep}.kiln", "output")["stdout"], [""] * 3)

    def test_a_run_keeps_its_columns(self):
        self.write_tasks(["echo loss 1; test -e cause", "echo loss 2"])
        self.expect(1, "run", "-n", "1", "--columns", LOSS, "--columns", EPOCH, "--columns", MODEL, "tasks.txt")
        refused = self.expect(4, "run", "-n", "1", "--columns", "x=int:/x/", "tasks.txt")
        self.assertIn("cannot change within a run", refused.err)
        self.assertIn(f"--columns '{LOSS}'", refused.err)
        self.write_tasks(["echo loss 1; test -e cause", "echo loss 2", "echo loss 3"])
        # None given, or the same in another order.
        self.expect(1, "run", "-n", "1", "tasks.txt")
        self.expect(1, "run", "-n", "1", "--columns", MODEL, "--columns", LOSS, "--columns", EPOCH, "tasks.txt")
        (self.folder / "cause").touch()
        self.expect(0, "retry", "-n", "1", "tasks.kiln")
        self.assertEqual(self.results(), [(0, 1, NONE, ""), (1, 2, NONE, ""), (2, 3, NONE, "")])
        self.assertEqual(json.loads((self.run_directory / "run.json").read_text())["format_version"], 2)
        self.expect(0, "run", "-n", "1", "--fresh", "--columns", "x=int:/(\\d)/", "tasks.txt")
        self.assertEqual(self.table(group="results")["x"], [1, 2, 3])
        # A run without columns gets none later, and is of the version that every kiln reads.
        self.expect(0, "run", "-n", "1", "--out", "plain.kiln", "tasks.txt")
        self.assertIn("takes no columns", self.expect(4, "run", "--out", "plain.kiln", "--columns", LOSS, "tasks.txt").err)
        self.assertEqual(json.loads((self.folder / "plain.kiln/run.json").read_text())["format_version"], 1)

    def test_definitions_that_do_not_parse(self):
        self.write_tasks(["true"])
        for definition, caret in (("loss=float:/a(/", 12), ("loss=flaot:/a/", 5), ("status=text:/a/", 0)):
            result = self.expect(2, "run", "--columns", definition, "tasks.txt")
            self.assertEqual(result.err.splitlines()[-1], " " * (2 + caret) + "^")
        self.expect(2, "run", "--columns", LOSS, "--columns", LOSS, "tasks.txt")
        self.assertFalse(self.run_directory.exists())

    def test_nothing_has_run_yet(self):
        self.write_tasks(["# nothing"])
        self.expect(0, "run", "-n", "1", "--columns", LOSS, "tasks.txt")
        self.assertIn("loss", self.expect(0, "results", "--csv", "tasks.kiln").out)
        self.assertEqual(self.expect(0, "results", "--csv", "--where", "loss>1", "--only", "loss", "tasks.kiln").out.split(),
                         ["loss"])


class Retry(KilnCase):
    def test_only_those_that_match(self):
        self.write_tasks([f"echo {i} >> ran; test -e cause || exit {i}" for i in range(1, 5)])
        self.expect(1, "run", "-n", "2", "tasks.txt")
        self.forget_ran()
        result = self.expect(1, "retry", "-n", "2", "--where", "exit_code>=3", "tasks.kiln")
        self.assertIn("trying 2 of 4 failed ones again", result.err)
        self.assertEqual(sorted(self.ran()), [3, 4])
        (self.folder / "cause").touch()
        self.expect(1, "retry", "-n", "2", "--where", "exit_code==2 or exit_code==3", "tasks.kiln")
        self.assertEqual([row[3] for row in self.facts()], ["failed", "ok", "ok", "failed"])
        self.assertEqual(self.table(group="dead_letters")["unit"], [0, 3])
        # None matches: none runs, and those that failed still stand.
        self.forget_ran()
        result = self.expect(1, "retry", "--where", "exit_code==77", "tasks.kiln")
        self.assertIn("trying 0 of 2 failed ones again", result.err)
        self.assertEqual(self.ran(), [])
        self.expect(0, "retry", "tasks.kiln")

    def test_a_condition_that_does_not_fit_changes_nothing(self):
        self.write_tasks(["exit 1"])
        self.expect(1, "run", "-n", "1", "tasks.txt")
        entries = self.entries()
        for condition, caret in (("exitcode==1", 0), ("exit_code==", 11), ("exit_code=='1'", 11)):
            result = self.expect(2, "retry", "--where", condition, "tasks.kiln")
            self.assertEqual(result.err.splitlines()[-1], " " * (2 + caret) + "^")
        self.assertEqual(self.entries(), entries)
        self.expect(4, "retry", "--where", "exit_code==1", "absent.kiln")


if __name__ == "__main__":
    unittest.main()
