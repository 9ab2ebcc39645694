#!/usr/bin/python3
"""Programs that read typed records: JSON lines and CSV over several ranks, rejected records and their limit."""

import gzip
import json
import math
import unittest

from program_case import ProgramCase


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


if __name__ == "__main__":
    unittest.main()
