#!/usr/bin/python3
"""Damage to the journal of a run that ended or was stopped: it is said, only the units of what was damaged run again."""

import os
import pathlib
import shutil
import signal
import tempfile
import unittest

from kiln_case import COMMIT, END, EPOCH, SOURCE, KilnCase

UNITS = 60
PAUSE = " sleep 0.03;"  # so that there are several commits


class Damage(KilnCase):
    kept = None  # the run directory as the first test made it; the others begin with a copy

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="t-kept-", dir=os.getcwd())
        cls.addClassCleanup(folder.cleanup)
        cls.kept = pathlib.Path(folder.name, "tasks.kiln")

    def setUp(self):
        super().setUp()
        self.marking_tasks(UNITS, pause=PAUSE)
        if not self.kept.exists():
            self.expect(0, "run", "-n", "2", "--checkpoint-every", "200ms", "tasks.txt")
            self.assertEqual(sorted(self.ran()), list(range(UNITS)))
            self.run_directory.rename(self.kept)
            self.forget_ran()
        shutil.copytree(self.kept, self.run_directory)
        self.before = self.facts()
        self.assertEqual(self.before, self.marking_facts(UNITS, pause=PAUSE))

    def of_type(self, wanted):
        return [path for path in self.entries().values() if self.entry_type(path) == wanted]

    def commits(self):
        """[(path, units it says are done)]"""
        found = [(path, sorted(self.done_units(path))) for path in self.of_type(COMMIT)]
        self.assertGreaterEqual(len(found), 3)
        return found

    def expect_repair(self, units, *said, n=3):
        """The next run says what `said` holds, runs `units` again and no others, and comes to the same results."""
        result = self.expect(0, "run", "-n", n, "tasks.txt")
        for text in said:
            self.assertIn(text, result.err)
        self.assertEqual(sorted(self.ran()), sorted(units))
        self.assertEqual(self.facts(), self.before)
        # And it stays repaired: nothing is said and nothing runs.
        self.forget_ran()
        again = self.expect(0, "run", "tasks.txt")
        self.assertNotIn("runs again", again.err)
        self.assertIn("done earlier", again.err)
        self.assertEqual(self.ran(), [])
        self.assertEqual(self.facts(), self.before)
        return result

    def test_a_truncated_entry(self):
        path, units = self.commits()[1]
        os.truncate(path, path.stat().st_size // 2)
        self.expect_repair(units, f"journal/000/{path.name}", "runs again")
        self.assertTrue(any((self.run_directory / "damaged").iterdir()), "a copy is kept for people")

    def test_an_empty_entry(self):
        path, units = self.commits()[0]
        os.truncate(path, 0)
        self.expect_repair(units, path.name)

    def test_a_flipped_bit_anywhere_in_an_entry(self):
        # In the header, in its padding, and in the rows.
        path, units = self.commits()[1]
        size = path.stat().st_size
        good = path.read_bytes()
        for at in (3, 300, 512 + (size - 512) // 3, size - 1):
            with self.subTest(at=at):
                bad = bytearray(good)
                bad[at] ^= 0x10
                path.write_bytes(bad)
                # Looking changes nothing, and says it too.
                looked = self.expect(0, "status", "tasks.kiln")
                self.assertIn(f"{UNITS}: {UNITS - len(units)} done", " ".join(looked.out.split()), looked.out)
                path.write_bytes(good)
        path.write_bytes(bad)
        self.expect_repair(units, path.name)

    def test_two_entries_swapped(self):
        (one, units), (other, more) = self.commits()[:2]
        aside = one.with_suffix(".aside")
        one.rename(aside)
        other.rename(one)
        aside.rename(other)
        self.expect_repair(units + more, one.name, other.name)

    def test_an_entry_copied_over_another(self):
        (one, _), (other, units) = self.commits()[:2]
        other.write_bytes(one.read_bytes())
        self.expect_repair(units, other.name)

    def test_a_missing_entry(self):
        path, units = self.commits()[1]
        path.unlink()
        self.expect_repair(units, path.name, "missing")

    def test_several_entries_at_once(self):
        (one, units), (other, more), (third, last) = self.commits()[:3]
        one.unlink()
        os.truncate(other, 600)
        third.write_bytes(b"\0" * third.stat().st_size)
        self.expect_repair(units + more + last, one.name, other.name, third.name)

    def test_a_damaged_source_entry_is_rebuilt(self):
        path, = self.of_type(SOURCE)
        bad = bytearray(path.read_bytes())
        bad[-10] ^= 1
        path.write_bytes(bad)
        self.expect_repair([], "rebuilt from source/1.units")

    def test_a_missing_source_entry_is_rebuilt(self):
        path, = self.of_type(SOURCE)
        path.unlink()
        self.expect_repair([], "rebuilt from source/1.units")

    def test_a_source_that_is_lost_altogether(self):
        path, = self.of_type(SOURCE)
        path.unlink()
        (self.run_directory / "source/1.units").unlink()
        result = self.expect(0, "run", "tasks.txt")
        self.assertIn("lost", result.err)
        # Nobody knows which commands the results are of: all run again, under ids of their own.
        self.assertEqual(sorted(self.ran()), list(range(UNITS)))
        live = [fact[1:] for fact in self.facts() if fact[3] != "removed"]
        self.assertEqual(live, [fact[1:] for fact in self.before])

    def test_damaged_epoch_and_end_entries_cost_no_unit(self):
        for kind in (EPOCH, END):
            path = self.of_type(kind)[0]
            path.write_bytes(path.read_bytes()[:-3])
        self.expect_repair([], "journal/000/")

    def test_foreign_files_and_torn_temporaries_in_the_journal(self):
        for name in ("tmp-1-2", "000/tmp-99", "000/notes.txt", "000/000000002.h5.bak"):
            (self.run_directory / "journal" / name).write_bytes(b"torn")
        self.expect_repair([])
        self.assertFalse((self.run_directory / "journal/tmp-1-2").exists())

    def test_derived_files_are_made_again(self):
        for name in ("results.h5", "outcome.json", "status.json", "owner.json", "events.jsonl"):
            (self.run_directory / name).write_bytes(b"\xff\0nonsense")
        self.expect_repair([])


class DamageWhileStopped(KilnCase):
    def test_a_stopped_run_loses_an_entry(self):
        self.marking_tasks(UNITS, gate=20)
        run = self.start("run", "-n", "2", "--checkpoint-every", "50ms", "--grace", "0s", "tasks.txt")
        self.wait_for(lambda: len(self.committed()) >= 20, "what does not wait is committed")
        run.process.send_signal(signal.SIGTERM)
        self.assertEqual(run.wait().code, 75)
        done = self.committed()
        path = next(path for path in self.entries().values() if self.entry_type(path) == COMMIT)
        lost = self.done_units(path)
        self.assertLess(len(done), UNITS)
        path.unlink()
        self.forget_ran()
        self.open_gate()
        result = self.expect(0, "run", "-n", "1", "tasks.txt")
        self.assertIn(path.name, result.err)
        self.assertEqual(sorted(self.ran()), sorted(set(range(UNITS)) - done | lost))
        self.assertEqual(self.facts(), self.marking_facts(UNITS, gate=20))


if __name__ == "__main__":
    unittest.main()
