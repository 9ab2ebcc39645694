#!/usr/bin/python3
"""kiln doctor on this machine, and on machines that lack something."""

import json
import os
import resource
import shutil
import signal
import subprocess
import unittest

from kiln_case import KILN, KilnCase


class Doctor(KilnCase):
    def findings(self, code, *words, **variables):
        """{check: finding} of `kiln doctor --json`."""
        report = json.loads(self.expect(code, "doctor", "--json", *words, **variables).out)
        findings = {one["check"]: one for one in report["findings"]}
        self.assertEqual(len(findings), len(report["findings"]), "each check has a name of its own")
        self.assertEqual(report["bad"], sum(one["verdict"] == "bad" for one in findings.values()))
        self.assertEqual(report["bad"] > 0, code == 1)
        for one in findings.values():
            self.assertEqual(one["advice"] is None, one["verdict"] == "good", one)
        return findings

    def test_here(self):
        before = sorted(os.listdir(self.folder))
        found = self.findings(0)
        self.assertEqual(found["trial"]["verdict"], "good")
        self.assertIn("200 commands" if os.cpu_count() == 2 else "commands", found["trial"]["text"])
        for check in ("mpi.library", "mpi.mpirun", "mpi.transports", "hdf5", "disk.links", "disk.fsync", "tmpdir",
                      "machine.cores", "machine.memory", "limits.files", "limits.processes"):
            self.assertIn(check, found)
        self.assertEqual(sorted(os.listdir(self.folder)), before)
        self.assertEqual(os.listdir(self.temporary), [])

    def test_lines_for_people(self):
        lines = self.expect(0, "doctor", "--no-run").out.splitlines()
        for line in lines[:-1]:
            self.assertRegex(line, r"^(good|note|bad )  \S|^      -> \S")
        self.assertRegex(lines[-1], r"^\d+ good, \d+ to note, 0 bad: ")
        self.assertNotIn("test run", "\n".join(lines))

    def path_of(self, *programs):
        """A PATH with nothing but these."""
        folder = self.folder / "bin"
        folder.mkdir(exist_ok=True)
        for program in programs:
            (folder / program).symlink_to(shutil.which(program))
        return str(folder)

    def test_no_mpirun(self):
        found = self.findings(1, PATH=self.path_of("true"))
        self.assertEqual(found["mpi.mpirun"]["verdict"], "bad")
        self.assertIn("openmpi-bin", found["mpi.mpirun"]["advice"])
        self.assertNotIn("trial", found)

    def test_an_mpirun_of_another_mpi(self):
        path = self.path_of("sh")
        fake = self.folder / "bin" / "mpirun"
        fake.write_text("#!/bin/sh\necho 'HYDRA build details:'\n")
        fake.chmod(0o755)
        found = self.findings(1, PATH=path)
        self.assertIn("HYDRA", found["mpi.mpirun"]["text"])

    def test_an_mpirun_that_fails(self):
        path = self.path_of("sh")
        fake = self.folder / "bin" / "mpirun"
        fake.write_text("#!/bin/sh\ncase $* in *--version*) echo 'mpirun (Open MPI) '$VERSION ;;"
                        " *) echo 'no slots left' >&2; exit 9 ;; esac\n")
        fake.chmod(0o755)
        version = self.expect(0, "--version").out.split("Open MPI v")[1].split()[0]
        found = self.findings(1, PATH=path, VERSION=version)
        self.assertEqual(found["mpi.mpirun"]["verdict"], "good")
        self.assertEqual(found["trial"]["verdict"], "bad")
        self.assertIn("ended with exit code", found["trial"]["text"])

    def test_a_directory_that_cannot_be_used(self):
        for directory in ("/proc", "nowhere"):
            found = self.findings(1, directory)
            self.assertEqual(found["disk.write"]["verdict"], "bad")
            self.assertNotIn("trial", found)

    def test_no_tmpdir(self):
        found = self.findings(1, "--no-run", TMPDIR=str(self.folder / "nowhere"))
        self.assertEqual(found["tmpdir"]["verdict"], "bad")

    def test_few_open_files(self):
        def fewer():
            resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
        done = subprocess.run([KILN, "doctor", "--no-run", "--json"], cwd=self.folder, env=self.environment,
                              preexec_fn=fewer, capture_output=True, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        found = {one["check"]: one for one in json.loads(done.stdout)["findings"]}
        self.assertEqual(found["limits.files"]["verdict"], "bad")

    def test_inside_a_job(self):
        found = self.findings(0, "--no-run", SLURM_JOB_ID="7", SLURM_JOB_CPUS_PER_NODE="3", SLURM_JOB_NUM_NODES="1")
        self.assertIn("3 CPUs", found["slurm.job"]["text"])

    def test_ctrl_c_leaves_nothing(self):
        path = self.path_of("sh", "sleep", "touch")
        fake = self.folder / "bin" / "mpirun"
        fake.write_text("#!/bin/sh\ncase $* in *--version*) echo 'mpirun (Open MPI) '$VERSION ;;"
                        f" *) touch {self.folder}/began; exec sleep 1000 ;; esac\n")
        fake.chmod(0o755)
        version = self.expect(0, "--version").out.split("Open MPI v")[1].split()[0]
        running = self.start("doctor", PATH=path, VERSION=version)
        self.wait_for(lambda: (self.folder / "began").exists(), "the test run begins")
        os.kill(running.pid, signal.SIGINT)
        done = running.wait()
        self.assertIn("note  the test run was stopped", done.out)
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith(".kiln")], [])
        self.expect_nobody()

    def test_words(self):
        self.expect(2, "doctor", "a", "b")
        self.expect(2, "doctor", "")
        self.expect(2, "doctor", "--nonsense")


if __name__ == "__main__":
    unittest.main()
