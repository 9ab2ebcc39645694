#!/usr/bin/python3
"""clickstream when ranks die: its tables and exported files have the bytes of an undisturbed run."""

import os
import pathlib
import shutil
import signal
import unittest

from kiln_case import SHIMS
from recovery_case import RecoveryCase
from same_results import content_of, differences

PROGRAM = pathlib.Path(os.environ["KILN"]).parent / "clickstream"
OPTIONS = ("--export", "csv,json", "--events", "8000", "--users", "900", "--malformed", "2", "--progress", "none", "--heartbeat", "10s")
# Links that rank 0 makes, most of them entries of the journal: while the data is made, while events are read, while shards are.
MOMENTS = (7, 18, 33)


class ProgramClickstream(RecoveryCase):
    def setUp(self):
        super().setUp()
        self.run_directory = self.folder / "clickstream.kiln"

    def ends(self, running, code=0):
        running.process.wait(200)  # ten stages: on a busy machine that takes a while
        return super().ends(running, code)

    def result(self, done):
        """What must not depend on how it went; the run directory and the data are gone then."""
        self.assertIn("check: good", done.out)
        files = {path.name: path.read_bytes() for path in (self.run_directory / "export").iterdir()}
        self.assertEqual(len(files), 12)
        content = content_of(self.run_directory / "results.h5")
        shutil.rmtree(self.run_directory)
        shutil.rmtree(self.folder / "clickstream.kiln.shop-0")
        return content, files

    def expect_same(self, expected, found):
        self.assertEqual(differences(found[0], expected[0]), [])
        self.assertEqual([name for name in expected[1] if found[1].get(name) != expected[1][name]], [])

    def undisturbed(self, ranks=3):
        return self.result(self.ends(self.start(words=self.surviving(ranks, PROGRAM, *OPTIONS))))

    def begun(self, words, link):
        """A run whose rank 0 is stopped before it makes this link, and never again."""
        held = self.folder / "held"
        held.unlink(missing_ok=True)
        running = self.start(words=[*words, "--checkpoint-every", "20ms"], LD_PRELOAD=str(SHIMS / "kill_at.so"),
                             KILL_AT=f"0 link {link}", KILL_WITH="STOP", KILL_ONCE=str(held))
        self.wait_for(lambda: held.exists() and self.is_stopped(self.rank_pids()[0]), f"link {link}")
        return running

    @staticmethod
    def is_stopped(pid):
        return pathlib.Path("/proc", str(pid), "stat").read_text().rsplit(")", 1)[1].split()[0] == "T"

    def test_any_number_of_ranks_gives_the_same(self):
        expected = self.undisturbed(3)
        for ranks in (1, 2, 4, 7):
            with self.subTest(ranks=ranks):
                self.expect_same(expected, self.undisturbed(ranks))

    def killed(self, victims):
        expected = self.undisturbed()
        for link, victim in zip(MOMENTS, victims):
            with self.subTest(link=link, victim=victim):
                running = self.begun(self.surviving(4, PROGRAM, *OPTIONS), link)
                ranks = self.rank_pids()
                self.kill(ranks[victim])
                if victim != 0:
                    os.kill(ranks[0], signal.SIGCONT)
                done = self.ends(running)
                self.assertEqual(len(self.happened("takeover" if victim == 0 else "rank_died")), 1)
                self.assertEqual(self.happened("begin")[1:], [], "no restart")
                self.expect_same(expected, self.result(done))

    def test_workers_die(self):
        self.killed((1, 2, 3))

    def test_rank_0_dies(self):
        self.killed((0, 0, 0))

    def test_all_die_and_others_go_on(self):
        expected = self.undisturbed()
        for link, ranks in zip(MOMENTS, (2, 1, 4)):
            with self.subTest(link=link):
                running = self.begun(self.surviving(3, PROGRAM, *OPTIONS), link)
                for pid in self.rank_pids().values():
                    self.kill(pid)
                running.wait()
                self.wait_for(lambda: not self.rank_pids(), "all are gone")
                done = self.ends(self.start(words=self.surviving(ranks, PROGRAM, *OPTIONS)))
                self.expect_same(expected, self.result(done))

    def test_the_launcher_starts_again(self):
        expected = self.undisturbed()
        running = self.begun([str(PROGRAM), "-n", "2", *OPTIONS], MOMENTS[1])
        for pid in self.rank_pids().values():
            self.kill(pid)
        done = self.ends(running)
        self.assertIn("starting again in", done.err)
        self.expect_same(expected, self.result(done))


if __name__ == "__main__":
    unittest.main()
