#!/usr/bin/python3
"""A communicator of the ranks that live, by the MPI's own calls: ranks die before it is made, while it is made (twice in a
row, too), in its collectives and when it has just been made, rank 0's node is not among them."""

import os
import pathlib
import unittest

from recovery_case import RecoveryCase

GROUPS = pathlib.Path(os.environ["KILN"]).with_name("mpi_groups")


class Groups(RecoveryCase):
    def expect(self, ranks, *steps):
        """After each step so many ranks have a communicator and have added up in it."""
        running = self.start(words=self.surviving(ranks, GROUPS, self.folder / "common", *(step for step, _ in steps)))
        result = running.wait()
        self.assertEqual(result.out.splitlines(), [f"{step}: {left} ranks" for step, left in steps], result.err)

    def test_a_rank_dies_that_nobody_waits_for(self):
        self.expect(4, ("idle", 3), ("idle", 2))

    def test_a_rank_dies_in_a_collective(self):
        self.expect(5, ("collective", 4), ("collective", 3), ("collective", 2))

    def test_ranks_die_while_it_is_made(self):
        self.expect(8, ("making", 6), ("making", 4), ("idle", 3), ("collective", 2))

    def test_a_rank_dies_when_it_is_made(self):
        self.expect(4, ("lost", 3), ("lost", 2))

    def test_one_that_was_stopped_takes_part_again(self):
        if self.mpi >= 5:
            self.skipTest("this MPI waits for ranks that are stopped: protocol::Regrouping does without a group then")
        self.expect(4, ("idle", 3), ("asleep", 2), ("wake", 3), ("collective", 2))


if __name__ == "__main__":
    unittest.main()
