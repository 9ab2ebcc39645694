#!/usr/bin/python3
"""Programs that read typed records: JSON lines and CSV over several ranks, rejected records and their limit."""

import gzip
import json
import math
import unittest

from program_case import PROGRAMS, ProgramCase


class RecordCase(ProgramCase):
    program = "records"

    @staticmethod
    def events(count):
        return [{"id": i, "value": 1 / (i + 1), "name": f"n{i}\u00e4" + "x" * (i % 37)} for i in range(count)]


class Read(RecordCase):
    def test_json_lines_and_csv_give_the_same_on_any_number_of_ranks(self):
        events = self.events(3000)
        bad = {500: '{"id": 5', 1500: '{"id": "x", "value": 1, "name": ""}', 2900: "[]"}
        lines = [bad.get(i, json.dumps(event)) for i, event in enumerate(events)]
        self.write("a.jsonl", "\n".join(lines) + "\n")
        self.write("b.jsonl.gz", gzip.compress(("\n".join(lines[:100])).encode()))
        rows = [f'{e["id"]},"{e["name"]}",{e["value"]!r}' for e in events]
        self.write("a.csv", "id,name,value\r\n" + "\r\n".join(rows))
        printed, tables = set(), []
        for ranks in (1, 2, 4):
            done = self.run_program("--out", f"j{ranks}", "a.jsonl", "b.jsonl.gz", ranks=ranks)
            printed.add(done.out)
            tables.append([self.table(self.folder / f"j{ranks}", group=name) for name in ("events", "rejected")])
        self.assertEqual(len(printed), 1)
        self.assertTrue(all(table == tables[0] for table in tables[1:]))
        rejected = tables[0][1]
        self.assertEqual(rejected["line"], [501, 1501, 2901])
        self.assertEqual(rejected["offset"], [sum(len(line) + 1 for line in lines[:i]) for i in bad])
        self.assertEqual(rejected["reason"][1], "field 'id' is a text, not an integer of 64 bits")
        good = [event["id"] for i, event in enumerate(events) if i not in bad]
        self.assertEqual(tables[0][0]["id"], good + list(range(100)))
        for ranks in (1, 3):
            done = self.run_program("--csv", "--out", f"c{ranks}", "a.csv", ranks=ranks)
            sum_of, _, count = done.out.split()
            self.assertTrue(math.isclose(float.fromhex(sum_of), sum(e["value"] for e in events), rel_tol=1e-12))
            self.assertEqual((count, self.table(self.folder / f"c{ranks}", group="events")["id"]), ("0", list(range(3000))))

    def test_a_file_with_another_header_is_refused_before_any_unit(self):
        self.write("a.csv", "id,name,value\n1,a,2\n")
        self.write("b.csv", "id,name\n1,a\n")
        for ranks in (1, 2):
            said = self.run_program("--csv", "a.csv", "b.csv", ranks=ranks, code=3).err
            self.assertIn("b.csv has no column 'value'; its columns are id, name", said)


class MaxRejected(RecordCase):
    def spoil(self):
        """Two files; 25 bad records in the second, one in the first."""
        for name, count, bad in (("a.jsonl", 300, {7}), ("b.jsonl", 2000, set(range(0, 2000, 80)))):
            lines = ["oops" if i in bad else json.dumps(event) for i, event in enumerate(self.events(count))]
            self.write(name, "\n".join(lines) + "\n")

    def test_the_run_stops_says_where_and_goes_on_with_a_larger_limit(self):
        self.spoil()
        clean = self.run_program("--out", "clean", "?.jsonl").out
        for ranks in (1, 2, 4):
            often = ("--out", f"r{ranks}", "--batch", "1", "--checkpoint-every", "20ms")
            for _ in range(2):
                said = self.run_program(*often, "--max-rejected", "25", "?.jsonl", ranks=ranks, code=3).err
                self.assertIn("stage 'records': 26 records were rejected, and --max-rejected allows 25", said)
                self.assertIn("most of them are in b.jsonl: 25", said)
                self.assertIn("a.jsonl:8: not a JSON object: oops", said)
                self.assertIn("b.jsonl:81: ", said)
                self.assertNotIn("b.jsonl:161: ", said, "three examples")
                self.assertIn(f"kiln results r{ranks} --table rejected", said)
            self.assertEqual(len(self.table(self.folder / f"r{ranks}", group="rejected")["line"]), 26)
            again = self.run_program("--out", f"r{ranks}", "--max-rejected", "26", "?.jsonl", ranks=ranks)
            self.assertEqual(again.out, clean)

    def test_it_stops_before_all_is_read(self):
        lines = ["oops"] * 1000 + [json.dumps({"id": 1, "value": 1, "name": "wait"})]
        self.write("a.jsonl", "\n".join(lines) + "\n")
        self.write("go", "")
        said = self.run_program("--out", "r", "--batch", "1", "--split", "10", "--checkpoint-every", "1ms",
                                "--max-rejected", "0", "a.jsonl", code=3).err
        self.assertRegex(said, r"not run")

    def test_a_limit_that_is_none(self):
        self.assertIn("--max-rejected", self.run_program("--max-rejected", "few", "a.jsonl", code=2).err)


class Nightly(RecordCase):
    def test_files_of_each_night_are_added(self):
        words = ("--out", "days", "--only-new", "in/*.csv")
        (self.folder / "in").mkdir()
        total = 0
        for night in range(3):
            rows = [f"{100 * night + i},n,{i}" for i in range(100)]
            self.write(f"in/day-{night}.csv", "id,name,value\n" + "\n".join(rows) + "\n")
            if night == 2:
                self.write("in/another.csv", "id,name,value\n1000,n,1\n")
            total += sum(range(100)) + (night == 2)
            done = self.run_program("--csv", *words, ranks=night + 1)
            self.assertEqual(float.fromhex(done.out.split()[0]), total)
            if night != 0:
                self.assertIn(f"going on: {night} of {night + 1 + (night == 2)} units were done earlier", done.err)
        ids = self.table(self.folder / "days", group="events")["id"]
        self.assertEqual(sorted(ids), [*range(300), 1000])
        self.assertEqual(ids[:200], list(range(200)), "what was there keeps its place")
        self.assertIn("all done earlier", self.run_program("--csv", *words).err)
        self.write("in/day-3.csv", "id,value\n1,2\n")
        said = self.run_program("--csv", *words, code=3).err
        self.assertIn("in/day-3.csv has no column 'name'", said)
        (self.folder / "in/day-3.csv").unlink()
        self.run_program("--csv", *words)

    def test_tables_as_csv_and_json_lines_are_the_same_whatever_the_ranks(self):
        self.write("a.jsonl", "\n".join(json.dumps(event) for event in self.events(2000)) + "\nbad\n")
        files = []
        for ranks in (1, 2, 4):
            self.run_program(words=[str(PROGRAMS / "records"), "-n", str(ranks), "--out", f"r{ranks}", "--on-finish",
                                    '"$KILN" export "$KILN_RUN_DIR" --table events --csv "$KILN_RUN_DIR/events.csv" '
                                    '--json "$KILN_RUN_DIR/events.jsonl" --force', "a.jsonl"])
            files.append([(self.folder / f"r{ranks}" / name).read_bytes() for name in ("events.csv", "events.jsonl")])
        self.assertTrue(all(one == files[0] for one in files[1:]))
        self.assertEqual([json.loads(line)["id"] for line in files[0][1].splitlines()], list(range(2000)))


if __name__ == "__main__":
    unittest.main()
