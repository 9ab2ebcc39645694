#!/usr/bin/python3
"""Ranks of a run of commands die at chosen moments: the heir as it takes over, a coordinator as it writes, at the end and
as results.h5 is made, and while dead letters are retried. What comes out is what an undisturbed run gives."""

import shutil
import unittest

from kiln_case import END, KILN, SHIMS
from recovery_case import RecoveryCase
from same_results import content_of, differences

UNITS = 24


class Moments(RecoveryCase):
    def begin(self, ranks, *options, kill_at=""):
        variables = {"LD_PRELOAD": str(SHIMS / "kill_at.so"), "KILL_AT": kill_at} if kill_at else {}
        return self.start(words=self.surviving(ranks, KILN, "run", "--heartbeat", "1s", *options, "tasks.txt"), **variables)

    def results(self):
        return content_of(self.run_directory / "results.h5")

    def undisturbed(self):
        """What a run in peace comes to, and how often its rank 0 calls link."""
        calls = self.folder / "calls"
        self.ends(self.begin(3, "--checkpoint-every", "50ms", kill_at=f"0 count {calls}"))
        expected = self.results()
        entries = self.entries()
        self.assertEqual(self.entry_type(entries[max(entries)]), END)
        shutil.rmtree(self.run_directory)
        return expected, calls.read_text().split().count("link"), len(entries)

    # ---- the heir ----

    def test_the_heir_dies_as_it_takes_over(self):
        # Its first link is its epoch; the second one its first commit.
        for kill_at in ("1 link 1", "1 link 1 after", "1 link 2", "1 link 2 after"):
            with self.subTest(kill_at):
                self.forget_ran()
                (self.folder / "go").unlink(missing_ok=True)
                shutil.rmtree(self.run_directory, ignore_errors=True)
                self.marking_tasks(UNITS, gate=8)
                running = self.begin(4, "--checkpoint-every", "50ms", "--batch", "1", kill_at=kill_at)
                pids = self.wait_for_ranks(3)
                self.wait_for(lambda: len(self.ran()) > 8, "units run")
                self.kill(pids[0])
                self.wait_for(lambda: pids[1] not in self.rank_pids().values(), "the heir has died")
                self.wait_for(lambda: self.happened("takeover") and self.happened("takeover")[-1]["by"] in (2, 3),
                              "another one has taken over")
                self.open_gate()
                running.wait()
                self.expect_nobody()
                self.assertEqual(self.facts(), self.marking_facts(UNITS, 8))

    # ---- as it writes ----

    def test_as_it_writes_and_as_results_are_made(self):
        self.marking_tasks(UNITS)
        expected, links, entries = self.undisturbed()
        made = links - entries  # all but the entries: what makes the run directory, and results.h5
        self.assertGreater(made, 0)
        struck = 0
        for number in range(links - entries, links + 1):
            for after in ("", " after"):
                with self.subTest(link=number, after=after):
                    running = self.begin(3, "--checkpoint-every", "50ms", kill_at=f"0 link {number}{after}")
                    result = running.wait()
                    self.expect_nobody()
                    if (self.run_directory / "results.h5").exists():
                        self.assertEqual(differences(self.results(), expected), [], result.err)
                        struck += 1
                    else:  # before its reign began: the launcher would start it again
                        self.assertEqual(self.happened("takeover"), [])
                    shutil.rmtree(self.run_directory)
        self.assertGreaterEqual(struck, 4)  # at the end entry and at results.h5, before and after, whatever was before

    # ---- retry ----

    def test_while_dead_letters_are_retried(self):
        self.write_tasks([f"echo {i} >> ran; test -e mended -o {i % 4} -ne 0 || exit 3; "
                          f"while test -e mended -a ! -e go; do sleep 0.02; done" for i in range(UNITS)])
        self.ends(self.begin(3), 1 if self.mpi >= 5 else 0)
        failed = [unit for unit, word in enumerate(self.table()["status"]) if word != "ok"]
        self.assertEqual(failed, list(range(0, UNITS, 4)))
        (self.folder / "mended").touch()
        self.forget_ran()
        running = self.start("retry", "-n", "3", "--restarts", "0", "--heartbeat", "1s", str(self.run_directory))
        self.wait_for(lambda: len(self.ran()) >= 2, "some are retried")
        self.kill(self.rank_pids()[0])
        self.wait_for(lambda: self.happened("takeover"), "another rank has taken over")
        self.open_gate()
        result = self.ends(running)
        self.assertNotIn("starting again", result.err)
        self.expect_nobody()
        self.assertEqual(self.table()["status"], ["ok"] * UNITS)
        self.assertEqual(set(self.ran()), set(failed))


if __name__ == "__main__":
    unittest.main()
