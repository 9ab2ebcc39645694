#!/usr/bin/python3
"""A rank that keeps more of what was given up with dead ranks than it may leaves; the others go on without a restart."""

import os
import pathlib
import shutil
import unittest

from kiln_case import SHIMS
from recovery_case import RecoveryCase

LAB = pathlib.Path(os.environ["KILN"]).parent.parent / "programs" / "lab"


class Graveyard(RecoveryCase):
    def setUp(self):
        super().setUp()
        self.run_directory = self.folder / "lab.kiln"
        self.full = self.folder / "full"

    def begin(self, on):
        shim = ["-x", f"LD_PRELOAD={SHIMS / 'buried.so'}", "-x", f"BURIED_ON={on}", "-x", f"BURIED_WHEN={self.full}"]
        return self.start(words=self.surviving(3, *shim, LAB, "--case", "stubborn", "--heartbeat", "1s"))

    def check(self, on, event):
        self.open_gate()
        expected = self.ends(self.begin(on)).out
        shutil.rmtree(self.run_directory)
        (self.folder / "go").unlink()
        running = self.begin(on)
        self.wait_for_ranks(2)
        self.wait_for(lambda: any(one["running"] for one in self.status()["ranks"]), "units run")
        self.assertEqual(self.happened(event), [])
        self.full.touch()
        self.wait_for(lambda: self.happened(event) or running.ended(), "the others have seen it")
        self.assertFalse(running.ended(), running.said())
        self.open_gate()
        result = self.ends(running)
        self.assertEqual(result.out, expected)
        self.assertEqual(result.err.count("this rank leaves: it keeps "), 1, result.err)
        self.assertEqual(len(self.happened("begin")), 1)
        self.expect_nobody()

    def test_a_worker_leaves(self):
        self.check(1, "rank_died")

    def test_the_coordinator_leaves(self):
        self.check(0, "takeover")


if __name__ == "__main__":
    unittest.main()
