#!/usr/bin/python3
"""Ranks on several machines of which one does not see the run directory: refused before anything runs. A machine is played
by a rank in its own mount namespace, to which mpirun says that no other rank is there."""

import json
import os
import pathlib
import subprocess
import unittest

from kiln_case import KILN, MPIRUN
from recovery_case import RecoveryCase

PI = pathlib.Path(KILN).parent.parent / "programs" / "pi"

# far.sh FOLDER RANKS COMMAND…: of these ranks (",2,") FOLDER is another one, until a file lift.RANK is there.
FAR = """#!/bin/sh
if [ -n "$BY_SRUN" ]; then
  unset OMPI_COMM_WORLD_LOCAL_SIZE
  export SLURM_STEP_TASKS_PER_NODE="1(x$OMPI_COMM_WORLD_SIZE)" SLURM_NODEID=$OMPI_COMM_WORLD_RANK
else
  export OMPI_COMM_WORLD_LOCAL_SIZE=1
fi
folder=$1 ranks=$2 rank=$OMPI_COMM_WORLD_RANK
shift 2
case $ranks in *,$rank,*) ;; *) exec "$@" ;; esac
exec unshare --mount sh -c '
  mount -t tmpfs none "$0" || exit 9
  touch covered.$OMPI_COMM_WORLD_RANK
  (until test -e lift.$OMPI_COMM_WORLD_RANK; do sleep 0.02; kill -0 $$ 2>/dev/null || exit; done; umount "$0") \\
    </dev/null >/dev/null 2>&1 &
  exec "$@"' "$folder" "$@"
"""


def namespaces():
    words = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /mnt"]
    return os.geteuid() == 0 and subprocess.run(words, check=False, capture_output=True).returncode == 0


@unittest.skipUnless(namespaces(), "this needs root, and mounts")
class FarDirectory(RecoveryCase):
    def setUp(self):
        super().setUp()
        self.shared = self.folder / "shared"
        self.shared.mkdir()
        self.run_directory = self.shared / "run.kiln"
        self.far = self.folder / "far.sh"
        self.far.write_text(FAR)
        self.far.chmod(0o755)

    def begin(self, ranks, far, *words, surviving=False, **variables):
        begin = self.surviving(ranks) if surviving else [MPIRUN, "-n", str(ranks)]
        far = f",{','.join(map(str, far))},"
        return self.start(words=[*begin, str(self.far), str(self.shared), far, *map(str, words)], **variables)

    def command(self):
        return [KILN, "run", "--out", self.run_directory, "tasks.txt"]

    def probes(self):
        return list(self.run_directory.glob(".kiln-tmp-seen-*"))

    def test_a_command_is_refused_before_anything_runs(self):
        self.marking_tasks(20)
        result = self.begin(4, [2], *self.command()).wait()
        self.assertEqual(result.code, 4, result.err)
        self.assertRegex(result.err, rf"rank 2: \S+ does not see the run directory {self.run_directory}, .*--out")
        self.assertEqual(self.ran(), [])
        # It is no wreck: where all see it, it runs.
        self.assertEqual(self.begin(4, [], *self.command()).wait().code, 0)
        self.assertEqual(self.facts(), self.marking_facts(20))
        self.assertEqual(self.probes(), [])

    def test_machines_as_srun_tells_them(self):
        self.marking_tasks(20)
        result = self.begin(3, [1], *self.command(), BY_SRUN="1").wait()
        self.assertEqual(result.code, 4, result.err)
        self.assertEqual(self.ran(), [])

    def test_what_is_seen_late_is_waited_for(self):
        self.marking_tasks(20)
        for surviving in (False, True):
            with self.subTest(surviving):
                running = self.begin(3, [1, 2], *self.command(), surviving=surviving)
                self.wait_for(lambda: self.probes() and len(list(self.folder.glob("covered.*"))) == 2, "they look for it")
                self.assertEqual(self.ran(), [])
                for rank in (1, 2):
                    (self.folder / f"lift.{rank}").touch()
                self.assertEqual(running.wait().code, 0)
                self.assertEqual(self.facts(), self.marking_facts(20))
                self.assertEqual(self.probes(), [])
                subprocess.run(["rm", "-rf", self.run_directory, *self.folder.glob("lift.*"),
                                *self.folder.glob("covered.*"), self.ran_file], check=True)

    def test_a_rank_that_dies_meanwhile_is_not_waited_for(self):
        self.marking_tasks(20)
        running = self.begin(4, [2], *self.command(), "--heartbeat", "1s", surviving=True)
        self.wait_for(lambda: self.probes() and (self.folder / "covered.2").exists(), "it looks for it")
        self.assertEqual(self.ran(), [])
        self.kill(self.rank_pids()[2])
        running.wait()
        self.assertEqual(self.facts(), self.marking_facts(20))

    def test_a_program_is_refused(self):
        result = self.begin(3, [1], PI, "--out", self.run_directory).wait()
        self.assertEqual(result.code, 4, result.err)
        self.assertRegex(result.err, rf"rank 1: \S+ does not see the run directory {self.run_directory}, .*--out")
        self.assertEqual(result.out, "")
        self.assertEqual(json.loads((self.run_directory / "outcome.json").read_text())["exit_code"], 4)
        result = self.begin(3, [], PI, "--out", self.run_directory).wait()
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(self.probes(), [])


if __name__ == "__main__":
    unittest.main()
