#!/usr/bin/python3
"""Steps by key when ranks die: the run comes to the same bits as an undisturbed one."""

import json
import shutil
import unittest

import h5py

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

    def test_what_is_told_of_stages_does_not_depend_on_how_they_ran(self):
        """Which runs were read differs from launch to launch: descriptions do not name them."""
        found = []
        for ranks in (3, 3, 2):
            self.ends(self.begin(ranks, "--fresh"))
            with h5py.File(self.run_directory / "results.h5") as file:
                found.append({name: column[...].tolist() for name, column in file["stages"].items() if name != "seconds"})
            told = json.loads(self.expect(0, "status", "--json", "keys.kiln").out)
            self.assertEqual([one["description"].encode() for one in told["stages"]], found[-1]["description"])
        self.assertTrue(any(b"reduce_by_key" in one and b"\n" in one for one in found[0]["description"]))
        self.assertEqual(found[0], found[1])
        self.assertEqual(found[0], found[2])

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
