#!/usr/bin/python3
"""Ranks are killed over TCP while much is on its way to them: whoever sends it does not stand still for ever."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import unittest

from kiln_case import KILN
from recovery_case import RecoveryCase

UNITS = 12
BYTES = 8_000_000
UNDER_WAY = 100_000  # so much waits at a socket of who sends


def unsent(pids):
    """Bytes that wait in TCP sockets of these processes, of the one that has most."""
    sockets = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            for one in pathlib.Path("/proc", str(pid), "fd").iterdir():
                with contextlib.suppress(OSError):
                    sockets.add(os.readlink(one))
    lines = (line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:])
    return max([int(words[4].split(":")[0], 16) for words in lines if f"socket:[{words[9]}]" in sockets], default=0)


class TcpTransfers(RecoveryCase):
    def setUp(self):
        super().setUp()
        own = self.folder / "bin"  # the launcher's words win over variables
        own.mkdir()
        script = own / "mpirun"
        script.write_text(f'#!/bin/bash\nexec "{shutil.which("mpirun")}" "${{@/self,vader,tcp/self,tcp}}"\n')
        script.chmod(0o755)
        self.environment["PATH"] = f"{own}:{os.environ['PATH']}"
        self.environment["OMPI_MCA_btl_tcp_if_include"] = "lo"
        self.write_tasks([f"yes {i} | head -c {BYTES}" for i in range(UNITS)])

    def stop_in_the_midst(self, running):
        """Stops rank 0 while another rank sends it an output; its pid. None: the run has ended before."""
        while not running.ended():
            pids = self.rank_pids()
            if 0 not in pids or len(pids) < 2:
                continue
            rank_0 = pids.pop(0)
            with contextlib.suppress(ProcessLookupError):
                os.kill(rank_0, signal.SIGSTOP)
                for _ in range(50):
                    if unsent(pids.values()) > UNDER_WAY:
                        return rank_0
                os.kill(rank_0, signal.SIGCONT)
        return None

    def stopped_in_the_midst(self, workers):
        while True:
            running = self.start(words=[KILN, "run", "-n", str(workers), "--fresh", "--heartbeat", "2s", "--batch", "1",
                                        "--output-limit", "10MB", "tasks.txt"])
            if rank_0 := self.stop_in_the_midst(running):
                return running, rank_0
            self.ends(running)

    def test_rank_0_dies_in_the_midst(self):
        for workers in (1, 2):
            running, rank_0 = self.stopped_in_the_midst(workers)
            self.kill(rank_0)
            self.ends(running)
            outputs = self.table(group="output")["stdout"]
            self.assertEqual(len(outputs), UNITS)
            for i, output in enumerate(outputs):
                self.assertEqual(output, (f"{i}\n" * (BYTES // len(f"{i}\n") + 1))[:BYTES])
            self.expect_nobody()
            json.loads((self.run_directory / "outcome.json").read_text())


if __name__ == "__main__":
    unittest.main()
