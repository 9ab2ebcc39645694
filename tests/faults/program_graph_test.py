#!/usr/bin/python3
"""A flow of branches, with a merge of two steps by key: the same on any number of ranks, and when ranks die."""

import shutil
import unittest

from keyed_case import KEYS, KeyedCase

GRAPH = KEYS.parent / "graph"


class ProgramGraph(KeyedCase):
    program = GRAPH

    def test_any_number_of_ranks_gives_the_same(self):
        expected = self.undisturbed(3)
        for ranks in (1, 2, 4, 7):
            with self.subTest(ranks=ranks):
                if ranks == 1:
                    result = self.ends(self.start(words=[str(GRAPH), "-n", "1"]))
                else:
                    result = self.ends(self.begin(ranks, "--batch", str(ranks)))
                self.expect_same(expected, result)
                shutil.rmtree(self.run_directory)

    def test_a_worker_dies_in_the_merge(self):
        self.killed("shards", 2)

    def test_rank_0_dies_in_the_merge(self):
        self.killed("shards", 0)

    def test_a_worker_dies_while_all_branches_emit(self):
        self.killed("map", 1)

    def test_all_die_in_the_merge(self):
        expected = self.stopped("shards")
        result = self.ends(self.begin(2))
        self.expect_same(expected, result)
        self.assertNotIn("runs again", result.err)

    def test_all_die_when_a_cached_stream_is_read_again(self):
        expected = self.stopped("cached")
        result = self.ends(self.begin(2))
        self.expect_same(expected, result)
        self.assertNotIn("runs again", result.err)

    def test_a_run_of_one_of_two_steps_is_gone(self):
        expected = self.stopped("shards")
        self.runs()[-1].unlink()
        result = self.ends(self.begin(3))
        self.assertIn("runs again", result.err)
        self.expect_same(expected, result)


if __name__ == "__main__":
    unittest.main()
