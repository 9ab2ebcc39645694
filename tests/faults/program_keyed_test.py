#!/usr/bin/python3
"""Steps by key when ranks die: the run comes to the same bits as an undisturbed one."""

import shutil
import unittest

from keyed_case import KEYS, KeyedCase


class ProgramKeyed(KeyedCase):
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

    def test_all_die_while_units_emit(self):
        expected = self.stopped("map")
        self.expect_same(expected, self.ends(self.begin(2)))

    def test_all_die_while_shards_are_read(self):
        expected = self.stopped("shards")
        result = self.ends(self.begin(4))
        self.expect_same(expected, result)
        self.assertNotIn("runs again", result.err)

    def test_all_die_while_pairs_are_read(self):
        expected = self.stopped("pairs")
        result = self.ends(self.begin(2))
        self.expect_same(expected, result)
        self.assertNotIn("runs again", result.err)

    def test_the_launcher_starts_again(self):
        expected = self.undisturbed()
        running = self.launched(2, "--hold", "shards", "--checkpoint-every", "50ms")
        self.held("shards")
        self.wait_for(lambda: self.happened("begin"), "its begin is noted")
        for pid in self.rank_pids().values():
            self.kill(pid)
        self.wait_for(lambda: len(self.happened("begin")) > 1, "it begins again")
        self.go_on("shards")
        self.expect_same(expected, self.ends(running))


if __name__ == "__main__":
    unittest.main()
