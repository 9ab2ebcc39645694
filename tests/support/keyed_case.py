"""What tests of steps by key share: a run that is held where units emit, or where shards are read."""

import json
import os
import pathlib
import shutil

from kiln_case import SHIMS
from recovery_case import RecoveryCase
from same_results import content_of, differences

KEYS = pathlib.Path(os.environ["KILN"]).parent.parent / "programs" / "keys"


def full_disk(when, below):
    """The variables with which a program finds the disk full below a path, while the file `when` is there."""
    return {"LD_PRELOAD": str(SHIMS / "full_disk.so"), "FULL_DISK_WHEN": str(when), "FULL_DISK_BELOW": str(below)}


class KeyedCase(RecoveryCase):
    program = KEYS

    def setUp(self):
        super().setUp()
        self.run_directory = self.folder / (self.program.name + ".kiln")

    def begin(self, ranks, *options, heartbeat="1s", **variables):
        words = self.surviving(ranks, self.program, "--heartbeat", heartbeat, *options)
        return self.start(words=words, **variables)

    def launched(self, workers, *options):
        """By the launcher, which starts again what has died."""
        return self.start(words=[str(self.program), "-n", str(workers), "--heartbeat", "1s", *options])

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

    def full_for_a_while(self, below):
        """Nothing can be written below that folder when the runs are, until it is said."""
        expected = self.undisturbed()
        full = self.folder / "full"
        running = self.begin(3, "--hold", "map", **full_disk(full, below))
        self.held("map")
        full.touch()
        self.go_on("map")
        self.wait_for(lambda: "No space left" in running.said(), "the full disk is said")
        self.assertFalse(running.ended(), running.said())
        full.unlink()
        self.expect_same(expected, self.ends(running))

    def stopped(self, where):
        """A run that ended there with 75, with all that it had committed."""
        expected = self.undisturbed()
        running = self.begin(3, "--hold", where, "--checkpoint-every", "50ms")
        self.held(where)
        self.wait_for(lambda: self.runs() and self.committed(), "runs are written, and named")
        for pid in self.rank_pids().values():
            self.kill(pid)
        running.wait()
        self.wait_for(lambda: not self.rank_pids(), "all are gone")
        self.go_on(where)
        return expected

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
