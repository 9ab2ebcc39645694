#!/usr/bin/python3
"""A disk that is full, over quota or read-only in the middle of a run: it is said, nothing is handed out, what is
committed stays.

A small tmpfs in a mount namespace of this process's own where that is permitted, and everywhere a preloaded library
that lets writes below the run directory fail.
"""

import signal
import subprocess
import unittest

from kiln_case import KilnCase, own_mounts, SHIMS

UNITS = 40
GATE = 10


class FullDisk(KilnCase):
    """The steps, on a disk that the subclass fills and frees."""

    variables = {}
    why = "No space left on device"

    def steps(self, fill, free):
        task = [self.marking_task(i, gate=GATE) for i in range(UNITS)]
        self.write_tasks(task)
        run = self.start("run", "-n", "2", "--out", "disk/tasks.kiln", "--checkpoint-every", "100ms", "--grace", "3s",
                         "tasks.txt", **self.variables)
        self.run_directory = self.folder / "disk/tasks.kiln"
        self.wait_for(lambda: len(self.committed()) >= GATE or run.ended(), "what does not wait is committed")
        self.assertFalse(run.ended(), run.said())
        fill()
        self.open_gate()
        self.wait_for_refused_commit(run)
        # Nobody frees it: the user stops the run, which has its grace to save what it holds, and no more.
        run.process.send_signal(signal.SIGTERM)
        result = run.wait()
        self.assertEqual(result.code, 75, result.err)
        self.assertIn("run the same command again", result.err)
        self.assertEqual(result.err.count("nothing is handed out"), 1, "not once a try")
        self.assertIn("was not written; they run again", result.err)
        self.assertNotIn("run again; what is committed is safe", result.err, "what is to be done is said once in a line")
        self.assertNotIn(".kiln-tmp-status", result.err)
        committed = self.committed()
        self.assertGreaterEqual(len(committed), GATE)
        self.assertLess(len(committed), UNITS)
        self.assertIn(f" units: {len(committed)} done, {UNITS - len(committed)} not run", result.err)
        for word in ("status", "results"):
            self.expect(0, word, "disk/tasks.kiln", **self.variables)
        # While it is full nothing can begin either.
        again = self.kiln("run", "--out", "disk/tasks.kiln", "tasks.txt", **self.variables)
        self.assertIn(again.code, (4, 75), again.err)
        self.assertIn(self.why, again.err)
        free()
        self.forget_ran()
        self.expect(0, "run", "-n", "3", "--out", "disk/tasks.kiln", "tasks.txt", **self.variables)
        self.assertEqual(self.facts(), self.marking_facts(UNITS, gate=GATE))
        self.assertEqual(set(self.ran()), set(range(UNITS)) - committed)

    def wait_for_refused_commit(self, run):
        """Of the status it may be said before, and that is no reason to wait."""
        self.wait_for(lambda: "nothing is handed out" in run.said() or run.ended(), "the full disk is said")
        self.assertFalse(run.ended(), run.said())
        self.assertIn(self.why, run.said())

    def freed_in_time(self, fill, free):
        """Space comes back while the run waits for it: it goes on by itself."""
        self.write_tasks([self.marking_task(i, gate=GATE) for i in range(UNITS)])
        run = self.start("run", "-n", "2", "--out", "disk/tasks.kiln", "--checkpoint-every", "100ms", "tasks.txt",
                         **self.variables)
        self.run_directory = self.folder / "disk/tasks.kiln"
        self.wait_for(lambda: len(self.committed()) >= GATE or run.ended(), "what does not wait is committed")
        fill()
        self.open_gate()
        self.wait_for_refused_commit(run)
        free()
        result = run.wait()
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(self.facts(), self.marking_facts(UNITS, gate=GATE))
        self.assertEqual(sorted(self.ran()), list(range(UNITS)))
        self.assertIn("can be written again", result.err)


class Preloaded(FullDisk):
    kind = "full"

    def setUp(self):
        super().setUp()
        (self.folder / "disk").mkdir()
        self.full = self.folder / "full"
        self.variables = {"LD_PRELOAD": str(SHIMS / "full_disk.so"), "FULL_DISK_WHEN": str(self.full),
                          "FULL_DISK_BELOW": str(self.folder.resolve() / "disk"), "FULL_DISK_AS": self.kind}

    def test_stopped_and_gone_on(self):
        self.steps(self.full.touch, self.full.unlink)

    def test_freed_in_time(self):
        self.freed_in_time(self.full.touch, self.full.unlink)

    def test_full_from_the_start(self):
        self.write_tasks(["echo 1 >> ran"])
        self.full.touch()
        result = self.kiln("run", "-n", "1", "--out", "disk/tasks.kiln", "tasks.txt", **self.variables)
        self.assertIn(result.code, (4, 75), result.err)
        self.assertIn(self.why, result.err)
        self.assertEqual(self.ran(), [])
        self.full.unlink()
        self.expect(0, "run", "-n", "1", "--out", "disk/tasks.kiln", "tasks.txt", **self.variables)
        self.assertEqual(self.ran(), [1])


class Quota(Preloaded):
    kind, why = "quota", "Disk quota exceeded"


class ReadOnly(Preloaded):
    """As after an error of the disk: file systems are remounted so."""

    kind, why = "read-only", "Read-only file system"


@unittest.skipUnless(own_mounts(), "mounting is not permitted here")
class SmallDisk(FullDisk):
    def setUp(self):
        super().setUp()
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2M", "none", self.disk], check=True)
        self.addCleanup(subprocess.run, ["umount", self.disk], check=False)

    def fill(self):
        with open(self.disk / "filler", "wb", buffering=0) as filler:
            try:
                while filler.write(b"\0" * 4096):
                    pass
            except OSError:
                pass

    def free(self):
        (self.disk / "filler").unlink()

    def test_stopped_and_gone_on(self):
        self.steps(self.fill, self.free)

    def test_freed_in_time(self):
        self.freed_in_time(self.fill, self.free)

    def test_outputs_fill_it(self):
        # What the units say is more than there is room for.
        self.write_tasks([f"head -c 60000 /dev/urandom; echo {i} >> ran" for i in range(60)])
        run = self.start("run", "-n", "2", "--out", "disk/tasks.kiln", "--checkpoint-every", "50ms", "--grace", "1s",
                         "tasks.txt")
        self.run_directory = self.disk / "tasks.kiln"
        self.wait_for(lambda: self.why in run.said() or run.ended(), "the full disk is said")
        self.assertFalse(run.ended(), run.said())
        run.process.send_signal(signal.SIGTERM)
        result = run.wait()
        self.assertEqual(result.code, 75, result.err)
        committed = self.committed()
        subprocess.run(["mount", "-o", "remount,size=64M", self.disk], check=True)
        self.forget_ran()
        self.expect(0, "run", "--out", "disk/tasks.kiln", "tasks.txt")
        self.assertEqual(self.table()["status"], ["ok"] * 60)
        self.assertEqual(set(self.ran()), set(range(60)) - committed)


if __name__ == "__main__":
    unittest.main()
