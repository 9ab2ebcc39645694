#!/usr/bin/python3
"""Which results are shown: --where, --slow, --limit, --only, --columns, and what is said where something is wrong."""

import csv
import io
import json
import unittest

from kiln_case import KilnCase

LOSS = "loss=float:/loss ([0-9.]+)/"


class Filters(KilnCase):
    def setUp(self):
        super().setUp()
        self.write_tasks(["echo loss 0.5; echo loss 0.25", "echo loss 0.75; exit 3", "echo alpha=0.5; sleep 0.2",
                          "exit 1", "kill -9 $$"])
        self.expect(1, "run", "-n", "2", "tasks.txt")

    def units(self, *words):
        out = self.expect(0, "results", "--json", *words, "tasks.kiln").out
        return [json.loads(line)["unit"] for line in out.splitlines()]

    def test_conditions(self):
        for condition, units in {"exit_code>1": [1], "exit_code>=1": [1, 3], "status==ok": [0, 2],
                                 "status==failed and exit_code!=3": [3], "signal==9": [4],
                                 "command~'alpha=0\\.5'": [2], "not status==ok": [1, 3, 4], "unit<1 or unit>3": [0, 4],
                                 "seconds>=100ms": [2], "max_rss>1TiB": [], "stdout==''": [3, 4],
                                 "reason~'exit code'": [1, 3], "line==1": [0]}.items():
            self.assertEqual(self.units("--where", condition), units, condition)

    def test_filters_combine(self):
        self.assertEqual(self.units("--failed", "--where", "exit_code>0"), [1, 3])
        self.assertEqual(self.units("--failed", "--where", "exit_code>0", "--limit", "1"), [1])
        self.assertEqual(self.units("--limit", "0"), [])
        self.assertEqual(self.units("--slow", "1"), [2])
        self.assertEqual(self.units("--slow")[0], 2)
        self.assertEqual(len(self.units("--slow")), 5)
        self.assertEqual(len(self.units("--slow=3")), 3)
        self.assertEqual(self.units("--slow", "1", "--failed", "--where", "exit_code==3"), [1])
        rows = [json.loads(line) for line in self.expect(0, "results", "--json", "--slow", "tasks.kiln").out.splitlines()]
        self.assertEqual([row["seconds"] for row in rows], sorted((row["seconds"] for row in rows), reverse=True))

    def test_chosen_columns(self):
        out = self.expect(0, "results", "--csv", "--only", "exit_code,unit", "tasks.kiln").out
        self.assertEqual(out.split(), ["exit_code,unit", "0,0", "3,1", "0,2", "1,3", "-1,4"])
        table = self.expect(0, "results", "--only", "unit,exit_code", "tasks.kiln").out.splitlines()
        self.assertEqual(table[0].split(), ["unit", "exit_code"])
        wrong = self.expect(2, "results", "--only", "unit,exitcode", "tasks.kiln")
        self.assertIn("Did you mean exit_code?", wrong.err)
        self.expect(2, "results", "--only", "unit,,line", "tasks.kiln")

    def test_columns_from_what_was_kept(self):
        out = self.expect(0, "results", "--csv", "--columns", LOSS, "--only", "unit,loss", "tasks.kiln").out
        self.assertEqual(out.split(), ["unit,loss", "0,0.25", "1,0.75", "2,", "3,", "4,"])
        self.assertEqual(self.units("--columns", LOSS, "--where", "loss<0.5"), [0])
        self.assertEqual(self.units("--columns", LOSS, "--where", "loss==missing"), [2, 3, 4])
        self.assertIn("loss", self.expect(0, "results", "--columns", LOSS, "tasks.kiln").out.splitlines()[0])
        one = self.expect(0, "results", "--unit", "0", "--columns", LOSS, "tasks.kiln").out
        self.assertIn("0.25", one)

    def test_output_that_was_cut_is_said(self):
        self.write_tasks(["echo loss 1; head -c 5000 /dev/zero | tr '\\0' x; echo loss 2"])
        self.expect(0, "run", "-n", "1", "--output-limit", "1000", "--out", "cut.kiln", "tasks.txt")
        result = self.expect(0, "results", "--csv", "--only", "loss", "--columns", LOSS, "cut.kiln")
        self.assertEqual(result.out.split(), ["loss", "1"])
        self.assertIn("of 1 units more was written than kept", result.err)

    def test_what_does_not_parse_points_at_the_character(self):
        for words, caret in ((("--where", "exit_code>1 andd unit==2"), 12), (("--where", "exitcode>1"), 0),
                             (("--where", "(unit==1"), 0), (("--columns", "loss=real:/x/"), 5),
                             (("--columns", "loss=float:/a(b/"), 12), (("--columns", "stdout=text:/x/"), 0),
                             (("--columns", "a=text:/x"), 9)):
            result = self.expect(2, "results", *words, "tasks.kiln")
            self.assertEqual(result.out, "")
            text, pointer = result.err.splitlines()[-2:]
            self.assertEqual(text, "  " + words[1])
            self.assertEqual(pointer, " " * (2 + caret) + "^", result.err)

    def test_words_that_do_not_go_together(self):
        for words in (("--unit", "1", "--where", "unit==1"), ("--unit", "1", "--slow"), ("--slow=x",), ("--limit", "-1")):
            self.expect(2, "results", *words, "tasks.kiln")

    def test_nothing_matches(self):
        result = self.expect(0, "results", "--where", "exit_code==77", "tasks.kiln")
        self.assertEqual(result.out, "")
        self.assertIn("no unit matches --where", result.err)

    def test_the_attempt_that_succeeded(self):
        self.write_tasks(["test -e second || { touch second; exit 1; }"])
        self.expect(0, "run", "-n", "1", "--retries", "1", "--backoff", "0s", "--out", "again.kiln", "tasks.txt")
        rows = list(csv.DictReader(io.StringIO(self.expect(0, "results", "--csv", "again.kiln").out)))
        self.assertEqual([row["attempts"] for row in rows], ["2"])


class State(KilnCase):
    def test_a_run_that_goes_on(self):
        self.marking_tasks(6, gate=4)
        run = self.start("run", "-n", "2", "--checkpoint-every", "100ms", "tasks.txt")
        self.wait_for(lambda: len(self.committed()) == 4, "four are committed")
        result = self.expect(0, "results", "--csv", "tasks.kiln")
        self.assertIn("tasks.kiln has not ended: what is committed so far, 4 of 6 units", result.err)
        self.assertEqual(len(result.out.split("\r\n")), 4 + 2)
        export = self.expect(0, "export", "--csv", "so-far.csv", "--hdf5", "so-far.h5", "tasks.kiln")
        self.assertIn("has not ended", export.err)
        self.assertEqual((self.folder / "so-far.csv").read_bytes(), result.raw)
        self.assertFalse(run.ended(), run.said())
        self.open_gate()
        self.assertEqual(run.wait().code, 0)

    def test_nothing_has_run_yet(self):
        self.write_tasks(["# nothing"])
        self.expect(0, "run", "-n", "1", "tasks.txt")
        self.assertEqual(self.expect(0, "results", "--where", "exit_code>1", "tasks.kiln").out, "")
        self.assertTrue(self.expect(0, "results", "--csv", "tasks.kiln").out.startswith("unit,line,status,"))

    def test_a_results_file_that_is_cut_or_gone(self):
        self.write_tasks(["echo hello"])
        self.expect(0, "run", "-n", "1", "tasks.txt")
        good = self.expect(0, "results", "--csv", "tasks.kiln")
        self.assertEqual(good.err, "")
        path = self.run_directory / "results.h5"
        whole = path.read_bytes()
        for content in (whole[:-100], b"", b"x" * 1000, None):
            path.unlink()
            if content is not None:
                path.write_bytes(content)
            result = self.expect(0, "results", "--csv", "tasks.kiln")
            self.assertEqual(result.out, good.out)
            self.assertIn("tasks.kiln/results.h5 is missing, cut, changed or old", result.err)
            # The advice works.
            advice = result.err.strip().split(": ")[-1].split()
            self.assertEqual(advice[0], "kiln")
            self.expect(0, *advice[1:])
            self.assertEqual(self.expect(0, "results", "--csv", "tasks.kiln").err, "")

    def test_a_damaged_journal(self):
        self.marking_tasks(3)
        self.expect(0, "run", "-n", "1", "tasks.txt")
        commits = [path for path in self.entries().values() if self.entry_type(path) == 3]
        content = bytearray(commits[0].read_bytes())
        content[-50] ^= 0xff
        commits[0].write_bytes(bytes(content))
        result = self.expect(0, "results", "--csv", "tasks.kiln")
        self.assertIn(commits[0].name, result.err)
        self.assertEqual(result.out.count("\r\n"), 1)
        self.assertIn(commits[0].name, self.expect(0, "export", "--csv", "-", "tasks.kiln").err)

    def test_what_is_no_run(self):
        (self.folder / "mine").mkdir()
        (self.folder / "mine/file").touch()
        (self.folder / "file").touch()
        (self.folder / "newer").mkdir()
        (self.folder / "newer/run.json").write_text('{"format_version": 99}')
        (self.folder / "broken").mkdir()
        (self.folder / "broken/run.json").write_text("{")
        for words in (("results",), ("status",), ("export", "--csv", "-")):
            for name in ("mine", "file", "newer", "broken", "absent"):
                result = self.expect(4, *words, name)
                self.assertIn(name, result.err)
                self.assertNotIn("--out", result.err)
                self.assertNotIn("--fresh", result.err)
                self.assertEqual(result.out, "")


if __name__ == "__main__":
    unittest.main()
