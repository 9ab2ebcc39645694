"""What tests of kiln slurm share: a Slurm of shell scripts, and the batch scripts as bash runs them."""

import os
import pathlib

from kiln_case import KilnCase

PARTITIONS = "\n".join((
    "PartitionName=short Default=YES MaxNodes=2 MaxTime=04:00:00 State=UP TotalCPUs=32 TotalNodes=4",
    "PartitionName=long Default=NO MaxNodes=UNLIMITED MaxTime=7-00:00:00 State=UP TotalCPUs=64 TotalNodes=8",
    "PartitionName=tiny MinNodes=2 MaxNodes=3 MaxTime=00:05:00 State=UP TotalCPUs=8 TotalNodes=4 MaxMemPerNode=500",
    "PartitionName=bio AllowAccounts=bio MaxTime=UNLIMITED State=UP TotalCPUs=8 TotalNodes=4"))
NODES = "\n".join(("short|8|(null)|4|1000", "long|8|gpu:2|8|1000", "tiny|2|(null)|4|1000", "bio|2|(null)|4|1000"))


class SlurmCase(KilnCase):
    def setUp(self):
        super().setUp()
        self.programs = self.folder / "bin"
        self.programs.mkdir()
        # The first word of the PATH: Slurm's programs are those of this folder, or none.
        path = ":".join(one for one in self.environment["PATH"].split(":")
                        if not any((pathlib.Path(one) / name).exists() for name in ("scontrol", "sbatch")))
        if not any((pathlib.Path(one) / "mpirun").exists() for one in path.split(":")):
            for one in pathlib.Path("/usr/bin").iterdir():
                if one.name not in ("sbatch", "scontrol", "squeue", "scancel", "sinfo", "srun"):
                    (self.programs / one.name).symlink_to(one)
        self.environment["PATH"] = f"{self.programs}:{path}"
        for name in [one for one in self.environment if one.startswith("SLURM_")]:
            del self.environment[name]

    def program(self, name, text):
        """A program of this Slurm: each call is noted in NAME.calls."""
        file = self.programs / name
        file.unlink(missing_ok=True)
        file.write_text(f"#!/bin/bash\necho \"$@\" >> '{self.folder}/{name}.calls'\n{text}\n")
        file.chmod(0o755)

    def calls(self, name):
        file = self.folder / f"{name}.calls"
        return file.read_text().splitlines() if file.exists() else []

    def a_slurm(self):
        self.program("scontrol", f"if [ \"$1\" = show ]; then echo '{PARTITIONS}'; fi")
        self.program("sinfo", f"echo '{NODES}'")
        self.program("sbatch", f"cp \"${{@: -1}}\" '{self.folder}/submitted.sbatch'; echo 4711")
        self.program("scancel", "")


class ScriptCase(SlurmCase):
    """A script as bash runs it, with a Slurm that only notes what it is told."""

    def setUp(self):
        super().setUp()
        self.a_slurm()
        self.program("scontrol", "[ \"$1\" != requeue ] || kill -KILL $PPID")  # Slurm ends a job that goes back

    def script(self, *words):
        file = self.folder / "job.sbatch"
        file.write_text(self.expect(0, "slurm", "run", *words).out)
        for name in ("scontrol", "sinfo"):
            (self.folder / f"{name}.calls").unlink(missing_ok=True)
        return file

    def job(self, *words, **variables):
        return self.start(words=["bash", *words], SLURM_JOB_ID="17", SLURM_JOB_CPUS_PER_NODE="2", **variables)

    def stopped(self, script, number, *words):
        """Runs until a unit has begun, then sends `number` to the script alone."""
        job = self.job(script, *words)
        self.wait_for(lambda: self.ran(), "a unit runs")
        os.kill(job.pid, number)
        return job
