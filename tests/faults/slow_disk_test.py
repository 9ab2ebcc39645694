#!/usr/bin/python3
"""A disk that takes its time: the run goes on beside a commit that does not end, until too much waits in memory."""

import re
import unittest

from kiln_case import KilnCase, SHIMS

UNITS = 60
GATE = 10
LARGE = 700  # units of a MiB of output: more than may wait


class SlowDisk(KilnCase):
    def begin(self, *options):
        self.slow = self.folder / "slow"
        (self.folder / "disk").mkdir()
        self.run_directory = self.folder / "disk/tasks.kiln"
        return self.start("run", "-n", "2", "--out", "disk/tasks.kiln", "--checkpoint-every", "100ms", *options,
                          "tasks.txt", LD_PRELOAD=str(SHIMS / "slow_disk.so"), SLOW_DISK_WHEN=str(self.slow),
                          SLOW_DISK_BELOW=str(self.folder / "disk"))

    def released(self, run):
        self.slow.unlink()
        result = run.wait()
        self.assertEqual(result.code, 0, result.err)
        self.assertNotRegex(result.err, "died|no sign of life|taken over|starting again")
        return result

    def test_the_run_goes_on_beside_a_commit(self):
        self.marking_tasks(UNITS, gate=GATE)
        # Nobody is dead for it, though the commit takes many deadlines.
        run = self.begin("--heartbeat", "200ms")
        self.wait_for(lambda: len(self.committed()) >= GATE or run.ended(), "what does not wait is committed")
        self.slow.touch()
        self.open_gate()
        self.wait_for(lambda: len(self.ran()) == UNITS or run.ended(), "all units ran beside the commit")
        self.assertLess(len(self.committed()), UNITS)
        self.released(run)
        self.assertEqual(self.facts(), self.marking_facts(UNITS, gate=GATE))
        self.assertEqual(sorted(self.ran()), list(range(UNITS)))

    def test_memory_is_bounded(self):
        self.write_tasks(f"echo {i} >> ran; yes {i} | head -c 1000000" for i in range(LARGE))
        run = self.begin("--output-limit", "1MiB")
        self.wait_for(lambda: self.committed() or run.ended(), "the run has begun")
        self.slow.touch()
        self.wait_for(lambda: "nothing is handed out" in run.said() or run.ended(), "the slow disk is said", 100)
        self.assertFalse(run.ended(), run.said())
        self.assertLess(len(self.ran()), LARGE)
        self.assertRegex(run.said(), re.compile(r"5\d\d.\d MiB of results wait for the disk"))
        result = self.released(run)
        self.assertEqual(result.err.count("nothing is handed out"), 1)
        self.assertEqual(sorted(self.ran()), list(range(LARGE)))
        self.assertEqual(len(self.table()["id"]), LARGE)


if __name__ == "__main__":
    unittest.main()
