#!/usr/bin/python3
"""Steps by key under faults: whoever dies, and whatever file is lost, the run comes to the same bits as an undisturbed one."""

import json
import os
import pathlib
import shutil
import unittest

from kiln_case import SHIMS
from recovery_case import RecoveryCase
from same_results import content_of, differences

KEYS = pathlib.Path(os.environ["KILN"]).parent.parent / "programs" / "keys"


class ProgramKeyed(RecoveryCase):
    def setUp(self):
        super().setUp()
        self.run_directory = self.folder / "keys.kiln"

    def begin(self, ranks, *options, heartbeat="1s", **variables):
        words = self.surviving(ranks, KEYS, "--heartbeat", heartbeat, *options)
        return self.start(words=words, **variables)

    def launched(self, workers, *options):
        """By the launcher, which starts again what has died."""
        return self.start(words=[str(KEYS), "-n", str(workers), "--heartbeat", "1s", *options])

    def undisturbed(self, ranks=3, *options):
        result = self.ends(self.begin(ranks, *options))
        content = content_of(self.run_directory / "results.h5")
        self.assertFalse((self.run_directory / "shuffle").exists(), "what is complete needs no runs")
        shutil.rmtree(self.run_directory)
        (self.folder / "notes").unlink(missing_ok=True)
        return result.out, content

    def held(self, where):
        self.wait_for(lambda: (self.folder / "notes").exists() and where in (self.folder / "notes").read_text(), where)

    def go_on(self, where):
        (self.folder / where).touch()

    def runs(self):
        return sorted((self.run_directory / "shuffle").glob("*.run"))

    def expect_same(self, expected, result):
        out, content = expected
        self.assertEqual(result.out, out)
        self.assertEqual(differences(content_of(self.run_directory / "results.h5"), content), [])
        outcome = json.loads((self.run_directory / "outcome.json").read_text())
        self.assertEqual((outcome["exit_code"], outcome["outcome"]), (0, "complete"))
        self.assertFalse((self.run_directory / "shuffle").exists())

    def test_any_number_of_ranks_gives_the_same(self):
        expected = self.undisturbed(3)
        for ranks in (1, 2, 4, 7):
            with self.subTest(ranks=ranks):
                if ranks == 1:
                    result = self.ends(self.start(words=[str(KEYS), "-n", "1"]))
                else:
                    result = self.ends(self.begin(ranks, "--batch", str(ranks)))
                self.expect_same(expected, result)
                shutil.rmtree(self.run_directory)

    def killed(self, where, victim, ranks=4):
        """A rank dies where the run is held; it goes on without a restart."""
        expected = self.undisturbed()
        running = self.begin(ranks, "--hold", where, "--checkpoint-every", "50ms")
        self.held(where)
        self.wait_for(self.runs, "runs are written")
        self.kill(self.rank_pids()[victim])
        self.wait_for(lambda: self.happened("takeover" if victim == 0 else "rank_died"), "the death is noted")
        self.go_on(where)
        self.expect_same(expected, self.ends(running))
        self.assertEqual(self.happened("begin")[1:], [], "no restart")

    def test_a_worker_dies_while_units_emit(self):
        for victim in (1, 2, 3):
            with self.subTest(victim=victim):
                self.killed("map", victim)
                shutil.rmtree(self.run_directory)
                (self.folder / "notes").unlink()
                (self.folder / "map").unlink()

    def test_rank_0_dies_while_units_emit(self):
        self.killed("map", 0)

    def test_a_worker_dies_while_shards_are_read(self):
        self.killed("shards", 2)

    def test_rank_0_dies_while_shards_are_read(self):
        self.killed("shards", 0)

    def stopped(self, where):
        """A run that ended there with 75, with all that it had committed."""
        expected = self.undisturbed()
        running = self.begin(3, "--hold", where, "--checkpoint-every", "50ms")
        self.held(where)
        self.wait_for(self.runs, "runs are written")
        for pid in self.rank_pids().values():
            self.kill(pid)
        running.wait()
        self.wait_for(lambda: not self.rank_pids(), "all are gone")
        self.go_on(where)
        return expected

    def test_all_die_while_units_emit(self):
        expected = self.stopped("map")
        self.expect_same(expected, self.ends(self.begin(2)))

    def test_all_die_while_shards_are_read(self):
        expected = self.stopped("shards")
        result = self.ends(self.begin(4))
        self.expect_same(expected, result)
        self.assertNotIn("runs again", result.err)

    def test_the_launcher_starts_again(self):
        expected = self.undisturbed()
        running = self.launched(2, "--hold", "shards", "--checkpoint-every", "50ms")
        self.held("shards")
        for pid in self.rank_pids().values():
            self.kill(pid)
        self.wait_for(lambda: len(self.happened("begin")) > 1, "it begins again")
        self.go_on("shards")
        self.expect_same(expected, self.ends(running))

    def lost(self, where, damage, said):
        expected = self.stopped(where)
        damage(self.runs()[0])
        result = self.ends(self.begin(3))
        self.assertIn("runs again", result.err)
        self.assertIn(said, result.err)
        self.expect_same(expected, result)

    def test_a_run_is_gone(self):
        self.lost("shards", lambda path: path.unlink(), "it is missing")

    def test_a_run_is_gone_of_a_stage_that_is_not_over(self):
        self.lost("map", lambda path: path.unlink(), "it is missing")

    def test_a_run_is_cut(self):
        self.lost("shards", lambda path: os.truncate(path, path.stat().st_size - 1), "bytes long instead of")

    def test_a_run_is_another_file(self):
        self.lost("shards", lambda path: path.write_bytes(bytes(path.stat().st_size)), "not a run of keyed data")

    def test_a_run_is_damaged_inside(self):
        def flip(path):
            content = bytearray(path.read_bytes())
            content[len(content) // 2] ^= 1
            path.write_bytes(content)
        expected = self.stopped("shards")
        flip(self.runs()[0])
        result = self.ends(self.begin(3), 1)
        self.assertIn("is damaged at byte", result.err)
        result = self.ends(self.begin(3, "--retry"))
        self.assertIn("runs again", result.err)
        self.expect_same(expected, result)

    def test_the_disk_is_full_for_a_while(self):
        expected = self.undisturbed()
        full = self.folder / "full"
        variables = {"LD_PRELOAD": str(SHIMS / "full_disk.so"), "FULL_DISK_WHEN": str(full),
                     "FULL_DISK_BELOW": str(self.run_directory.resolve() / "shuffle")}
        running = self.begin(3, "--hold", "map", **variables)
        self.held("map")
        full.touch()
        self.go_on("map")
        self.wait_for(lambda: "No space left" in running.said(), "the full disk is said")
        self.assertFalse(running.ended(), running.said())
        full.unlink()
        self.expect_same(expected, self.ends(running))

    def test_files_that_nobody_names_are_removed(self):
        expected = self.stopped("map")
        foreign = self.run_directory / "shuffle" / "s0-1-r0009-1-000001.run"
        foreign.write_bytes(b"of a dead worker")
        running = self.begin(3, "--hold", "shards", "--checkpoint-every", "50ms")
        self.held("shards")
        self.assertFalse(foreign.exists())
        self.go_on("shards")
        self.expect_same(expected, self.ends(running))


if __name__ == "__main__":
    unittest.main()
