#!/usr/bin/python3
"""kiln export: CSV, GNU Parallel's joblog, HDF5, files of output; complete or not at all."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import unittest

import h5py

from kiln_case import KilnCase

ODD = [b"printf 'a,\"b\"\\nc\\r\\n'", b"printf '\\xff\\xfe\\0z'", b"echo \xff\xfe '\xc3\xbc'", b"echo '-n' --leading; exit 2",
       b"echo   two  'blanks  '", b"printf \"%s\\t\" tab\ttab", b"echo '=1+2'", b"true"]


class Formats(KilnCase):
    def test_odd_bytes_come_back_from_every_format(self):
        self.write_tasks(ODD)
        self.expect(1, "run", "-n", "2", "tasks.txt")
        self.expect(0, "export", "--csv", "o.csv", "--joblog", "o.log", "--hdf5", "o.h5", "--output-dir", "o", "tasks.kiln")
        outputs = [subprocess.run(["bash", "-c", line], capture_output=True).stdout for line in ODD]
        shown = [self.as_text(raw) for raw in outputs]
        with open(self.folder / "o.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([row["stdout"] for row in rows], shown)
        self.assertEqual([row["command"] for row in rows], [self.as_text(line) for line in ODD])
        objects = [json.loads(line) for line in self.expect(0, "results", "--json", "tasks.kiln").out.splitlines()]
        self.assertEqual([one["stdout"] for one in objects], shown)
        with h5py.File(self.folder / "o.h5") as file:
            self.assertEqual(list(file["output/stdout"].asstr()[:]), shown)
            self.assertEqual(list(file["units/command"].asstr()[:]), [self.as_text(line) for line in ODD])
        log = (self.folder / "o.log").read_bytes().split(b"\n")[1:-1]
        self.assertEqual([line.split(b"\t", 8)[8] for line in log], ODD)
        self.assertEqual([int(line.split(b"\t")[5]) for line in log], [len(raw) for raw in outputs])
        for unit, raw in enumerate(outputs):
            self.assertEqual((self.folder / "o" / f"{unit:06}.out").read_bytes(), raw)
            self.assertEqual((self.folder / "o" / f"{unit:06}.err").read_bytes(), b"")
        self.assertEqual(len(os.listdir(self.folder / "o")), 2 * len(ODD))

    @staticmethod
    def as_text(raw):
        """As kiln shows bytes that are no text."""
        text = raw.decode("utf-8", "surrogateescape").replace("\0", "\udc00")
        return "".join(f"\\x{ord(c) - 0xdc00:02X}" if 0xdc00 <= ord(c) < 0xdd00 else c for c in text)

    def test_csv_is_what_results_shows(self):
        self.marking_tasks(20)
        self.expect(0, "run", "-n", "2", "tasks.txt")
        shown = self.expect(0, "results", "--csv", "tasks.kiln").raw
        self.assertEqual(self.expect(0, "export", "--csv", "-", "tasks.kiln").raw, shown)
        self.expect(0, "export", "--csv", "x.csv", "tasks.kiln")
        self.assertEqual((self.folder / "x.csv").read_bytes(), shown)

    @unittest.skipUnless(shutil.which("parallel"), "GNU Parallel is not installed")
    def test_the_joblog_is_that_of_gnu_parallel(self):
        lines = [b"true", b"exit 3", b"kill -9 $$", b"printf hello", b"printf 'a\\nb'; echo tab\there >&2",
                 b"echo \xff 'x  y'"]
        self.write_tasks(lines)
        self.expect(1, "run", "-n", "2", "tasks.txt")
        self.expect(0, "export", "--joblog", "ours", "tasks.kiln")
        with open(self.tasks_file, "rb") as tasks:
            subprocess.run(["parallel", "-j1", "--joblog", "theirs"], stdin=tasks, capture_output=True, cwd=self.folder,
                           env={**self.environment, "HOME": str(self.folder)})
        ours, theirs = ((self.folder / name).read_bytes().split(b"\n") for name in ("ours", "theirs"))
        self.assertEqual(ours[0], theirs[0])
        self.assertEqual(len(ours), len(theirs))
        for mine, its in zip(ours[1:-1], theirs[1:-1]):
            mine, its = mine.split(b"\t", 8), its.split(b"\t", 8)
            if its[6] == b"137":  # how GNU Parallel since 2024 says that SIGKILL ended it
                its[6:8] = [b"0", b"9"]
            for column in (0, 4, 5, 6, 7, 8):  # host and times differ by nature
                self.assertEqual(mine[column], its[column])
            for column in (2, 3):
                self.assertEqual(re.sub(rb"[0-9]", b"9", mine[column])[-4:], re.sub(rb"[0-9]", b"9", its[column])[-4:])
                self.assertEqual(len(mine[column]), len(its[column]))

    @unittest.skipUnless(shutil.which("parallel"), "GNU Parallel is not installed")
    def test_gnu_parallel_goes_on_from_our_joblog(self):
        self.write_tasks([f"echo {i} >> again; test {i} -ne 1" for i in range(4)])
        self.expect(1, "run", "-n", "1", "tasks.txt")
        self.expect(0, "export", "--joblog", "log", "tasks.kiln")
        (self.folder / "again").unlink()
        with open(self.tasks_file, "rb") as tasks:
            subprocess.run(["parallel", "-j1", "--resume-failed", "--joblog", "log"], stdin=tasks, capture_output=True,
                           cwd=self.folder, env={**self.environment, "HOME": str(self.folder)})
        self.assertEqual((self.folder / "again").read_text(), "1\n")

    def test_filters_hold_for_every_format(self):
        self.write_tasks([f"echo {i}; exit {i % 3}" for i in range(9)])
        self.expect(1, "run", "-n", "2", "tasks.txt")
        self.expect(0, "export", "--where", "exit_code==2", "--csv", "o.csv", "--joblog", "o.log", "--hdf5", "o.h5",
                    "--output-dir", "o", "tasks.kiln")
        units = [2, 5, 8]
        rows = list(csv.DictReader(io.StringIO((self.folder / "o.csv").read_text())))
        self.assertEqual([int(row["unit"]) for row in rows], units)
        self.assertEqual([int(line.split("\t")[0]) - 1 for line in (self.folder / "o.log").read_text().splitlines()[1:]],
                         units)
        self.assertEqual(sorted(os.listdir(self.folder / "o")), [f"{u:06}.{s}" for u in units for s in ("err", "out")])
        with h5py.File(self.folder / "o.h5") as file:
            self.assertEqual(list(file["units/id"][:]), units)
            self.assertEqual(list(file["output/stdout"].asstr()[:]), [f"{u}\n" for u in units])
            self.assertEqual(list(file["dead_letters/unit"][:]), units)
            self.assertEqual(file.attrs["selected"], 3)
            self.assertEqual(file.attrs["units"], 9)
        self.expect(0, "export", "--failed", "--hdf5", "f.h5", "tasks.kiln")
        with h5py.File(self.folder / "f.h5") as file:
            self.assertEqual(list(file["units/id"][:]), [1, 2, 4, 5, 7, 8])
        self.expect(0, "export", "--hdf5", "all.h5", "tasks.kiln")
        with h5py.File(self.folder / "all.h5") as file:
            self.assertEqual(len(file["units/id"]), 9)


class Places(KilnCase):
    def setUp(self):
        super().setUp()
        self.write_tasks(["echo hello", "echo world"])
        self.expect(0, "run", "-n", "1", "tasks.txt")

    def names(self):
        return sorted(name for name in os.listdir(self.folder)
                      if name not in ("tmp", "tasks.txt", "tasks.kiln") and not name.startswith(("out-", "err-")))

    def test_what_is_there_stays(self):
        for option in ("--csv", "--joblog", "--hdf5"):
            (self.folder / "mine").write_text("mine")
            result = self.expect(3, "export", option, "mine", "tasks.kiln")
            self.assertIn("--force", result.err)
            self.assertEqual((self.folder / "mine").read_text(), "mine")
            self.expect(0, "export", "--force", option, "mine", "tasks.kiln")
            self.assertNotEqual((self.folder / "mine").read_bytes()[:4], b"mine")
        self.assertEqual(self.names(), ["mine"])

    def test_a_directory_of_others_is_not_touched(self):
        (self.folder / "mine").mkdir()
        (self.folder / "mine/file").touch()
        for force in ((), ("--force",)):
            result = self.expect(3, "export", *force, "--output-dir", "mine", "tasks.kiln")
            self.assertIn("not an empty directory", result.err)
        self.assertEqual(os.listdir(self.folder / "mine"), ["file"])
        (self.folder / "empty").mkdir()
        self.expect(0, "export", "--output-dir", "empty/", "tasks.kiln")
        self.assertEqual((self.folder / "empty/000001.out").read_text(), "world\n")
        self.assertEqual(self.names(), ["empty", "mine"])

    def test_places_that_cannot_be(self):
        for option in ("--csv", "--joblog", "--hdf5", "--output-dir"):
            result = self.expect(3, "export", option, "no/such/place", "tasks.kiln")
            self.assertIn("no/such/place", result.err)
            self.assertIn(option, result.err)
            self.expect(3, "export", option, "tasks.txt/x", "tasks.kiln")
        self.expect(3, "export", "--csv", "tasks.kiln", "tasks.kiln")
        for words in ((), ("--hdf5", "-"), ("--output-dir", "-"), ("--csv", "-", "--joblog", "-"), ("--csv", "")):
            self.expect(2, "export", *words, "tasks.kiln")
        self.assertEqual(self.names(), [])

    def test_one_that_fails_leaves_nothing_of_all(self):
        self.expect(3, "export", "--csv", "a.csv", "--joblog", "a.log", "--output-dir", "no/where", "tasks.kiln")
        self.assertEqual(self.names(), [])
        self.expect(2, "export", "--csv", "a.csv", "--where", "nonsense==1", "tasks.kiln")
        self.assertEqual(self.names(), [])

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
    def test_a_full_device(self):
        result = self.expect(3, "export", "--csv", "/dev/full", "tasks.kiln")
        self.assertIn("No space left on device", result.err)
        with open("/dev/full", "wb") as full:
            done = subprocess.run(self.words("export", "--csv", "-", "tasks.kiln"), cwd=self.folder, stdout=full,
                                  stderr=subprocess.PIPE, env=self.environment)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"standard output", done.stderr)

    def test_a_limit_of_file_size(self):
        self.write_tasks(["head -c 60000 /dev/zero | tr '\\0' x"] * 20)
        self.expect(0, "run", "-n", "1", "--out", "large.kiln", "tasks.txt")
        for option in ("--csv", "--hdf5", "--output-dir"):
            size = "20" if option == "--output-dir" else "200"
            words = ["bash", "-c", f"trap '' XFSZ; ulimit -f {size}; exec \"$@\"", "bash",
                     *self.words("export", option, "large", "large.kiln")]
            result = self.kiln(words=words)
            self.assertEqual(result.code, 3, result.err)
            self.assertIn("File too large", result.err)
            self.assertEqual(self.names(), ["large.kiln"])

    def test_pipes_are_written_as_they_are(self):
        done = subprocess.run(["bash", "-c", '"$0" export --csv >(cat > copy; touch done) tasks.kiln', self.words()[0]],
                              cwd=self.folder, env=self.environment)
        self.assertEqual(done.returncode, 0)
        self.wait_for(lambda: (self.folder / "done").exists(), "the pipe's reader has ended")
        self.assertEqual((self.folder / "copy").read_bytes(), self.expect(0, "results", "--csv", "tasks.kiln").raw)


if __name__ == "__main__":
    unittest.main()
