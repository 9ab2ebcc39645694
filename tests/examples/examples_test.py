"""The example programs: each holds its own check, gives the same bits on any number of workers, and after being killed."""

import csv
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import unittest

import h5py

from kiln_case import KilnCase
from same_results import content_of, differences

PROGRAMS = pathlib.Path(os.environ["KILN"]).parent
SEED = int(os.environ.get("KILN_TEST_SEED", "7"))

# Small enough for a test; each still gives several batches.
SMALL = {
    "montecarlo": ["--paths", "20000", "--scenarios", "400000"],
    "sensors": ["--years", "2", "--sensors", "24"],
    "kmeans": ["--rows", "120000"],
    "tiles": ["--size", "768"],
    "wordcount": [],
    "signup": ["--signups", "20000"],
    "terasort": [],
    "clickstream": ["--events", "6000", "--users", "500", "--malformed", "2"],
}


def bytes_of(text):
    """What stands for it in a table, as docs/file-format.md says."""
    found = re.split(r"(\\\\|\\x[0-9A-F]{2})", text) if re.search(r"\\x[0-9A-F]{2}", text) else [text]
    return b"".join(one.encode() if i % 2 == 0 else b"\\" if one == "\\\\" else bytes.fromhex(one[2:]) for i, one in enumerate(found))


class Examples(KilnCase):
    def program(self, name, out, workers, *more):
        return [str(PROGRAMS / name), "--out", str(self.folder / out), "-n", str(workers), "--progress", "none", *SMALL[name],
                *more]

    def content(self, out):
        """Everything in results.h5 that must not depend on how the run went."""
        found = content_of(self.folder / out / "results.h5")
        self.assertTrue(found)
        if "rejected/file" in found:  # in data of the run's own, which are called after it
            of, shape, names = found["rejected/file"]
            found["rejected/file"] = of, shape, [name.replace(f"{out}.".encode(), b"") for name in names]
        return found

    def expect_same(self, one, other, what):
        self.assertEqual(differences(one, other), [], what)

    def undisturbed(self, name, workers=2):
        result = self.kiln(words=self.program(name, "whole.kiln", workers), seconds=120)
        self.assertEqual(result.code, 0, result.err)
        self.assertIn("check: good", result.out)
        return self.content("whole.kiln")

    def killed_and_resumed(self, name, workers, chance):
        """Kills all of a run once some entries are in its journal, and goes on with another number of workers."""
        out = f"killed-{workers}.kiln"
        wanted = chance.randint(3, 8)
        run = self.start(words=self.program(name, out, workers, "--checkpoint-every", "20ms"))
        directory = self.folder / out
        self.wait_for(lambda: run.ended() or len(self.entries(directory)) >= wanted, "the journal grows")
        for pid in sorted(self.processes(), reverse=True):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        run.wait()
        self.expect_nobody()
        result = self.kiln(words=self.program(name, out, chance.choice([1, 2, 3])), seconds=120)
        self.assertEqual(result.code, 0, result.err)
        return self.content(out)

    def check(self, name):
        whole = self.undisturbed(name)
        chance = random.Random(f"{SEED} {name}")
        for workers in (1, 3, 7):
            out = f"on-{workers}.kiln"
            result = self.kiln(words=self.program(name, out, workers), seconds=120)
            self.assertEqual(result.code, 0, result.err)
            self.expect_same(whole, self.content(out), f"{workers} workers")
        for workers in (2, 3):
            self.expect_same(whole, self.killed_and_resumed(name, workers, chance), f"killed with {workers} workers, resumed")

    def test_numbers_that_make_no_sense_are_refused(self):
        for name, words in {"montecarlo": ["--paths", "0"], "kmeans": ["--clusters", "0"], "tiles": ["--tile", "0"],
                            "sensors": ["--years", "0"]}.items():
            result = self.kiln(words=self.program(name, f"no-{name}.kiln", 2, *words))
            self.assertEqual(result.code, 2, result.err)
            self.assertIn(f"{words[0]} ", result.err)
            self.assertIn("at least", result.err)

    def test_montecarlo(self):
        self.check("montecarlo")

    def test_sensors(self):
        self.check("sensors")

    def test_kmeans(self):
        self.check("kmeans")

    def test_tiles(self):
        self.check("tiles")

    def test_wordcount(self):
        self.check("wordcount")

    def test_signup(self):
        self.check("signup")

    def test_clickstream(self):
        self.check("clickstream")

    def test_a_program_that_is_explained_runs_nothing(self):
        result = self.kiln(words=self.program("signup", "explained.kiln", 2, "--explain"))
        self.assertEqual(result.code, 0, result.err)
        for text in ("4 stages;", "stage 0 'signup'", "range(200) | flat_map -> copy<2>#1.0", "copy<2>#1.0 | filter -> split<2>#2.0",
                     "-> shard(number, 8)", "stage 3 'signup: behind reduce_by_key', behind 0", "Nothing was run."):
            self.assertIn(text, result.out)
        self.assertFalse((self.folder / "explained.kiln").exists())

    def test_the_log_says_what_a_large_stage_shuffles(self):
        result = self.kiln(words=self.program("signup", "logged.kiln", 1, "--progress", "log"))
        self.assertEqual(result.code, 0, result.err)
        line = next(line for line in result.err.splitlines() if "stage 0 'signup'" in line)
        self.assertTrue(line.endswith("more (--explain), through files by shard(number, 8), join(1 units), "
                                      "reduce_by_key(sum of unsigned integers)"), line)

    def test_terasort(self):
        self.check("terasort")

    def terasort(self, out, *words, workers=2):
        return self.kiln(words=self.program("terasort", out, workers, *words), seconds=120)

    def test_terasort_sorts_as_python_does(self):
        chance = random.Random(SEED)
        keys = [bytes(chance.choices(range(256), k=10)) for _ in range(3000)]
        for name, count in (("none", 0), ("one", 1), ("equal", 5000), ("some", 30_000)):
            chosen = keys[:1] if name == "equal" else keys  # so that equal keys keep the order of their records
            records = [chance.choice(chosen) + b"%090d" % number for number in range(count)]
            (self.folder / name).write_bytes(b"".join(records))
            result = self.terasort(f"{name}.kiln", "sort", name, f"{name}.sorted")
            self.assertEqual(result.code, 0, result.err)
            self.assertEqual((self.folder / f"{name}.sorted").read_bytes(), b"".join(sorted(records, key=lambda one: one[:10])), name)
            self.assertFalse((self.folder / f"{name}.sorted.part").exists())

    def test_terasort_generates_and_validates(self):
        result = self.terasort("made.kiln", "generate", "25000", "made")
        self.assertEqual(result.code, 0, result.err)
        checksum = result.out.split("checksum ")[1].split(",")[0]
        self.assertEqual((self.folder / "made").stat().st_size, 2_500_000)
        self.assertEqual(self.terasort("wrong.kiln", "validate", "made").code, 1)
        self.assertEqual(self.terasort("sorted.kiln", "sort", "made", "made.sorted").code, 0)
        self.assertEqual(self.terasort("good.kiln", "validate", "made.sorted", "--checksum", checksum).code, 0)
        other = self.terasort("other.kiln", "validate", "made.sorted", "--checksum", "1")
        self.assertEqual(other.code, 1)
        self.assertIn("not the records with checksum 1", other.out)

    def test_terasort_refuses_what_is_no_file_of_records(self):
        (self.folder / "cut").write_bytes(bytes(1050))
        result = self.terasort("cut.kiln", "sort", "cut", "cut.sorted")
        self.assertEqual(result.code, 3, result.err)
        self.assertIn("has 1050 bytes: 10 records of 100 bytes, and 50 bytes more", result.err)
        self.assertEqual(self.terasort("words.kiln", "sort", "cut").code, 2)

    def test_terasort_says_that_what_it_wrote_is_gone(self):
        for words in (["generate", "1000", "made"], ["sort", "made", "made.sorted"]):
            out = words[0] + ".kiln"
            self.assertEqual(self.terasort(out, *words).code, 0)
            self.assertEqual(self.terasort(out, *words).code, 0, "all done earlier")
            made = self.folder / words[-1]
            kept = made.read_bytes()
            for what, change in (("is gone", made.unlink), ("has changed", lambda: made.write_bytes(b"x"))):
                change()
                result = self.terasort(out, *words)
                self.assertEqual(result.code, 3, result.err)
                self.assertIn(f"{words[-1]} {what} since this run wrote it: --fresh begins anew and writes it again", result.err)
            self.assertEqual(self.terasort(out, "--fresh", *words).code, 0)
            self.assertEqual(made.read_bytes(), kept)

    def test_programs_in_one_folder_have_data_of_their_own(self):
        for name in ("terasort", "wordcount", "kmeans", "sensors", "tiles"):
            runs = [self.start(words=self.program(name, f"{name}-{i}.kiln", 1)) for i in range(2)]
            for run in runs:
                result = run.wait()
                self.assertEqual(result.code, 0, result.err)
        beside = {path.name for path in self.folder.iterdir() if path.is_file()}
        for i in range(2):
            for name in (f"terasort-{i}.kiln.sorted-0", f"wordcount-{i}.kiln.text-0.txt", f"kmeans-{i}.kiln.points-120000.h5",
                         f"sensors-{i}.kiln.readings-24x17532.h5", f"tiles-{i}.kiln.png"):
                self.assertIn(name, beside)

    def test_wordcount_counts_words_of_a_line_of_any_length(self):
        (self.folder / "line.txt").write_bytes(b"alpha beta " * 6_500_000)
        result = self.kiln(words=self.program("wordcount", "line.kiln", 2, "--top", "2", "line.txt"), seconds=120)
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(result.out, "13000000 words, 2 different ones\n   6500000 alpha\n   6500000 beta\n")

    def test_wordcount_says_that_a_word_is_too_long(self):
        with open(self.folder / "word.txt", "wb") as file:
            file.write(b"one ")
            file.truncate((64 << 20) + 100)
            file.seek(0, os.SEEK_END)
            file.write(b" two two\n")
        result = self.kiln(words=self.program("wordcount", "word.kiln", 2, "--top", "0", "word.txt"), seconds=120)
        self.assertEqual(result.code, 1, result.err)
        self.assertEqual(result.out, "3 words, 2 different ones\nNOT counted: 1 of more than 64 MiB (kiln results --table rejected)\n")
        with h5py.File(self.folder / "word.kiln" / "results.h5") as results:
            self.assertEqual(results["rejected/offset"][:].tolist(), [4])

    def test_terasort_begins_no_file_for_an_input_that_is_none(self):
        result = self.terasort("none.kiln", "sort", "missing", "none.sorted")
        self.assertEqual(result.code, 3, result.err)
        self.assertIn("missing cannot be read", result.err)
        self.assertFalse((self.folder / "none.sorted.part").exists())

    def test_terasort_refuses_a_place_where_it_cannot_write(self):
        (self.folder / "in").write_bytes(bytes(1000))
        (self.folder / "there").mkdir()
        for out, why in (("gone/x", "cannot open gone/x.part: No such file or directory"), ("there", "cannot write there: Is a directory")):
            result = self.terasort("place.kiln", "sort", "in", out)
            self.assertEqual(result.code, 3, result.err)
            self.assertIn(why, result.err)
        self.assertEqual(self.terasort("made.kiln", "generate", "10", "gone/x").code, 3)

    def test_terasort_looks_at_the_checksum_first(self):
        result = self.terasort("zz.kiln", "validate", "missing", "--checksum", "zz")
        self.assertEqual(result.code, 2, result.err)
        self.assertIn("'zz' is no checksum", result.err)

    def test_wordcount_counts_as_the_shell_does(self):
        chance = random.Random(SEED)
        words = [bytes(chance.choices(range(33, 127), k=chance.randint(1, 30))) for _ in range(500)]
        for name in ("a.txt", "b.txt"):
            parts = [chance.choice(words) + chance.choice([b" ", b"\n", b"\t", b"\r\n", b"\v", b"\f ", b"  "]) for _ in range(20_000)]
            (self.folder / name).write_bytes(b"".join(parts).strip() + (b"\n" if name == "a.txt" else b""))
        headers = sorted(pathlib.Path("/usr/include").glob("*.h"))  # real text
        (self.folder / "c.txt").write_bytes(b"".join(header.read_bytes() for header in headers))
        script = r"cat a.txt <(echo) b.txt <(echo) c.txt | LC_ALL=C tr -s '[:space:]' '\n' | grep -a . | LC_ALL=C sort | uniq -c"
        counted = subprocess.run(["bash", "-c", script], cwd=self.folder, capture_output=True, check=True).stdout
        expected = [(int(line.split()[0]), line.split()[1]) for line in counted.splitlines()]
        expected.sort(key=lambda one: (-one[0], one[1]))
        result = self.kiln(words=self.program("wordcount", "shell.kiln", 2, "--top", "2", "a.txt", "b.txt", "c.txt"))
        self.assertEqual(result.code, 0, result.err)
        self.assertIn(f"{sum(count for count, _ in expected)} words, {len(expected)} different ones", result.out)
        with h5py.File(self.folder / "shell.kiln" / "results.h5") as results:
            table = results["/results"]
            found = list(zip(table["count"][:].tolist(), map(bytes_of, table["word"].asstr()[:])))
        self.assertEqual(found, expected)
        lines = "".join(f"{count:10} {word.decode()}\n" for count, word in expected[:2])
        self.assertTrue(result.out.endswith(lines), result.out)

    def test_words_of_any_bytes_stay_different_in_every_table(self):
        words = [rb"\xff\xff", rb"\xFF" + b"\xff", b"\xff\xff", rb"\xFF\xFF", b"\\\xff", b"\0", rb"\x00", rb"C:\new", "grün".encode()]
        (self.folder / "odd.txt").write_bytes(b"\n".join(words) + b"\n")
        result = self.kiln(words=self.program("wordcount", "odd.kiln", 1, "--export", "csv,json", "odd.txt"))
        self.assertEqual(result.code, 0, result.err)

        with h5py.File(self.folder / "odd.kiln" / "results.h5") as results:
            table = results["/results"]
            texts = [text.decode() for text in table["word"][:]]
            flags = dict(zip(texts, table["word_escaped"][:].tolist()))
        self.assertEqual(sorted(map(bytes_of, texts)), sorted(words))
        self.assertEqual({text for text in flags if not flags[text]}, {rb"\xff\xff".decode(), rb"C:\new".decode(), "grün"})
        export = self.folder / "odd.kiln" / "export"
        with open(export / "results.csv", newline="") as file:
            self.assertEqual([row["word"] for row in csv.DictReader(file)], texts)
        with open(export / "results.jsonl") as file:
            self.assertEqual([json.loads(line)["word"] for line in file], texts)

    def test_wordcount_says_how_many_it_can_show(self):
        result = self.kiln(words=self.program("wordcount", "many.kiln", 1, "--top", "1001"))
        self.assertEqual(result.code, 2, result.err)
        self.assertIn("--top takes 0 to 1000", result.err)


if __name__ == "__main__":
    unittest.main()
