#!/usr/bin/python3
"""Programs that read typed records: JSON lines and CSV over several ranks, rejected records and their limit."""

import gzip
import json
import math
import shutil
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

    def test_the_last_words_count_rejected_records(self):
        lines = ["oops" if i % 7 == 0 else json.dumps(event) for i, event in enumerate(self.events(70))]
        self.write("a.jsonl", "\n".join(lines) + "\n")
        for ranks in (1, 2, 2):  # the last one finds all done
            said = self.run_program("--out", f"r{ranks}", "a.jsonl", ranks=ranks).err
            self.assertIn(f"kiln: 10 records were rejected; see them: kiln results --table rejected r{ranks}\n", said)
        self.expect(0, "results", "--table", "rejected", "r2")
        self.write("b.jsonl", lines[1] + "\n")
        self.assertNotIn("rejected", self.run_program("--out", "clean", "b.jsonl").err)

    def test_all_rejected_records_of_a_unit_are_counted(self):
        lines = b"oops\n" * 30000 + b'{"id": 1, "value": 1, "name": ""}\n'
        self.write("plain.jsonl", lines)
        self.write("packed.jsonl.gz", gzip.compress(lines))
        rows = "id,name,value\n" + 29998 * "oops,,\n" + '"oops\n",,\n' + "oops,,\n1,,1\n"
        self.write("several.csv", rows)
        for words in (("--split", "1048576", "plain.jsonl"), ("packed.jsonl.gz",), ("--csv", "--multiline", "several.csv")):
            out = "of-" + words[-1]
            for most, which in (("20000", "30,000 records were"), ("99%", "30,000 of 30,0")):
                said = self.run_program("--out", out, "--max-rejected", most, *words, ranks=2, code=3).err
                self.assertIn(which, said)
                self.assertRegex(said, r"most of them are in .*: 30,000\n")
            printed = ""
            for ranks in (1, 3):  # then all is done earlier
                done = self.run_program("--out", out, "--max-rejected", "30000", *words, ranks=ranks)
                self.assertIn("kiln: 30,000 records were rejected; see them", done.err)
                printed += done.out
            self.assertIn("rejected 30000\n", printed)
            self.assertEqual(self.run_program("--verify", "--out", "again", *words).out, printed)
            shutil.rmtree(self.folder / "again")
            rejected = self.table(self.folder / out, group="rejected")
            self.assertEqual((len(rejected["count"]), sum(rejected["count"])), (10001, 30000))
            self.assertEqual(self.table(self.folder / out, group="stages")["rejected"], [30000])
            self.assertEqual(json.loads(self.expect(0, "results", out, "--json").out)["stages"][0]["rejected"], 30000)

    def test_the_text_of_a_record_is_kept(self):
        long = ["x" * size for size in (201, 65536, 65537, 10000)]
        self.write("a.jsonl", "\n".join(long) + "\n" + ("y" * 60000 + "\n") * 30)
        self.run_program("--out", "r", "--split", "4194304", "a.jsonl")
        kept = [len(text) for text in self.table(self.folder / "r", group="rejected")["record"]]
        self.assertEqual(kept[:4], [201, 65536, 65536, 10000])
        self.assertEqual(kept[4:], [60000] * 16 + [200] * 14, "1 MiB of a unit, then the begin")

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
        # The last unit does not end before "go" is there.
        result = self.start(words=self.words_of("--out", "r", "--batch", "1", "--split", "10", "--checkpoint-every", "1ms",
                                                "--max-rejected", "0", "--grace", "100ms", "a.jsonl", ranks=3)).wait()
        self.assertEqual(result.code, 3, result.err)
        self.assertRegex(result.err, r"not run")

    def test_a_share_of_what_was_read(self):
        self.spoil()  # 26 of 2,300 lines: 1.13 %
        clean = self.run_program("--out", "clean", "?.jsonl").out
        for ranks in (1, 2, 4):
            often = ("--out", f"r{ranks}", "--batch", "1", "--checkpoint-every", "20ms")
            for _ in range(2):
                said = self.run_program(*often, "--max-rejected", "1.1%", "?.jsonl", ranks=ranks, code=3).err
                self.assertIn("stage 'records': 26 of 2,300 records were rejected, and --max-rejected allows 1.1%", said)
                self.assertIn("most of them are in b.jsonl: 25", said)
                self.assertNotIn("not run", said, "a share is judged when all is read")
            again = self.run_program(*often, "--max-rejected", "1.2%", "?.jsonl", ranks=ranks)
            self.assertEqual(again.out, clean)

    def test_a_share_of_many_stops_before_all_is_read(self):
        lines = ["oops"] * 110_000 + [json.dumps({"id": 1, "value": 1, "name": "wait"})]
        self.write("a.jsonl", "\n".join(lines) + "\n")
        # The last unit does not end before "go" is there.
        running = self.start(words=self.words_of("--out", "r", "--batch", "1", "--checkpoint-every", "1ms", "--max-rejected", "50%",
                                                 "--grace", "100ms", "a.jsonl", ranks=3))
        result = running.wait()
        self.assertEqual(result.code, 3, result.err)
        self.assertRegex(result.err, r"of 1[01][0-9],[0-9]{3} records were rejected, and --max-rejected allows 50%")

    def test_a_limit_that_is_none(self):
        for word in ("few", "%", "-1%", "101%", "5%%", "1e2%", "-1", "nan%"):
            said = self.run_program(f"--max-rejected={word}", "a.jsonl", code=2).err
            self.assertIn(f"--max-rejected does not take '{word}'; accepted: a number of records from 0 (10), a share", said)


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


    def test_files_that_were_read_may_be_archived(self):
        words = ("--csv", "--out", "days", "--only-new", "in/*.csv")
        (self.folder / "in").mkdir()
        for night in range(3):
            self.write(f"in/day-{night}.csv", "id,name,value\n" + "".join(f"{100 * night + i},n,{i}\n" for i in range(100)))
            done = self.run_program(*words, ranks=night + 1)
            self.assertEqual(float.fromhex(done.out.split()[0]), (night + 1) * sum(range(100)))
            (self.folder / f"in/day-{night}.csv").rename(self.folder / f"day-{night}.csv")
        self.assertEqual(self.table(self.folder / "days", group="events")["id"], list(range(300)))
        self.assertIn("all done earlier", self.run_program(*words).err, "nothing matches the pattern any more")
        without = self.run_program(*(word for word in words if word != "--only-new"), code=3).err
        self.assertIn("no file matches 'in/*.csv'", without)
        self.write("in/day-0.csv", "id,name,value\n1,n,1\n")
        self.assertIn("in/day-0.csv changed since this run first read it", self.run_program(*words, code=3).err)
        (self.folder / "in/day-0.csv").unlink()
        self.write("in/day-3.csv", "id,name,value\n1,n,1\n")
        without = self.run_program(*(word for word in words if word != "--only-new"), code=3).err
        self.assertIn("is not among the input files any more", without)
        self.assertIn("--only-new, which keeps what it gave", without)
        self.assertIn("going on: 3 of 4 units were done earlier", self.run_program(*words).err)

    def test_a_stage_that_has_to_read_all_again_needs_archived_files(self):
        words = ("--out", "days", "--only-new", "in/*.csv")
        (self.folder / "in").mkdir()
        self.write("in/a.csv", "id,name,value\n1,n,1\n")
        self.run_program("--csv", *words)
        (self.folder / "in/a.csv").rename(self.folder / "a.csv")
        self.write("in/b.csv", "id,name,value\n2,n,1\n")
        said = self.run_program("--csv", "--multiline", *words, code=3).err
        self.assertIn("in/a.csv was read by earlier runs and is gone", said)
        self.run_program("--csv", *words)
        self.assertEqual(self.table(self.folder / "days", group="events")["id"], [1, 2], "nothing was lost")


class Export(RecordCase):
    NAMES = ("events.csv", "events.jsonl", "rejected.csv", "rejected.jsonl")

    def setUp(self):
        super().setUp()
        self.write("a.jsonl", "\n".join(json.dumps(event) for event in self.events(2000)) + "\nbad\n")

    def files(self, out):
        return [(self.folder / out / "export" / name).read_bytes() for name in self.NAMES]

    def test_the_files_are_those_of_kiln_export_whatever_the_ranks(self):
        files = []
        for ranks in (1, 2, 4):
            self.run_program("--out", f"r{ranks}", "--export", "csv,json", "a.jsonl", ranks=ranks)
            files.append(self.files(f"r{ranks}"))
        self.assertTrue(all(one == files[0] for one in files[1:]))
        self.assertEqual([json.loads(line)["id"] for line in files[0][1].splitlines()], list(range(2000)))
        for table in ("events", "rejected"):
            self.expect(0, "export", "r2", "--table", table, "--csv", f"{table}.csv", "--json", f"{table}.jsonl")
        self.assertEqual([(self.folder / name).read_bytes() for name in self.NAMES], files[0])

    def test_a_run_that_has_ended_writes_them_too_and_fresh_takes_them_away(self):
        self.run_program("--out", "r", "a.jsonl")
        self.assertFalse((self.folder / "r/export").exists())
        self.assertIn("all done earlier", self.run_program("--out", "r", "--export", "json", "a.jsonl").err)
        self.assertEqual(sorted(path.name for path in (self.folder / "r/export").iterdir()), ["events.jsonl", "rejected.jsonl"])
        self.run_program("--out", "r", "--fresh", "a.jsonl")
        self.assertFalse((self.folder / "r/export").exists())

    def test_what_cannot_be_written_is_said_and_the_run_is_kept(self):
        self.run_program("--out", "r", "a.jsonl")
        self.write("r/export", "in the way")
        said = self.run_program("--out", "r", "--export", "csv", "a.jsonl", code=3).err
        self.assertIn("--export: cannot make r/export: File exists", said)
        self.assertEqual(self.table(self.folder / "r", group="events")["id"], list(range(2000)))
        (self.folder / "r/export").unlink()
        self.run_program("--out", "r", "--export", "csv", "a.jsonl")

    def test_a_format_that_is_none(self):
        said = self.run_program("--export", "xml", "a.jsonl", code=2).err
        self.assertIn("--export does not take 'xml'; accepted: csv, json, csv,json, none", said)

    def test_a_table_without_rejected_records_has_a_file_for_them(self):
        self.write("a.jsonl", json.dumps(self.events(1)[0]) + "\n")
        self.run_program("--out", "r", "--export", "csv", "a.jsonl")
        self.assertEqual((self.folder / "r/export/rejected.csv").read_text(),
                         "stage,unit,file,offset,line,record,reason,count\n")


if __name__ == "__main__":
    unittest.main()
