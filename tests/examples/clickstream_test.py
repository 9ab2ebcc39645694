"""clickstream: its figures against sums of Python's own, night after night, and checks that can fail."""

import collections
import csv
import gzip
import json
import os
import pathlib
import unittest

import h5py

from kiln_case import KilnCase

PROGRAM = pathlib.Path(os.environ["KILN"]).parent / "clickstream"
SMALL = ["--events", "4000", "--users", "300", "--malformed", "3"]


class Clickstream(KilnCase):
    def run_it(self, out, *words, code=0, workers=2):
        result = self.kiln(words=[str(PROGRAM), "--out", out, "-n", str(workers), "--progress", "none", *words], seconds=120)
        self.assertEqual(result.code, code, result.err + result.out)
        return result

    def generate(self, days=2, *more):
        self.run_it(f"made-{days}.kiln", "generate", "shop", "--days", str(days), *SMALL, *more)

    def column(self, out, name):
        with h5py.File(self.folder / out / "results.h5") as results:
            values = results[name][:].tolist()
        return [one.decode() if isinstance(one, bytes) else one for one in values]

    def truth(self, table):
        with open(self.folder / "shop/truth" / f"{table}.csv", newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def lines(self):
        """(file, offset, number, bytes) of each line, in order."""
        for path in sorted((self.folder / "shop/events").iterdir()):
            offset = 0
            for number, line in enumerate(path.read_bytes().splitlines(keepends=True), 1):
                yield path.name, offset, number, line
                offset += len(line)

    @staticmethod
    def event(line):
        """None where it is none: JSON as Python reads it, and the rules of the schema."""
        def once(pairs):
            if len({name for name, _ in pairs}) != len(pairs):
                raise ValueError("twice")
            return dict(pairs)
        try:
            one = json.loads(line.decode(), object_pairs_hook=once)
            numbers = isinstance(one["time"], int) and isinstance(one["user"], int) and 0 <= one["user"] < 2**64
            texts = all(isinstance(one[name], str) for name in ("kind", "page", "agent"))
            kind = one["kind"] == "view" or (one["kind"] == "purchase" and isinstance(one.get("cents"), int))
            numbers = numbers and one["time"] >= 0 and (one["kind"] == "view" or one["cents"] >= 0)
            return one if numbers and texts and kind else None
        except (ValueError, KeyError, TypeError):
            return None

    def test_the_figures_are_those_that_python_finds(self):
        self.generate()
        self.run_it("report.kiln", "report", "shop")
        bad, hours, pages, users = [], *(collections.defaultdict(lambda: [0, 0, 0]) for _ in range(3))
        with open(self.folder / "shop/users.csv", newline="", encoding="utf-8") as file:
            countries = {int(row["user"]): row["country"] for row in csv.DictReader(file)}
        for name, offset, number, line in self.lines():
            one = self.event(line)
            if one is None:
                bad.append((f"shop/events/{name}", offset, number))
            elif "bot" not in one["agent"] and "Spider" not in one["agent"]:
                done = (0, 1, one["cents"]) if one["kind"] == "purchase" else (1, 0, 0)
                for table, key in ((hours, one["time"] // 3600 * 3600), (pages, one["page"]), (users, one["user"])):
                    table[key] = [a + b for a, b in zip(table[key], done)]
        self.assertGreater(len(bad), 100)
        self.assertEqual(list(zip(*(self.column("report.kiln", f"rejected/{name}") for name in ("file", "offset", "line")))), bad)
        known = {user: done for user, done in users.items() if user in countries}
        self.assertLess(len(known), len(users))
        for table, key, wanted in (("hours", "hour", hours), ("pages", "page", pages), ("users", "user", known)):
            columns = [self.column("report.kiln", f"{table}/{name}") for name in (key, "views", "purchases", "cents")]
            self.assertEqual({one: list(rest) for one, *rest in zip(*columns)}, dict(wanted), table)
            self.assertEqual(len(columns[0]), len(wanted), table)
        top = sorted(pages, key=lambda page: (-pages[page][0], page))[:20]
        self.assertEqual(self.column("report.kiln", "top_pages/page"), top)
        of_countries = collections.Counter()
        for user, done in known.items():
            of_countries[countries[user]] += done[2]
        cents = self.column("report.kiln", "countries/cents")
        self.assertEqual(dict(zip(self.column("report.kiln", "countries/country"), cents)), dict(of_countries))

    def test_what_makes_no_sense_is_rejected(self):
        self.generate(1)
        (self.folder / "shop/truth/figures.csv").unlink()
        good = {"time": 0, "user": 1, "kind": "purchase", "page": "/", "agent": "x", "cents": 0}
        odd = [good | {"cents": -1}, good | {"time": -1}, good | {"cents": None}, good | {"kind": "look"}]
        events = next((self.folder / "shop/events").iterdir())
        events.write_text("".join(json.dumps(one) + "\n" for one in [good, *odd]))
        self.run_it("odd.kiln", "report", "shop")
        self.assertEqual(self.column("odd.kiln", "hours/purchases"), [1])
        self.assertEqual(self.column("odd.kiln", "rejected/line"), [2, 3, 4, 5])
        self.assertEqual(self.column("odd.kiln", "rejected/reason")[:2], ["a purchase of less than nothing", "a time before 1970"])

    def test_a_run_without_only_new_leaves_what_nights_have_kept(self):
        self.generate(2)
        report = ("report", "shop", "--export", "csv")
        self.run_it("nights.kiln", *report, "--only-new")
        self.assertIn("all done earlier", self.run_it("nights.kiln", *report).err)
        self.generate(3)
        third = self.run_it("nights.kiln", *report, "--only-new")
        self.assertNotIn("is lost", third.err)
        self.assertIn("going on: 2 of 3 units were done earlier", third.err)
        self.assertIn("check: good", third.out)

    def test_a_day_that_was_packed_is_still_right(self):
        self.generate(2)
        packed = self.folder / "shop/events/day-00001.jsonl"
        (packed.parent / (packed.name + ".gz")).write_bytes(gzip.compress(packed.read_bytes()))
        packed.unlink()
        self.assertIn("check: good", self.run_it("packed.kiln", "report", "shop", "--export", "csv").out)
        self.assertIn("shop/events/day-00001.jsonl.gz", self.column("packed.kiln", "rejected/file"))
        self.assertIn("check: good", self.run_it("check.kiln", "check", "packed.kiln", "shop").out)

    def test_a_packed_day_with_very_many_bad_lines_is_still_right(self):
        self.run_it("made.kiln", "generate", "shop", "--days", "1", "--events", "60000", "--users", "300", "--malformed", "20")
        packed = self.folder / "shop/events/day-00001.jsonl"
        (packed.parent / (packed.name + ".gz")).write_bytes(gzip.compress(packed.read_bytes(), 1))
        packed.unlink()
        self.assertIn("the run stops", self.run_it("few.kiln", "--max-rejected", "19%", "report", "shop", code=3).err)
        self.assertIn("check: good", self.run_it("packed.kiln", "report", "shop", "--export", "csv", "--max-rejected", "21%").out)
        self.assertEqual(len(self.column("packed.kiln", "rejected/line")), 10001)
        self.assertIn("check: good", self.run_it("check.kiln", "check", "packed.kiln", "shop").out)
        bad = self.truth("rejected")
        self.spoil("rejected", ",".join(bad[-1].values()) + "\n", "")  # not listed
        found = self.run_it("found.kiln", "check", "packed.kiln", "shop", code=1)
        self.assertEqual(self.column("found.kiln", "rejected_differs/row"), ["day-00001.jsonl"])
        self.spoil("rejected", ",".join(bad[3].values()) + "\n", "")
        found = self.run_it("more.kiln", "check", "packed.kiln", "shop", code=1)
        self.assertEqual(sorted(self.column("more.kiln", "rejected_differs/more")), [1, 2], found.out)

    def test_fewer_days_in_the_same_folder_are_fewer(self):
        for out, days in (("same.kiln", 2), ("same.kiln", 1), ("other.kiln", 3), ("third.kiln", 1)):
            self.run_it(out, "generate", "shop", "--days", str(days), *SMALL)
            self.assertEqual(len(list((self.folder / "shop/events").iterdir())), days)
            self.assertIn("check: good", self.run_it(f"{out}-{days}.report", "report", "shop").out)
        self.run_it("third.kiln", "generate", "shop", "--days", "1", *SMALL)
        for out, days in (("same.kiln", 2), ("other.kiln", 3)):  # all done earlier, and gone since
            said = self.run_it(out, "generate", "shop", "--days", str(days), *SMALL, code=3).err
            self.assertIn("shop does not hold any more what this run made there: --fresh makes it again", said)

    def test_a_folder_with_other_files_is_left_alone(self):
        (self.folder / "shop/events").mkdir(parents=True)
        for name in ("day-00009.jsonl", "mine.jsonl.gz"):
            mine = self.folder / "shop/events" / name
            mine.write_text("mine\n")
            said = self.run_it(f"{name}.kiln", "generate", "shop", "--days", "1", *SMALL, code=3).err
            self.assertIn(f"shop/events/{name} is none of the 1 days that are made here", said)
            self.assertEqual([path.name for path in (self.folder / "shop/events").iterdir()], [name])
            mine.unlink()

    def test_runs_beside_each_other_have_data_of_their_own(self):
        for out, days in (("a.kiln", 2), ("b.kiln", 1)):
            self.assertIn("check: good", self.run_it(out, "--days", str(days), *SMALL).out)
        self.assertIn("all done earlier", self.run_it("a.kiln/", "--days", "2", *SMALL).err)

    def test_a_second_night_reads_only_what_is_new(self):
        self.generate(2)
        nights = ("report", "shop", "--only-new", "--export", "csv")
        self.run_it("nights.kiln", *nights)
        self.run_it("check-1.kiln", "check", "nights.kiln", "shop")
        before = (self.folder / "shop/events/day-00001.jsonl").read_bytes()
        self.generate(3)
        self.assertEqual((self.folder / "shop/events/day-00001.jsonl").read_bytes(), before)
        second = self.run_it("nights.kiln", *nights, workers=3)
        self.assertIn("check: good", second.out)
        self.assertIn("going on: 2 of 3 units were done earlier", second.err)
        self.assertEqual(second.err.count("runs again"), 1, "said with the first of those behind")
        self.assertIn("check: good", self.run_it("check-2.kiln", "check", "nights.kiln", "shop").out)
        self.run_it("whole.kiln", "report", "shop", "--export", "csv")
        for table in ("hours", "pages", "top_pages", "users", "countries", "rejected"):
            one, other = ((self.folder / run / "export" / f"{table}.csv").read_bytes() for run in ("nights.kiln", "whole.kiln"))
            self.assertEqual(one, other, table)
        self.assertIn("all done earlier", self.run_it("nights.kiln", *nights).err)

    def spoil(self, table, old, new):
        path = self.folder / "shop/truth" / f"{table}.csv"
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new, 1))

    def test_a_truth_that_does_not_fit_is_seen(self):
        self.generate()
        self.run_it("report.kiln", "report", "shop", "--export", "csv")
        self.assertIn("check: good", self.run_it("good.kiln", "check", "report.kiln", "shop").out)
        bad = self.truth("rejected")[3]
        self.spoil("rejected", f"{bad['file']},{bad['offset']},{bad['line']}", f"{bad['file']},{int(bad['offset']) + 1},{bad['line']}")
        self.spoil("users", self.truth("users")[5]["country"], "XX")
        found = self.run_it("found.kiln", "check", "report.kiln", "shop", code=1).out
        self.assertIn("users: 2 rows are not in both\nrejected: 2 rows are not in both\ncheck: NOT GOOD\n", found)
        self.assertEqual(sorted(self.column("found.kiln", "rejected_differs/more")), [-1, 1])
        views = next(row["value"] for row in self.truth("figures") if row["name"] == "views")
        self.spoil("figures", f"views,{views}", f"views,{int(views) + 1}")
        said = self.run_it("again.kiln", "report", "shop", code=1).out
        self.assertIn(f"check: NOT GOOD: views {views}, truth {int(views) + 1}", said)
        self.spoil("figures", "views,", "vie,")
        self.assertIn("has no line 'views", self.run_it("none.kiln", "report", "shop", code=3).err)

    def test_what_is_missing_is_said(self):
        self.assertIn("generate FOLDER", self.run_it("words.kiln", "generate", code=2).err)
        self.assertIn("--malformed wants 0 to 50", self.run_it("much.kiln", "--malformed", "60", code=2).err)
        self.assertIn("shop/users.csv", self.run_it("no-folder.kiln", "report", "shop", code=3).err)
        self.generate(1)
        self.assertIn("--export csv", self.run_it("no-run.kiln", "check", "no.kiln", "shop", code=3).err)
        users = (self.folder / "shop/users.csv").rename(self.folder / "users.csv")
        self.assertIn("shop/users.csv", self.run_it("no-users.kiln", "report", "shop", code=3).err)
        users.rename(self.folder / "shop/users.csv")
        (self.folder / "shop/truth/figures.csv").unlink()
        self.assertNotIn("check", self.run_it("no-truth.kiln", "report", "shop").out)
        self.assertIn("no truth", self.run_it("no-check.kiln", "check", "no-truth.kiln", "shop", code=3).err)
        (self.folder / "shop/events/day-00001.jsonl").unlink()
        self.assertIn("shop/events/*.jsonl*", self.run_it("no-events.kiln", "report", "shop", code=3).err)


if __name__ == "__main__":
    unittest.main()
