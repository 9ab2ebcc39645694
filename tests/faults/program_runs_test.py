#!/usr/bin/python3
"""Files of steps by key that are lost, damaged, or cannot be written: what they held is made anew, with the same bits."""

import os
import unittest

from keyed_case import KeyedCase


class ProgramRuns(KeyedCase):
    def lost(self, where, damage, said):
        expected = self.stopped(where)
        for path in self.runs():
            damage(path)
        result = self.ends(self.begin(3))
        self.assertIn("runs again", result.err)
        self.assertIn(said, result.err)
        self.expect_same(expected, result)

    def test_a_run_is_gone(self):
        self.lost("shards", lambda path: path.unlink(), "it is missing")

    def test_a_run_is_gone_of_a_stage_that_is_not_over(self):
        self.lost("map", lambda path: path.unlink(), "it is missing")

    def test_a_run_is_gone_of_one_side_of_a_join(self):
        expected = self.stopped("pairs")
        gone = [path for path in self.runs() if path.name.startswith("s6-")]  # three pairs of stages are over
        self.assertTrue(gone)
        gone[0].unlink()
        result = self.ends(self.begin(3))
        self.assertIn("stage 6 'keys: join_by_key' runs again", result.err)
        self.expect_same(expected, result)

    def test_a_run_is_cut(self):
        self.lost("shards", lambda path: os.truncate(path, path.stat().st_size - 1), "bytes long instead of")

    def test_a_run_is_another_file(self):
        self.lost("shards", lambda path: path.write_bytes(bytes(path.stat().st_size)), "not a run of keyed data")

    def test_a_run_is_damaged_inside(self):
        def flip(path):
            content = bytearray(path.read_bytes())
            for at in range(40, len(content) - 24, 50):
                content[at] ^= 1
            path.write_bytes(content)
        expected = self.stopped("shards")
        for path in self.runs():
            flip(path)
        result = self.ends(self.begin(3))
        self.assertIn("is damaged at byte", result.err)
        result = self.ends(self.begin(3, "--retry"))
        self.assertIn("runs again", result.err)
        self.expect_same(expected, result)

    def test_the_disk_is_full_for_a_while(self):
        self.full_for_a_while(self.run_directory.resolve() / "shuffle")

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
