#!/usr/bin/python3
"""Programs on bad input, on a full disk, without their first rank, and built anew: what is said, and what is kept."""

import gzip
import os
import pathlib
import signal
import unittest

import h5py

from kiln_case import SHIMS
from program_case import PROGRAMS, ProgramCase

class ReaderCase(ProgramCase):
    program = "reader"

    def same(self, out, total, units, failed, rejected, again=2):
        """Whether the reader printed this: the sums of both stages, the second `again` times the first, and the counts."""
        words = out.split()
        self.assertEqual((float.fromhex(words[0]), float.fromhex(words[1])), (total, again * total))
        self.assertEqual([int(words[i]) for i in (3, 5, 7)], [units, failed, rejected])


class Lines(ReaderCase):
    @staticmethod
    def numbers(first, last):
        return "".join(f"{i}\n" for i in range(first, last))

    def test_a_truncated_gzip_file_fails_its_unit_alone(self):
        packed = gzip.compress(self.numbers(0, 50000).encode())
        self.write("a.txt", self.numbers(0, 10))
        self.write("b.gz", packed[:len(packed) // 2])
        self.write("c.txt", self.numbers(10, 20))
        done = self.launched("a.txt", "b.gz", "c.txt", code=1)
        self.same(done.out, sum(range(20)), 3, 1, 0)
        place = r"b\.gz: cannot unpack gzip at byte \d+: it ends in the middle"
        self.assertRegex(done.err, r"unit 1 \(stage 0 'lines'\): exception: " + place)
        self.assertRegex(self.expect(0, "results", "--failed", "reader.kiln").out, place)
        self.assertEqual(self.table(group="numbers")["value"], list(range(20)), "nothing of the unit is kept")

    def test_a_line_of_a_gibibyte_is_a_rejected_record(self):
        self.write("a.txt", self.numbers(0, 10))
        self.write("big.txt", b"5\n\0")
        os.truncate(self.folder / "big.txt", 1 << 30)
        with open(self.folder / "big.txt", "ab") as file:
            file.write(b"\n7\n")
        done = self.launched("a.txt", "big.txt")
        self.same(done.out, sum(range(10)) + 12, 1026, 0, 1)
        rejected = self.table(group="rejected")
        self.assertEqual([rejected[name][0] for name in ("file", "offset", "line", "reason", "record")],
                         ["big.txt", 2, 2, "the line is longer than 64 MiB", r"\x00" * 65536])

    def test_a_file_that_changes_or_goes_while_it_runs(self):
        for what, said, code in (("other", "b.txt changed since the stage began: it is the same 30 bytes long, but with another content", 1),
                                 ("grows", "b.txt has 32 bytes; it had 30 when the stage began", 1),
                                 ("shrinks", "b.txt has 2 bytes; it had 30 when the stage began", 1),
                                 ("goes", "cannot open b.txt: No such file", 3)):
            with self.subTest(what=what):
                self.write("0.txt", self.numbers(0, 10))
                self.write("a.txt", "wait\n")
                self.write("b.txt", self.numbers(10, 20))
                directory = self.folder / what
                running = self.start(words=self.words_of("--batch", "1", "--checkpoint-every", "50ms", "--out", what,
                                                         "0.txt", "a.txt", "b.txt"))
                self.wait_for_commits(running, 1, directory)
                if what == "goes":
                    (self.folder / "b.txt").unlink()
                else:
                    now = {"shrinks": "5\n", "grows": self.numbers(10, 20) + "5\n", "other": self.numbers(30, 40)}
                    self.write("b.txt", now[what])
                self.open_gate()
                done = running.wait()
                self.assertEqual(done.code, code, done.err)
                self.assertIn(f"unit 2 of stage 0 ('lines'): exception: {said}", done.err)
                self.write("b.txt", self.numbers(20, 30))
                again = self.run_program("--retry", "--out", what, "0.txt", "a.txt", "b.txt", code=3)
                self.assertIn("b.txt changed since this run first read it", again.err)
                self.assertIn("put the old file back, or begin anew", again.err)
                (self.folder / "go").unlink()

    def test_a_file_that_changes_between_two_stages_is_named(self):
        for what, now, said in (("grows", "5\n6\n7\n", "6 bytes long, and was 4"),
                                ("other", "7\n8\n", "the same 4 bytes long, but with another content"),
                                ("same", "5\n6\n", None)):
            with self.subTest(what=what):
                self.write("a.txt", "5\n6\n")
                self.write("b.txt", "wait\n")
                running = self.start(words=self.words_of("--batch", "1", "--checkpoint-every", "50ms", "--out", what,
                                                         "a.txt", "b.txt"))
                self.wait_for_commits(running, 1, self.folder / what)
                self.write("a.txt", now)
                self.open_gate()
                done = running.wait()
                self.assertEqual(done.code, 0, done.err)
                self.assertEqual([float.fromhex(word) for word in done.out.split()[:2]], [11, 2 * sum(map(int, now.split()))])
                line = f"stage 1 ('lines'): a.txt changed since an earlier stage began: it is {said}; it is read as it is now"
                self.assertEqual(line in done.err, said is not None, done.err)
                self.assertEqual("changed since" in done.err, said is not None, done.err)
                (self.folder / "go").unlink()

    def test_patterns_that_find_nothing(self):
        for run in (self.launched, self.run_program):
            self.assertIn("no file matches 'data/*.txt'; check the pattern", run("data/*.txt", code=3).err)
            self.assertIn("cannot read 'missing.txt': No such file", run("missing.txt", code=3).err)
            self.assertIn("'tmp' is a directory; name its files", run("tmp", code=3).err)
            self.assertIn("no file matches '*.gz'", run("--source", "lines", "*.gz", code=3).err)

    def test_new_files_are_taken_where_that_is_asked_for(self):
        self.write("a.txt", self.numbers(0, 10))
        self.write("b.txt", self.numbers(10, 20))
        self.same(self.run_program("*.txt").out, sum(range(20)), 2, 0, 0)
        self.write("aa.txt", self.numbers(20, 30))
        self.assertIn("1 new input file since this run began, aa.txt for one", self.run_program("*.txt", code=3).err)
        added = self.run_program("--only-new", "*.txt")
        self.same(added.out, sum(range(30)), 3, 0, 0)
        self.assertIn("stage 0 ('lines'): going on: 2 of 3 units were done earlier", added.err)
        self.assertIn("stage 1 'lines' runs again", added.err)
        self.assertEqual(self.table(group="numbers")["value"], list(range(30)), "behind the others")
        self.assertIn("all done earlier", self.run_program("--only-new", "*.txt").err)

    def test_rejected_records_of_large_parts_are_counted(self):
        lines = [str(i) for i in range(400000)]
        bad = [10, 60000, 150000, 390000]
        for i in bad:
            lines[i] = "none"
        lines[-1] = "wait"
        self.write("a.txt", "\n".join(lines) + "\n")
        running = self.start(words=self.words_of("--batch", "1", "--checkpoint-every", "50ms", "a.txt"))
        self.wait_for_commits(running, 2)
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        self.expect_nobody()
        self.assertTrue(list((self.run_directory / "segments").iterdir()), "the parts are large")
        self.open_gate()
        done = self.run_program("a.txt", ranks=3)
        self.assertIn("2 of 3 units were done earlier", done.err)
        self.same(done.out, sum(range(399999)) - sum(bad), 3, 0, 4)
        rejected = self.table(group="rejected")
        self.assertEqual(list(zip(rejected["stage"], rejected["unit"], rejected["offset"])),
                         [(stage, unit, len("\n".join(lines[:i])) + 1) for stage in (0, 1)
                          for unit, i in zip((0, 0, 0, 2), bad)])


class Hdf5(ReaderCase):
    def make(self, name="data.h5", factor=1.0):
        with h5py.File(self.folder / name, "w") as file:
            file.create_dataset("points", data=[factor * i for i in range(100)], chunks=(10,), fletcher32=True)
            file["whole"] = list(range(100))
            file["single"] = 1.0

    def read(self, *arguments, code=0):
        return self.launched("--source", "hdf5", *arguments, code=code)

    def test_a_damaged_chunk_fails_its_unit_alone(self):
        self.make()
        with h5py.File(self.folder / "data.h5") as file:
            place = file["points"].id.get_chunk_info(3).byte_offset
        with open(self.folder / "data.h5", "r+b") as file:
            file.seek(place)
            file.write(b"\xff" * 8)
        done = self.read("data.h5", code=1)
        self.assertIn("unit 3 (stage 0 'slices'): exception: cannot read rows 30 to 40 of dataset 'points' of data.h5",
                      done.err)
        self.same(done.out, sum(range(100)) - sum(range(30, 40)), 10, 1, 0, again=1)

    def test_datasets_that_are_not_what_the_program_reads(self):
        self.make()
        self.write("text.h5", "no HDF5")
        for words, said in ((["data.h5", "--dataset", "pints"], "no dataset 'pints'; it holds points, single, whole"),
                            (["data.h5", "--dataset", "whole"], "holds signed 64-bit integers; the program reads 64-bit floats"),
                            (["data.h5", "--dataset", "single"], "has 0 dimensions (a single value)"),
                            (["text.h5"], "text.h5 cannot be read as an HDF5 file"),
                            (["missing.h5"], "cannot read missing.h5: No such file")):
            self.assertIn(said, self.read(*words, code=3).err)

    def test_slices_that_are_kept_are_not_read_again(self):
        sums = {}
        for keep in ([], ["--keep"]):
            self.make()
            self.make("other", 3.0)
            done = self.read("data.h5", "--out", f"d{len(keep)}", *keep)
            sums[len(keep)] = [float.fromhex(word) for word in done.out.split()[:2]]
        self.assertEqual(sums, {0: [4950, 3 * 4950], 1: [4950, 4950]})


class Grid(ReaderCase):
    def test_axes_that_make_no_sense(self):
        for axis, said in (("none", "'x'"), ("step", "steps(0, 1, 0): the step must be a number other than zero"),
                           ("away", "steps(0, 1, -1): no values"), ("same", "linspace(1, 1, 5): a step of zero")):
            for run in (self.launched, self.run_program):
                self.assertIn(said, run("--source", "grid", "--axis", axis, "-", code=3).err)


class Keyed(ProgramCase):
    program = "keys"

    def test_a_step_behind_a_step_by_key_throws(self):
        words = ("--units", "20", "--keys", "100")
        self.run_program(*words, "--out", "good.kiln")
        (self.folder / "bad").touch()
        said = r"unit \d+ \(stage 1 'keys: behind reduce_by_key'\): exception: k17 is bad \(at the key 'k17'\)"
        self.assertRegex(self.run_program(*words, code=1).err, said)
        self.assertIn("k17 is bad", self.expect(0, "results", "--failed", "--stage", "1", "keys.kiln").out)
        (self.folder / "bad").unlink()
        self.run_program(*words, "--retry")
        self.assertEqual(self.table(group="sums"), self.table(self.folder / "good.kiln", "sums"))


class Rebuilt(ProgramCase):
    program = "shape"

    def test_a_result_type_that_changed(self):
        running = self.start(words=self.words_of("--batch", "1", "--checkpoint-every", "50ms"))
        self.wait_for_commits(running, 80)
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        self.expect_nobody()
        self.open_gate()
        said = "stage 0 'rows' runs again, and so do all later ones: the program is another one (it was built anew"
        again = self.run_program("--out", "shape.kiln", program="shape_changed")
        self.assertIn(said, again.err)
        self.assertEqual(again.out, "100\n")
        rows = self.table(group="rows")
        self.assertEqual((rows["id"], rows["half"]), (list(range(100)), [i / 2 for i in range(100)]))
        self.assertIn(said, self.run_program("--out", "shape.kiln").err)
        rows = self.table(group="rows")
        self.assertEqual((rows["id"], "half" in rows), (list(range(100)), False))


class FirstRank(ProgramCase):
    program = "lab"

    def test_it_is_killed_and_nobody_takes_over(self):
        running = self.start(words=[str(PROGRAMS / "lab"), "--case", "stubborn", "-n", "2", "--batch", "1",
                                    "--checkpoint-every", "50ms", "--restarts", "0", "--heartbeat", "0"])
        self.wait_for_commits(running, 50)
        os.kill(self.status()["pid"], signal.SIGKILL)
        killed = running.wait()
        self.assertEqual(killed.code, 75, killed.err)
        self.assertIn("run the same command again to go on from the last checkpoint", killed.err)
        self.expect_nobody()
        shown = self.expect(0, "status", "lab.kiln").out
        self.assertIn("not running; its last launch was cut off before it could end: it was killed, or its end could not "
                      "be written (a full disk)", shown)
        self.assertIn("run the same command again to go on", shown)
        self.open_gate()
        again = self.run_program("--case", "stubborn", ranks=4)
        self.assertRegex(again.err, r"going on: \d+ of 100 units were done earlier")
        self.assertEqual(again.out, self.run_program("--out", "other").out)


class FullDisk(ProgramCase):
    program = "lab"

    def setUp(self):
        super().setUp()
        (self.folder / "disk").mkdir()
        self.run_directory = self.folder / "disk/lab.kiln"
        self.full = self.folder / "full"
        self.variables = {"LD_PRELOAD": str(SHIMS / "full_disk.so"), "FULL_DISK_WHEN": str(self.full),
                          "FULL_DISK_BELOW": str(self.folder.resolve() / "disk")}

    def words_on_disk(self, what):
        return [str(PROGRAMS / "lab"), "--case", what, "-n", "1", "--batch", "1", "--checkpoint-every", "50ms",
                "--grace", "1s", "--out", "disk/lab.kiln"]

    def full_at_the_last_commit(self):
        """A run that has one unit to commit, and no room for it."""
        running = self.start(words=self.words_on_disk("stubborn"), **self.variables)
        self.wait_for_commits(running, 90)
        self.full.touch()
        self.open_gate()
        # Not only of the status.
        self.wait_for(lambda: "nothing is handed out" in running.said() or running.ended(), "the full disk is said")
        self.assertFalse(running.ended(), running.said())
        return running

    def test_full_at_the_last_commit_of_a_stage(self):
        running = self.full_at_the_last_commit()
        running.process.send_signal(signal.SIGTERM)
        stopped = running.wait()
        self.assertEqual(stopped.code, 75, stopped.err)
        self.assertRegex(stopped.err, r"what came of \d+ more was not written; they run again")
        self.assertRegex(stopped.err, r"kiln: 100 units: 9\d done, \d+ not run")
        self.full.unlink()
        again = self.run_program(words=self.words_on_disk("stubborn"))
        self.assertEqual(again.out, self.run_program("--out", "other").out)

    def test_freed_while_the_last_commit_waits(self):
        running = self.full_at_the_last_commit()
        self.full.unlink()
        done = running.wait()
        self.assertEqual(done.code, 0, done.err)
        self.assertIn("can be written again", done.err)
        self.assertEqual(done.out, self.run_program("--out", "other").out)

    def test_full_between_the_last_commit_and_the_end_of_the_stage(self):
        (self.folder / "filling").touch()
        stopped = self.kiln(words=self.words_on_disk("merge"), **self.variables)
        self.assertEqual((stopped.code, stopped.out), (75, ""), stopped.err)
        self.assertIn("No space left", stopped.err)
        self.assertIn("make room there, then run the same command again", stopped.err)
        self.assertNotIn("run again;", stopped.err, "what is to be done is said once in a line")
        (self.folder / "filling").unlink()
        self.full.unlink()
        again = self.run_program(words=self.words_on_disk("merge"))
        self.assertEqual(again.out, "99\n")
        self.assertIn("all done earlier", again.err)


if __name__ == "__main__":
    unittest.main()
