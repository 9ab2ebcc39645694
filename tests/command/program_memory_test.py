#!/usr/bin/python3
"""Data by key that is larger than the memory it may take: the budget is kept, and what comes does not depend on it."""

import pathlib
import shutil
import unittest

from kiln_case import KILN, MPIRUN, KilnCase

HEAVY = pathlib.Path(KILN).parent.parent / "programs" / "heavy"
MEBI = 1 << 20


class Memory(KilnCase):
    def run_heavy(self, what, *options, ranks=3, code=0):
        """What it prints, and the most memory of any rank in bytes."""
        shutil.rmtree(self.folder / "heavy.kiln", ignore_errors=True)
        peaks = self.folder / "peaks"
        peaks.unlink(missing_ok=True)
        words = [MPIRUN, "-n", str(ranks), str(HEAVY), "--what", what, *map(str, options)]
        result = self.expect(code, words=words, seconds=200)
        found = [int(line.split()[1]) * 1024 for line in peaks.read_text().splitlines()]
        self.assertEqual(len(found), ranks)
        return result.out, max(found)

    def kept(self, what, budget, *options):
        """Besides what a rank has anyway, with MPI, HDF5 and the program: what it has with a hundredth of the data."""
        base = self.run_heavy(what, "--units", 15)[1]
        expected, _ = self.run_heavy(what, *options)
        for ranks in (3, 2):
            found, peak = self.run_heavy(what, "--memory", budget, *options, ranks=ranks)
            self.assertEqual(found, expected)
            print(f"{what}, {ranks} ranks: {(peak - base) / MEBI:.1f} MiB of {budget / MEBI:.0f}, besides {base / MEBI:.1f}")
            self.assertLessEqual(peak - base, 1.2 * budget)

    def test_many_keys(self):
        self.kept("distinct", 64 * MEBI, "--units", 2000)

    def test_one_giant_group(self):
        self.kept("group", 24 * MEBI, "--units", 2000)

    def test_sort(self):
        self.kept("sort", 64 * MEBI, "--units", 2000)

    def test_join(self):
        self.kept("join", 32 * MEBI, "--units", 1500)

    def test_a_budget_that_is_too_small_is_refused(self):
        for given, said in (("15MiB", "16.0 MiB or more"), ("0", "16.0 MiB or more"), ("lots", "a size such as"),
                            ("-1", "a size such as")):
            result = self.expect(2, words=[str(HEAVY), f"--memory={given}"])
            self.assertIn(f"--memory does not take '{given}'", result.err)
            self.assertIn(said, result.err)


if __name__ == "__main__":
    unittest.main()
