#!/usr/bin/python3
"""Units that change the working directory of their process: what kiln opens by a relative name is found nevertheless."""

import json
import os
import pathlib
import unittest

import h5py

from recovery_case import RecoveryCase
from same_results import content_of, differences

STRAYER = pathlib.Path(os.environ["KILN"]).parent.parent / "programs" / "strayer"


class ProgramDirectory(RecoveryCase):
    def setUp(self):
        super().setUp()
        self.run_directory = self.folder / "strayer.kiln"
        (self.folder / "in").mkdir()
        for i in range(40):
            head = "last\n" if i == 39 else ""
            (self.folder / "in" / f"{i:02}.txt").write_text(head + "".join(f"word{i * j % 17}\n" for j in range(50)))
        with h5py.File(self.folder / "numbers.h5", "w") as file:
            file["x"] = [float(i) for i in range(100)]

    def begin(self, ranks, *options):
        return self.start(words=self.surviving(ranks, STRAYER, "in/*.txt", "--heartbeat", "1s", "--checkpoint-every",
                                               "50ms", *options))

    def content(self):
        return content_of(self.run_directory / "results.h5")

    def test_whoever_works_where(self):
        """Rank 0 alone, rank 0 beside a worker, and two workers come to the same."""
        (self.folder / "scratch").mkdir()
        found = []
        for ranks, options in ((1, ()), (2, ("--coordinator-works",)), (3, ("--scratch", "scratch"))):
            with self.subTest(ranks=ranks):
                result = self.ends(self.begin(ranks, "--fresh", "--numbers", "numbers.h5", "--export", "csv",
                                              "--on-finish", "touch finished", *options))
                self.assertNotIn("cannot", result.err)
                self.assertEqual(result.out, "4950\n")
                self.assertTrue((self.run_directory / "export" / "bytes.csv").exists())
                self.assertTrue((self.folder / "finished").exists())
                (self.folder / "finished").unlink()
                self.assertEqual(self.status()["state"], "ended")
                found.append(self.content())
        self.assertEqual(differences(found[0], found[1]), [])
        self.assertEqual(differences(found[0], found[2]), [])
        self.assertEqual(json.loads((self.run_directory / "launch.json").read_text())["directory"], str(self.folder))

    def test_another_rank_takes_over(self):
        gate = self.folder / "go"
        running = self.begin(4, "--gate", gate)
        pids = self.wait_for_ranks(3)
        self.wait_for(lambda: len(self.committed()) > 20, "units are committed")
        self.kill(pids[0])
        said = self.wait_for(lambda: self.happened("takeover"), "another rank takes over")[0]
        self.assertEqual(said["why"], "died")
        gate.touch()
        result = self.ends(running)
        self.assertNotIn("is gone", result.err)
        self.assertEqual(self.happened("begin")[1:], [])
        with_death = self.content()
        self.ends(self.begin(2, "--fresh"))
        self.assertEqual(differences(with_death, self.content()), [])


if __name__ == "__main__":
    unittest.main()
