#!/usr/bin/python3
"""--scratch: where files of steps by key lie; and runs that are merged in passes because the memory is small."""

import json
import os
import pathlib
import re
import shutil
import signal
import unittest

from kiln_case import KILN
from keyed_case import KEYS, KeyedCase, full_disk

HEAVY = pathlib.Path(KILN).parent.parent / "programs" / "heavy"


class ProgramScratch(KeyedCase):
    def setUp(self):
        super().setUp()
        self.scratch = self.folder / "scratch"
        self.scratch.mkdir()

    def begin(self, ranks, *options, **more):
        return super().begin(ranks, "--scratch", "scratch", *options, **more)

    def runs(self):
        return sorted(self.scratch.glob("*/*.run"))

    def expect_same(self, expected, result):
        super().expect_same(expected, result)
        self.assertEqual(list(self.scratch.iterdir()), [], "what is complete needs no runs")

    def test_a_worker_dies(self):
        self.killed("shards", 2)

    def test_rank_0_dies(self):
        self.killed("map", 0)

    def test_all_die_and_the_files_are_there(self):
        expected = self.stopped("shards")
        result = self.ends(self.begin(4))
        self.assertNotIn("runs again", result.err)
        self.expect_same(expected, result)

    def test_all_die_and_the_files_are_lost(self):
        expected = self.stopped("shards")
        for folder in self.scratch.iterdir():
            shutil.rmtree(folder)
        result = self.ends(self.begin(2))
        self.assertIn("runs again", result.err)
        self.expect_same(expected, result)

    def test_it_goes_on_elsewhere(self):
        expected = self.stopped("shards")
        result = self.ends(KeyedCase.begin(self, 2, "--memory", "100MiB"))
        self.assertIn("runs again", result.err)
        KeyedCase.expect_same(self, expected, result)

    def test_begun_anew_the_old_files_are_gone(self):
        expected = self.stopped("shards")
        self.assertEqual(len(list(self.scratch.iterdir())), 1)
        self.expect_same(expected, self.ends(self.begin(2, "--fresh")))

    def test_begun_anew_by_force_the_old_files_stay(self):
        """Ranks of the old run may still be there."""
        self.stopped("shards")
        old = list(self.scratch.iterdir())
        self.ends(self.begin(2, "--fresh", "--takeover"))
        self.assertEqual(list(self.scratch.iterdir()), old)

    def test_what_a_live_run_uses_is_left_alone(self):
        expected = self.undisturbed()
        running = self.begin(2, "--hold", "shards", "--checkpoint-every", "50ms")
        self.held("shards")
        before = self.runs()
        self.assertTrue(before)
        refused = self.begin(1, "--fresh").wait()
        self.assertIn("is in use", refused.err)
        self.assertEqual(self.runs(), before)
        self.go_on("shards")
        self.expect_same(expected, self.ends(running))

    def test_two_runs_share_it(self):
        expected = self.undisturbed()
        running = [self.begin(2, "--hold", "shards", "--checkpoint-every", "50ms", "--out", name) for name in ("a", "b")]
        self.wait_for(lambda: (self.folder / "notes").exists() and
                      (self.folder / "notes").read_text().count("shards") == 2, "both are held")
        names = sorted(path.name for path in self.scratch.iterdir())
        self.assertEqual([name[:2] for name in names], ["a-", "b-"])
        self.go_on("shards")
        for one in running:
            self.assertEqual(self.ends(one).out, expected[0])
        self.assertEqual(list(self.scratch.iterdir()), [])

    def test_it_is_full_for_a_while(self):
        self.full_for_a_while(self.scratch.resolve())

    def test_it_is_full_and_stays_so(self):
        full = self.folder / "full"
        running = self.begin(3, "--hold", "map", "--grace", "1s", **full_disk(full, self.scratch.resolve()))
        self.held("map")
        full.touch()
        self.go_on("map")
        self.wait_for(lambda: "No space left" in running.said(), "the full disk is said")
        running.process.send_signal(signal.SIGUSR1)  # mpirun passes it on
        result = running.wait()
        outcome = json.loads((self.run_directory / "outcome.json").read_text())
        self.assertEqual((outcome["exit_code"], outcome["outcome"]), (75, "storage"), result.err)
        self.assertRegex(result.err, r"kiln: stopped: rank \d+: cannot write \S+/scratch/\S+: No space left on device")
        for wrong in ("the run directory cannot be written", "the run goes on"):
            self.assertNotIn(wrong, result.err)
        status = self.expect(0, "status", str(self.run_directory)).out
        self.assertIn("stopped, as a file of the run could not be written", status)

    def test_a_folder_that_is_not_there_is_refused(self):
        result = self.ends(self.launched(1, "--scratch", "no/such"), 2)
        self.assertIn("--scratch no/such: no folder can be made there (No such file or directory)", result.err)

    def test_a_folder_that_another_rank_does_not_see_is_refused(self):
        """Ranks in two directories, of which each sees its own."""
        other = self.folder / "other"
        (other / "scratch").mkdir(parents=True)
        place = 'test "$OMPI_COMM_WORLD_RANK" = 0 || cd "$0"; exec "$@"'  # mpirun -wdir … : -wdir … crashes in Open MPI 5
        program = [KEYS, "--out", self.run_directory, "--scratch", "/proc/self/cwd/scratch"]
        result = self.start(words=self.surviving(3, "sh", "-c", place, other, *program)).wait()
        self.assertIn("/proc/self/cwd/scratch/keys.kiln-", result.err)
        self.assertIn("--scratch must name a folder that all ranks see", result.err)
        self.assertEqual(list((other / "scratch").iterdir()), [])


class MergePasses(KeyedCase):
    """One group of more data than the memory has room for blocks of its runs."""

    program = HEAVY
    GROUP = ("--what", "group", "--units", "1500")
    SMALL = ("--memory", "16MiB")

    def undisturbed(self, *_):
        result = self.ends(KeyedCase.begin(self, 3, *self.GROUP))
        shutil.rmtree(self.run_directory)
        return result.out

    def merging(self):
        """{pid: …} of ranks that have a file without a name where runs lie."""
        found = []
        for pid in self.rank_pids().values():
            try:
                links = [os.readlink(f"/proc/{pid}/fd/{one}") for one in os.listdir(f"/proc/{pid}/fd")]
            except OSError:
                continue
            if any(re.search(r"/shuffle/(#\d+|merge-\w+) \(deleted\)", link) for link in links):
                found.append(pid)
        return found

    def expect_same(self, expected, result):
        self.assertEqual(result.out, expected)
        self.assertFalse((self.run_directory / "shuffle").exists())

    def test_a_worker_dies_in_one(self):
        expected = self.undisturbed()
        running = self.begin(4, *self.GROUP, *self.SMALL, "--hold", "merged")
        self.wait_for(self.merging, "runs are merged")
        self.kill(self.merging()[0])
        self.wait_for(lambda: self.happened("rank_died"), "the death is noted")
        self.go_on("merged")
        self.expect_same(expected, self.ends(running))

    def test_all_die_in_one(self):
        expected = self.undisturbed()
        running = self.begin(3, *self.GROUP, *self.SMALL, "--hold", "merged")
        self.wait_for(self.merging, "runs are merged")
        for pid in self.rank_pids().values():
            self.kill(pid)
        running.wait()
        self.wait_for(lambda: not self.rank_pids(), "all are gone")
        self.go_on("merged")
        result = self.ends(self.begin(2, *self.GROUP, "--memory", "20MiB"))
        self.assertNotIn("runs again", result.err)
        self.expect_same(expected, result)

    def test_the_disk_is_full_in_one(self):
        expected = self.undisturbed()
        full = self.folder / "full"
        shuffle = self.run_directory.resolve() / "shuffle"
        running = self.begin(3, *self.GROUP, *self.SMALL, "--hold", "merged", **full_disk(full, f"{shuffle}/#"))
        full.touch()  # nothing but files without names is full
        result = running.wait()
        self.assertEqual(json.loads((self.run_directory / "outcome.json").read_text())["exit_code"], 75)
        self.assertIn("No space left", result.err)
        self.assertIn("make room there, then run the same command again", result.err)
        full.unlink()
        self.go_on("merged")
        self.expect_same(expected, self.ends(self.begin(3, *self.GROUP, *self.SMALL)))


if __name__ == "__main__":
    unittest.main()
