#!/usr/bin/python3
"""Random flows of keyed and plain steps, each held to a sequential model: on 1 to 7 ranks, spilling or not, undisturbed
and while a rank dies.

  program_flows_test.py [N [SEED]]     (./dev flows): the N seeds from SEED on
"""

import pathlib
import random
import shutil
import struct
import sys
import unittest

import h5py
import numpy

from keyed_case import KEYS, KeyedCase
from same_results import content_of, differences

FLOWS = KEYS.parent / "flows"
SEEDS = range(1, 13)  # of the test
BALLAST = 3000  # bytes of a key, where a budget of 16 MiB is to be too small


class Plan:
    """How the flow of a seed is run: twice, and the results must be the same."""

    def __init__(self, seed):
        chance = random.Random(f"flows {seed}")
        self.seed = seed
        self.spills = seed % 2 == 1
        self.ballast = BALLAST if self.spills else chance.choice([0, 0, 20])
        self.ranks = [1 + seed % 7, chance.randint(3, 7) if seed % 3 == 0 else chance.randint(1, 7)]
        self.victim = None  # of the second run
        if seed % 3 == 0:
            self.victim = 0 if seed % 9 == 0 else chance.randrange(1, self.ranks[1])
        self.moment = chance.random()
        self.batch = chance.choice([[], ["--batch", "1"], ["--batch", "5"]])

    def line(self):
        dies = "" if self.victim is None else f", rank {self.victim} dies"
        return f"{self.ranks[0]} and {self.ranks[1]} ranks, {'spills' if self.spills else 'in memory'}{dies}"


class ProgramFlows(KeyedCase):
    program = FLOWS
    chosen = SEEDS

    def setUp(self):
        super().setUp()
        self.spilled = []  # files that a worker has written, with room and without

    def test_every_flow_gives_what_its_model_does(self):
        for seed in self.chosen:
            plan = Plan(seed)
            with self.subTest(msg=f"again: ./dev flows 1 {seed}    ({plan.line()})"):
                self.one(plan)
            if self.chosen is not SEEDS:
                print(f"{seed:6} {plan.line()}", flush=True)
        if self.spilled:
            roomy, tight = map(sum, zip(*self.spilled))
            self.assertGreater(tight, roomy, "a small budget makes more files")

    def one(self, plan):
        model = self.folder / "model"
        for folder in (model, self.run_directory):
            shutil.rmtree(folder, ignore_errors=True)
        model.mkdir()
        self.kiln(words=[str(FLOWS), "model", str(plan.seed), str(plan.ballast), str(model)])
        begun = self.run_of(plan, plan.ranks[0], [])
        entries = max(self.entries())
        first = self.held_to(model)
        files = self.files()
        shutil.rmtree(self.run_directory)
        small = ["--memory", "16MiB"] if plan.spills else []
        self.run_of(plan, plan.ranks[1], small, 1 + int(plan.moment * entries) if plan.victim is not None else None)
        if plan.spills and plan.victim is None:
            self.spilled.append([found / max(1, ranks - 1) for found, ranks in zip((files, self.files()), plan.ranks)])
        self.assertEqual(differences(self.held_to(model), first), [], begun.err)

    def run_of(self, plan, ranks, options, entry=None):
        """`entry`: when the journal has so many, the victim dies, if the run has not ended by then."""
        options = ["--graph", str(plan.seed), "--ballast", str(plan.ballast), *plan.batch, *options]
        if plan.victim is not None:
            options += ["--checkpoint-every", "50ms"]
        # The launcher ends an mpirun that does not see that all are gone.
        running = self.begin(1, *options) if ranks == 1 else self.launched(ranks - 1, *options)
        if entry is not None:
            self.wait_for(lambda: running.ended() or max(self.entries(), default=0) >= entry, f"entry {entry}")
            victim = self.rank_pids().get(plan.victim)
            if victim is not None:
                self.kill(victim)
        return self.ends(running)

    def files(self):
        return int(pathlib.Path(f"{self.run_directory}.runs").read_text())

    def held_to(self, model):
        """What the results hold, when it is what the model says."""
        path = self.run_directory / "results.h5"
        with h5py.File(path) as file:
            for table in sorted(model.glob("*[0-9].*")):
                expected = numpy.fromfile(table, dtype="<u8").reshape(-1, 2)
                self.expect_rows(file, table, expected)
            for values in model.glob("*.values"):
                self.expect_values(file, values)
        return content_of(path)

    def expect_rows(self, file, table, expected):
        if table.stem not in file:
            self.assertEqual(len(expected), 0, f"no table {table.stem}")
            return
        rows = numpy.column_stack([file[table.stem]["key"][...], file[table.stem]["value"][...]]).astype("<u8")
        self.assertEqual(rows.shape, expected.shape, table.stem)
        if table.suffix == ".items":
            rows, expected = (one[numpy.lexsort((one[:, 1], one[:, 0]))] for one in (rows, expected))
        different = numpy.flatnonzero((rows != expected).any(axis=1))
        self.assertEqual(different[:3].tolist(), [], f"{table.stem}: {len(different)} of {len(rows)} rows are different")

    def expect_values(self, file, values):
        total, *tree = values.read_text().split()
        if int(total) == 0:
            return  # maybe no item at all: there is no value then
        found = file[f"reduced/{values.stem}_sum"]["value"][0]
        self.assertEqual(int(found), int(total), values.stem)
        if tree:
            found = file[f"reduced/{values.stem}_tree"]["value"][0]
            self.assertEqual(struct.pack("<d", found), struct.pack("<d", float.fromhex(tree[0])), values.stem)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        count, *begin = map(int, sys.argv[1:])
        ProgramFlows.chosen = range(*begin, begin[0] + count) if begin else range(1, 1 + count)
    unittest.main(argv=sys.argv[:1])
