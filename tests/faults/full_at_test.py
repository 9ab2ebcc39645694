#!/usr/bin/python3
"""Of all calls by which a small run changes the disk, one fails for want of room: each in turn, as far as the time goes.

The run says so and ends with 75, or comes through; what is committed then does not run again, and the same command goes on
to the same results.
"""

import concurrent.futures
import os
import pathlib
import re
import unittest

from kiln_case import SHIMS, KilnCase
from same_results import content_of, differences

KEYS = pathlib.Path(os.environ["KILN"]).parent.parent / "programs" / "keys"
UNITS = 3
EACH = 40      # of commands all calls up to here, and one in STEP of those behind
STEP = 15
SAMPLED = 8    # calls of a program, which makes many more
WHY = {"full": "No space left on device", "quota": "Disk quota exceeded", "read-only": "Read-only file system"}
# Where a file system is no longer written to, the run directory may not be usable at all.
CODES = {"full": (0, 75), "quota": (0, 75), "read-only": (0, 4, 75)}


class FullAt(KilnCase):
    def begin(self, name):
        """A folder for one run."""
        place = self.folder / name
        (place / "disk").mkdir(parents=True)
        (place / "count").write_bytes(bytes(8))
        return place

    def run_there(self, place, words, at=0, kind="full"):
        """The run, and how many calls changed its disk; call number `at` fails."""
        temporary = self.temporary / place.name  # two mpiruns that make the same folder at once: one of them fails
        temporary.mkdir(exist_ok=True)
        result = self.kiln(words=[*words, "--out", f"{place.name}/disk/run.kiln", "--checkpoint-every", "50ms"],
                           PLACE=place.name, TMPDIR=str(temporary), LD_PRELOAD=str(SHIMS / "full_at.so"), FULL_AT=str(at), FULL_AT_AS=kind,
                           FULL_AT_COUNT=str(place / "count"), FULL_AT_BELOW=str(place.resolve() / "disk"))
        return result, int.from_bytes((place / "count").read_bytes(), "little")

    def commands(self):
        self.write_tasks(f'echo {i} >> "$PLACE/ran"; echo out {i}' for i in range(UNITS))
        return [*self.words("run", "-n", "1", "tasks.txt")]

    @staticmethod
    def ran(place):
        path = place / "ran"
        return [int(word) for word in path.read_text().split()] if path.exists() else []

    def one(self, words, expected, at, kind):
        """The run whose call number `at` fails, and what came of it."""
        place = self.begin(f"{kind}-{at}")
        result, _ = self.run_there(place, words, at, kind)
        said = f"{kind} at {at}: {result.code}: {result.err}"
        self.assertIn(result.code, CODES[kind], said)
        directory = place / "disk/run.kiln"
        if result.code != 0:
            self.assertIn(WHY[kind], result.err, said)
            self.assertRegex(result.err, "make room|run the same command again|run again|" + re.escape(str(place.name)), said)
            committed = self.committed(directory) if (directory / "journal").exists() else set()
            before = self.ran(place)
            again, _ = self.run_there(place, words)
            self.assertEqual(again.code, 0, said + again.err)
            self.assertFalse(committed & set(self.ran(place)[len(before):]), said)
        self.assertEqual(differences(content_of(directory / "results.h5"), expected), [], said)

    def all_of(self, words, undisturbed, calls):
        """calls: pairs of a number and a kind. Two at a time, as they wait most of the time."""
        expected = content_of(undisturbed / "disk/run.kiln/results.h5")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(self.one, words, expected, at, kind) for at, kind in calls]:
                done.result()

    def sample(self, words, each, step=None):
        place = self.begin("undisturbed")
        result, calls = self.run_there(place, words)
        self.assertEqual(result.code, 0, result.err)
        self.assertGreater(calls, each)
        step = step or calls // SAMPLED
        chosen = [(at, "full") for at in range(1, calls + 1) if at <= each or (at - each) % step == 0]
        chosen += [(at, "quota") for at in range(5, calls + 1, 3 * step)]
        chosen += [(at, "read-only") for at in range(2, calls + 1, 3 * step)]
        self.all_of(words, place, chosen)

    def test_commands(self):
        self.sample(self.commands(), EACH, STEP)

    def test_a_program_by_key(self):
        self.sample([str(KEYS), "-n", "2", "--units", "4"], 0)


if __name__ == "__main__":
    unittest.main()
