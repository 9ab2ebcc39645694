#!/usr/bin/python3
"""The batch scripts under a prelude that wants much, when nodes are lost or a job may not go back, and with --until."""

import collections
import json
import os
import pathlib
import re
import signal
import time
import unittest

from kiln_case import KILN
from slurm_case import ScriptCase


class Preludes(ScriptCase):
    def strict_prelude(self):
        (self.folder / "strict").write_text("set -euo pipefail\ntrap 'echo stricter; exit 9' ERR\n")
        return ("--prelude", "strict")

    def test_a_strict_prelude_is_not_for_the_lines_below_it(self):
        self.marking_tasks(2, gate=0)
        script = self.script(*self.strict_prelude(), "--grace", "100ms", "-n", "1", "tasks.txt")
        done = self.stopped(script, signal.SIGUSR1).wait()
        self.assertEqual(self.calls("scontrol"), ["show job 17", "requeue 17"], done.err)
        self.assertNotIn("stricter", done.out)

    def test_nor_is_it_where_slurm_ends_the_job(self):
        self.marking_tasks(2, gate=0)
        script = self.script(*self.strict_prelude(), "--grace", "100ms", "-n", "1", "tasks.txt")
        self.program("scontrol", "[ \"$1\" != show ] || { echo Reason=TimeLimit; seq 200000; }")  # grep reads one line
        self.assertEqual(self.stopped(script, signal.SIGTERM).wait().code, 75)
        self.assertEqual(self.calls("scontrol"), ["show job 17", "show job 17", "requeue 17"])

    def test_units_that_failed_are_said_under_a_strict_prelude_too(self):
        self.write_tasks(["true", "false"])
        done = self.job(self.script(*self.strict_prelude(), "tasks.txt")).wait()
        self.assertEqual(done.code, 1, done.err)
        self.assertIn("some units failed", done.out)


class AskedForAgain(ScriptCase):
    """A ready script whose sbatch line had options: the job that goes on in its place has them, too."""

    SHOWN = "\\n".join(("JobId=17 JobName=my name", "   Nice=0 Account=proj QOS=long", "   TimeLimit=00:07:00 TimeMin=N/A",
                        "   Partition=p AllocNode:Sid=n:1", "   ReqNodeList=(null) ExcNodeList=n9", "   NumNodes=1 NumCPUs=2",
                        "   MinCPUsNode=1 MinMemoryNode=4G MinTmpDiskNode=0", "   Features=ib&fast", "   Comment=a b",
                        "   StdErr=/x/kiln-17.log", "   StdOut=/x/kiln-17.log", "   MailUser=me@x MailType=END"))
    OPTIONS = ["--nodes=3", "--mem=4096", "--job-name=my name", "--time=00:07:00", "--partition=p", "--account=proj",
               "--qos=long", "--constraint=ib&fast", "--comment=a b", "--exclude=n9", "--mail-type=END",
               "--mail-user=me@x", "--output=/x/kiln-%j.log"]

    def stopped_script(self, name):
        self.marking_tasks(2, gate=0)
        file = self.folder / "ready.sbatch"
        file.write_text(self.expect(0, "slurm", "script", name).out)
        self.program("scontrol", f"[ $1 != requeue ] && printf '{self.SHOWN}\\n'")
        self.program("sbatch", f"printf '%s\\n' \"$@\" > '{self.folder}/words'; echo 4711")
        self.program("srun", "")
        job = self.job(file, "--grace", "100ms", "-n", "1", "tasks.txt", KILN=KILN, SLURM_JOB_NUM_NODES="3",
                       SLURM_MEM_PER_NODE="4096", SLURMD_NODENAME="n1")
        self.wait_for(lambda: self.ran(), "a unit runs")
        os.kill(job.pid, signal.SIGUSR1)
        self.assertEqual(job.wait().code, 75)
        words = (self.folder / "words").read_text().splitlines()
        self.assertEqual(words[-4:], ["100ms", "-n", "1", "tasks.txt"])
        return words

    def test_where_a_job_may_not_go_back(self):
        words = self.stopped_script("run")
        self.assertEqual(words[:2], ["--parsable", "--dependency=afterany:17"])
        self.assertEqual(sorted(words[2:-6]), sorted(self.OPTIONS))

    def test_in_a_chain(self):
        words = self.stopped_script("chain")
        self.assertEqual(words[:3], ["--parsable", "--dependency=afternotok:17", "--kill-on-invalid-dep=yes"])
        self.assertEqual(sorted(words[3:-6]), sorted(self.OPTIONS))


class Arrays(ScriptCase):
    def test_a_converted_array_has_the_files_of_the_old_one(self):
        (self.folder / "old.sbatch").write_text("#!/bin/bash\n#SBATCH --array=5-15:5\n#SBATCH -o logs/%A_%a.out\n"
                                                "echo case $SLURM_ARRAY_TASK_ID; echo no >&2\n")
        (self.folder / "new.sbatch").write_text(self.expect(0, "slurm", "convert", "old.sbatch").out)
        done = self.job(self.folder / "new.sbatch").wait()
        self.assertEqual(done.code, 0, done.err)
        self.assertEqual({file.name: file.read_text() for file in (self.folder / "logs").iterdir()},
                         {f"old_{i}.{name}": text for i in (5, 10, 15) for name, text in (("out", f"case {i}\n"), ("err", "no\n"))})

    def test_an_index_without_an_array_is_refused(self):
        self.write_tasks(["true"])
        self.assertIn("{index} is that of --array, which is not given: take {unit}",
                      self.expect(2, "run", "--output-files", "{index}.{stream}", "tasks.txt").err)


class LostNodes(ScriptCase):
    def watching(self, *options):
        """A script whose watching nodes are in a hurry."""
        script = self.script("tasks.txt")
        script.write_text(script.read_text().replace(" slurm watch ", f" slurm watch {' '.join(options)} "))
        return script

    def watched(self, restarts, nodes="n[2-5]", state="RUNNING", names=""):
        """What is asked of scontrol by those who watch the first node of a job of five, until each has looked twice."""
        self.marking_tasks(1, gate=0)
        script = self.watching("--every", "20ms")
        self.program("srun", "shift 6; exec \"$@\"")
        listed = names or (" ".join(f"n{i}" for i in range(int(nodes[2]), 6)) if nodes.startswith("n[") else "")
        self.program("scontrol", f"""case $2 in
          job) printf '%s\\n' '   JobState={state} Reason=None' '   Requeue=1 Restarts={restarts} BatchFlag=1' \\
            '   ReqNodeList=n1 ExcNodeList=(null)' '   NodeList={nodes}' '   BatchHost=n1'; echo $PPID >>'{self.folder}/looked' ;;
          hostnames) [ -z "$3" ] || printf '%s\\n' {listed} ;;
        esac""")
        job = self.job(script, SLURM_JOB_NUM_NODES="5", SLURMD_NODENAME="n1", SLURM_RESTART_COUNT="1")
        looked = self.folder / "looked"
        self.wait_for(lambda: looked.exists() and sum(n > 1 for n in collections.Counter(looked.read_text().split()).values()) == 3,
                      "each has looked twice")
        calls = self.calls("scontrol")
        self.open_gate()
        self.assertEqual(job.wait().code, 0)
        self.assertEqual(sorted(re.findall("--relative=(.)", "\n".join(self.calls("srun")))), ["1", "2", "4"])
        self.wait_for(lambda: not [pid for pid in set(looked.read_text().split()) if pathlib.Path("/proc", pid).exists()],
                      "nobody looks any more")
        return calls

    def test_other_nodes_put_the_job_back_when_the_first_is_lost(self):
        self.assertIn("requeue 17", self.watched(restarts=1))

    def test_they_leave_a_job_alone_that_has_its_first_node(self):
        self.assertEqual(set(self.watched(1, nodes="n[1-5]")), {"show job 17", "show hostnames n[1-5]"})

    def test_they_leave_a_job_alone_of_which_nothing_is_known(self):
        self.assertEqual(set(self.watched(1, nodes="")), {"show job 17"})

    def test_they_leave_a_job_alone_that_waits(self):
        self.assertEqual(set(self.watched(1, nodes="(null)", state="PENDING")), {"show job 17"})

    def test_a_node_that_cannot_watch_is_said(self):
        self.marking_tasks(1, gate=0)
        self.program("srun", "echo srun: warning: slow >&2; echo srun: error: no such partition >&2; exit 1")
        job = self.job(self.script("tasks.txt"), SLURM_JOB_NUM_NODES="2", SLURMD_NODENAME="n1")
        said = "kiln: node 2 of 2 does not watch the first one, n1: srun: error: no such partition"
        self.wait_for(lambda: said in job.said(), said)
        self.wait_for(lambda: "unwatched  " + said[6:] in self.kiln("status", "tasks.kiln").out, "kiln status says it")
        self.open_gate()
        self.assertEqual(job.wait().code, 0)
        self.assertNotIn("unwatched", self.kiln("status", "tasks.kiln").out)

    def test_a_node_that_is_not_heard_is_said_and_the_run_goes_on(self):
        self.marking_tasks(1, gate=0)
        script = self.watching("--patience", "1s")
        self.program("srun", f"until [ -e '{self.folder}/starts' ]; do /bin/sleep 0.05; done\n"
                     f"until [ -e '{self.folder}/go' ]; do echo kiln: looks >&2; /bin/sleep 0.1; done")
        job = self.job(script, SLURM_JOB_NUM_NODES="2", SLURMD_NODENAME="n1")
        said = "node 2 of 2 has not been heard for 1 s and may not watch the first one, n1"
        self.wait_for(lambda: "kiln: " + said in job.said(), said)
        self.wait_for(lambda: "unwatched  " + said in self.kiln("status", "tasks.kiln").out, "kiln status says it")
        (self.folder / "starts").touch()
        self.wait_for(lambda: "kiln: node 2 of 2 is heard again" in job.said(), "it is heard")
        self.wait_for(lambda: "unwatched" not in self.kiln("status", "tasks.kiln").out, "kiln status does not say it")
        self.open_gate()
        self.assertEqual(job.wait().code, 0)

    def test_they_leave_a_job_alone_that_was_put_back_already(self):
        self.assertEqual(set(self.watched(restarts=2)), {"show job 17"})

    def test_a_script_leaves_a_job_alone_that_was_put_back_already(self):
        self.marking_tasks(2, gate=0)
        script = self.script("--grace", "100ms", "-n", "1", "tasks.txt")
        self.program("sleep", "")
        self.program("scontrol", "[ $1 = requeue ] && exit 1; echo '   Requeue=1 Restarts=1 BatchFlag=1'")
        done = self.stopped(script, signal.SIGUSR1).wait()
        self.assertEqual(self.calls("scontrol"), ["show job 17"])
        self.assertIn("another node of the job has put it back", done.out)
        self.assertNotIn("this site", done.out)

    def refused(self, sbatch):
        """What a job says whose site does not put it back."""
        self.marking_tasks(2, gate=0)
        script = self.script("--grace", "100ms", "-n", "1", "tasks.txt")
        self.program("scontrol", "[ $1 != requeue ]")
        self.program("sbatch", sbatch)
        return self.stopped(script, signal.SIGUSR1).wait()

    def test_where_a_job_may_not_go_back_another_one_goes_on(self):
        done = self.refused(f"env > '{self.folder}/environment'; echo 4711")
        self.assertEqual(done.code, 75, done.err)
        self.assertRegex(self.calls("sbatch")[0], "^--parsable --dependency=afterany:17 [^ ]+$")
        self.assertIn("KILN_CHAIN=17\n", (self.folder / "environment").read_text())
        self.assertIn("this site does not put the job back: job 4711 goes on in its place", done.out)
        note = json.loads((self.run_directory / "slurm.json").read_text())
        self.assertEqual((note["chain"], note["next"], note["in_vain"]), ("17", "4711", 1))
        for job, again in (("4711", True), ("4712", False)):  # also where nobody tells them
            said = self.kiln("slurm", "again", "tasks.txt", SLURM_JOB_ID=job, KILN_CHAIN=job)
            self.assertEqual(said.code, 0 if again else 1, said.out)
            self.kiln("slurm", "again", "--next", "4712", "tasks.txt", SLURM_JOB_ID=job)

    def test_where_no_other_one_may_be_submitted_it_is_said(self):
        done = self.refused("exit 1")
        self.assertEqual(done.code, 75, done.err)
        self.assertIn("so the job does NOT go on: this site neither puts it back nor takes a next one", done.out)


class Until(ScriptCase):
    def test_a_job_that_stops_for_until_does_not_go_back(self):
        self.marking_tasks(3, gate=1)
        done = self.job(self.script("--until", "8s", "--grace", "100ms", "-n", "1", "tasks.txt")).wait()
        self.assertEqual(done.code, 75, done.err)
        self.assertEqual(self.calls("scontrol"), [])
        self.assertIn("the job does not go on: --until 8s has come; 1 of 3 units are committed: to go on, submit it again, "
                      "with a later --until or without", done.out)
        self.assertIn("next: --until 8s has come: ", self.expect(0, "status", "tasks.kiln").out)
        self.open_gate()
        self.assertEqual(self.job(self.script("--until", "1h", "-n", "1", "tasks.txt")).wait().code, 0)
        self.assertEqual(self.facts(), self.marking_facts(3, gate=1))

    def test_a_job_that_starts_again_keeps_the_time_of_its_until(self):
        self.marking_tasks(3, gate=1)
        script = self.script("--until", "6s", "--grace", "100ms", "-n", "1", "tasks.txt")
        self.assertEqual(self.stopped(script, signal.SIGUSR1).wait().code, -signal.SIGKILL)  # some limit has come before
        self.assertEqual(self.calls("scontrol"), ["show job 17", "requeue 17"])
        end = json.loads((self.run_directory / "until.json").read_text())["time"]
        self.open_gate()
        self.wait_for(lambda: time.time() > end, "that time is over")
        done = self.job(script, SLURM_RESTART_COUNT="1").wait()
        self.assertEqual(done.code, 75, done.err)
        self.assertEqual(self.ran(), [0, 1])
        self.assertIn("--until 6s has come", done.out)

    def test_a_job_that_ends_before_until_stops_before_its_end_and_goes_on(self):
        self.marking_tasks(3, gate=1)
        script = self.script("--until", "5h", "--grace", "100ms", "-n", "1", "tasks.txt")
        end = str(int(time.time()) + 10)
        self.job(script, SLURM_JOB_END_TIME=end).wait()
        self.assertEqual(self.calls("scontrol"), ["show job 17", "requeue 17"])


if __name__ == "__main__":
    unittest.main()
