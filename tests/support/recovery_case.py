"""What tests share that kill and stop ranks of a run that survives it."""

import contextlib
import json
import os
import pathlib
import signal
import time

from kiln_case import MPIRUN, KilnCase, mpi_major


class RecoveryCase(KilnCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mpi = mpi_major()

    def surviving(self, ranks, *words):
        """`words` on so many ranks, under an mpirun that lets the others live when one dies. That of Open MPI 4 then ends
        with 0 whatever the ranks end with."""
        recovery = ["--with-ft", "ulfm"] if self.mpi >= 5 else ["--enable-recovery"]
        return [MPIRUN, *recovery, "-n", str(ranks), *map(str, words)]

    def rank_pids(self):
        """{rank: pid} of the ranks that live (or are stopped): children of mpirun."""
        found = {}
        for pid in self.processes():
            with contextlib.suppress(OSError, IndexError, ValueError, StopIteration):  # or not a rank yet
                parent = pathlib.Path("/proc", str(pid), "stat").read_text().rsplit(")", 1)[1].split()[1]
                if pathlib.Path("/proc", parent, "comm").read_text().strip() not in ("mpirun", "prterun"):
                    continue
                words = pathlib.Path("/proc", str(pid), "environ").read_bytes().split(b"\0")
                found[next(int(w.split(b"=")[1]) for w in words if w.startswith(b"OMPI_COMM_WORLD_RANK="))] = pid
        return found

    def wait_for_ranks(self, count):
        """Until so many ranks other than rank 0 have said that they are ready; their pids and that of rank 0."""
        def seen():
            ready = [one for one in self.status().get("ranks", []) if one["pid"] != 0]
            return len(ready) >= count
        self.wait_for(seen, f"{count} ranks are ready")
        return self.rank_pids()

    def kill(self, pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    @staticmethod
    def now():
        return time.time()

    def happened(self, kind):
        """The events of this kind so far."""
        return [one for one in map(json.loads, self.events().splitlines()) if one["event"] == kind]

    def ends(self, running, code=0):
        result = running.wait()
        # An mpirun of Open MPI 5 by hand ends with what some rank did, a killed one too.
        if self.mpi < 5 or running.process.args[0] != MPIRUN:
            self.assertEqual(result.code, code, result.err)
        return result
