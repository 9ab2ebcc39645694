#!/usr/bin/python3
"""kiln slurm and kiln status beside what a Slurm says of itself and its jobs."""

import json
import os
import signal
import unittest

from slurm_case import SlurmCase


class Site(SlurmCase):
    def test_what_would_wait_for_ever_is_refused(self):
        self.a_slurm()
        self.write_tasks(["true"])
        for words, part in ((("-p", "tiny", "-N", "1"), "fewer than a job must have in partition tiny: 2. Take -N 2"),
                            (("-p", "tiny", "-N", "2", "--mem", "600"), "more than partition tiny allows: 500M"),
                            (("-p", "tiny", "-N", "2", "--mem-per-cpu", "251"), "502M of memory a node"),
                            (("-p", "bio", "-A", "art"), "takes no jobs of account art, only those of bio"),
                            (("-p", "long", "--ntasks", "65"), "65 CPUs are more than a job may have in partition long: 64"),
                            (("--cpus-per-unit", "9"), "a job has 8 CPUs on a node of partition short at most"),
                            (("--ntasks-per-node", "2", "--cpus-per-unit", "3"), "asks for 2 CPUs on a node"),
                            (("--gpus-per-unit", "1"), "no node of partition short has a GPU"),
                            (("-p", "long", "--gpus-per-unit", "3"), "no node of partition long has more than 2"),
                            (("-p", "long", "--ntasks", "2", "--gpus-per-unit", "1"), "asks Slurm for no GPU on a node"),
                            (("-p", "long", "--gres", "gpu:1", "--gpus-per-unit", "2"), "asks Slurm for 1 GPU on a node")):
            said = self.expect(2, "slurm", "run", "--submit", *words, "tasks.txt")
            self.assertIn(part, said.err)
        self.assertEqual(self.calls("sbatch"), [])
        for words in (("-p", "long", "--gpus-per-unit", "2"), ("-p", "bio", "-A", "bio"), ("-p", "tiny", "-N", "1-2"),
                      ("-p", "tiny", "--ntasks", "8"), ("-M", "other", "-p", "nope"),
                      ("-p", "long", "--ntasks", "2", "--gres", "gpu:tesla:1", "--gpus-per-unit", "1")):
            self.expect(0, "slurm", "run", *words, "tasks.txt")
        self.assertIn("takes jobs of these accounts only: bio", self.expect(0, "slurm", "run", "-p", "bio", "tasks.txt").err)

    def test_a_job_without_a_time_gets_what_the_partition_allows(self):
        self.a_slurm()
        self.write_tasks(["true"])
        made = self.expect(0, "slurm", "run", "-p", "tiny", "-N", "2", "tasks.txt")
        self.assertIn("the job gets --time 0:05:00, the most that partition tiny allows", made.err)
        self.assertIn("#SBATCH --time=0:05:00\n", made.out)
        self.assertIn("the job gets --mem 500M, the most that partition tiny allows", made.err)
        self.assertIn("#SBATCH --mem=500M\n", made.out)
        self.assertIn("#SBATCH --signal=B:USR1@75\n", made.out)
        self.assertIn("#SBATCH --time=01:00:00\n", self.expect(0, "slurm", "run", "tasks.txt").out)

    def test_an_estimate_is_what_the_site_grants(self):
        self.a_slurm()
        words = ["slurm", "--estimate", "--units", "1000", "--units-per-hour", "60", "-p"]
        self.assertRegex(self.expect(0, *words, "tiny").out, r"kiln slurm run -p tiny -N 3 --time 0:05:00 …\nThat is about \d+ jobs")
        self.assertIn("no partition 'nope'", self.expect(2, *words, "nope").err)
        self.assertIn("tiny allows: 0:05:00", self.expect(2, *words, "tiny", "--time", "4:00:00").err)
        self.assertIn("tiny allows: 0:05:00", self.expect(2, *words, "tiny", "--time", "infinite").err)
        self.assertIn("more than partition tiny has: 4", self.expect(2, *words, "tiny", "-N", "5").err)
        self.assertIn("-N 1 --time 2:15:00 …", self.expect(0, *words, "bio", "--time", "0", "--units", "200").out)
        self.assertIn("more than 100 years", self.expect(0, *words, "tiny", "--units", "1000000000000").out)

    def test_the_commands_are_read_before_they_wait(self):
        self.a_slurm()
        self.write_tasks(["true", "true"])
        (self.folder / "empty.txt").write_text("\n# nothing\n")
        (self.folder / "nul.txt").write_bytes(b"echo a\0b\n")
        fewer = "tasks.txt has 2 commands, and the job gets 16 workers: so many CPUs have nothing to do; ask for fewer"
        self.assertIn(fewer, self.expect(0, "slurm", "run", "-N", "2", "tasks.txt").err)
        for words in (("-n", "2", "-N", "2"), ("--cpus-per-unit", "4"), ("--ntasks", "2")):
            self.assertEqual(self.expect(0, "slurm", "run", *words, "tasks.txt").err, "")
        self.assertIn("this line has 1 command", self.expect(0, "slurm", "run", "echo", ":::", "1").err)
        for words, part in ((("empty.txt",), "empty.txt has no commands"), (("nul.txt",), "NUL"),
                            (("sleep", "::::", "nofile"), "nofile")):
            self.assertIn(part, self.expect(3, "slurm", "run", "--submit", *words).err)
            printed = self.expect(0, "slurm", "run", *words)
            self.assertIn(part, printed.err)
            self.assertIn("#SBATCH", printed.out)
        self.assertEqual(self.calls("sbatch"), [])
        self.assertIn("there is no ./nosuch.sh here: each command would fail",
                      self.expect(0, "slurm", "run", "--array", "1-20", "./nosuch.sh").err)


    def test_options_of_sbatch_are_passed_on(self):
        self.write_tasks(["true"])
        made = self.expect(0, "slurm", "run", "--acctg-freq", "30", "--network", "x", "--wait-all-nodes", "1", "--ignore-pbs",
                           "--sbatch", "--batch=knl", "--batch", "2", "tasks.txt").out
        for line in ("--acctg-freq=30", "--network=x", "--wait-all-nodes=1", "--ignore-pbs", "--batch=knl"):
            self.assertIn(f"\n#SBATCH {line}\n", made)

    def test_srun_by_its_path_in_commands_over_nodes_is_warned_of(self):
        self.write_tasks(["srun true", "# /b/srun", "/b/srun --overlap -n1 ls", "cd /tmp && /b/srun ls", "/b/srun ls"])
        (self.folder / "job.sh").write_text("#!/bin/bash\n/b/srun ls\n")
        (self.folder / "job.sh").chmod(0o755)
        for words, where in ((["tasks.txt"], "tasks.txt:4"), (["--array", "1-9", "./job.sh"], "./job.sh:2"),
                             (["/b/srun ls", ":::", "1"], "the command")):
            self.assertIn(f"kiln: {where}: on several nodes srun by its path would wait for ever",
                          self.expect(0, "slurm", "run", "-N", "2", *words).err)
            self.assertNotIn("for ever", self.expect(0, "slurm", "run", "-N", "1", *words).err)

    def test_what_belongs_to_other_commands_is_said_with_them(self):
        self.a_slurm()
        self.write_tasks(["true"])
        self.assertIn("kiln slurm --estimate --units-per-hour 300 --units N",
                      self.expect(2, "slurm", "run", "--units-per-hour", "300", "tasks.txt").err)
        said = self.expect(3, "slurm", "run", "--submit", "-o", "x.kiln", "/bin/true").err
        self.assertIn("is a program, not a list of commands: of the kiln library: kiln slurm script program", said)
        self.assertEqual(self.calls("sbatch"), [])

    def test_a_time_in_which_no_unit_fits_is_refused(self):
        self.a_slurm()
        self.write_tasks(["sleep 1.2", "sleep 1.3"])
        self.expect(0, "run", "-n", "2", "tasks.txt")
        short = ("slurm", "run", "--grace", "0", "--time", "0:01", "-n", "2", "tasks.txt")
        self.assertIn("begins anew", self.expect(0, *short).err)
        self.assertRegex(self.expect(2, *short[:2], "--submit", *short[2:]).err,
                         "--time 0:00:01: no unit of the run so far took less than 1[0-9.]+ s, and such a job has")
        self.assertEqual(self.calls("sbatch"), [])
        self.expect(0, "slurm", "run", "--submit", "--grace", "0", "--time", "0:05", "-n", "2", "tasks.txt")


class Status(SlurmCase):
    def test_status_of_a_job_that_has_not_begun(self):
        self.a_slurm()
        self.write_tasks(["true"])
        self.expect(0, "slurm", "run", "--submit", "tasks.txt")
        self.assertIn("squeue does not show it", self.expect(0, "status", "tasks.kiln").out)
        self.program("squeue", "[[ $2 = --jobs=4711 ]] && echo 'PENDING|Priority|1:00:00|N/A'")
        shown = self.expect(0, "status", "tasks.kiln").out
        self.assertIn("tasks.kiln: not begun\n  job        4711: PENDING (Priority), 1:00:00 left\n", shown)
        self.assertIn("next: the job 4711 begins it", shown)
        self.assertEqual(json.loads(self.expect(0, "status", "--json", "tasks.kiln").out)["job"]["id"], "4711")
        self.expect(0, "run", "-n", "1", "tasks.txt")  # the folder is no obstacle
        self.assertIn("every unit is done", self.expect(0, "status", "tasks.kiln").out)
        self.expect(4, "status", "none.kiln")

    def test_status_of_a_chain(self):
        self.marking_tasks(2, gate=0)
        state = self.folder / "states"
        state.write_text("63 RUNNING\n64 PENDING\n")
        self.program("squeue", f"""while read -r id state; do
          [ "$2" = "--jobs=$id" ] && echo "$state|None|1:00|N/A" && exit
        done < '{state}'; exit 1""")
        chain = {"SLURM_JOB_ID": "63", "SLURM_JOB_CPUS_PER_NODE": "2"}
        job = self.start("run", "--until", "never", "--grace", "100ms", "-n", "1", "tasks.txt", KILN_NEXT_JOB="64", **chain)
        self.wait_for(lambda: self.ran(), "a unit runs")
        self.wait_for(lambda: "(PENDING)" in self.kiln("status", "tasks.kiln").out, "the next job is shown")
        self.assertIn("the job 64 waits to go on", self.expect(0, "status", "tasks.kiln").out)
        os.kill(job.pid, signal.SIGUSR1)
        self.assertEqual(job.wait().code, 75)
        state.write_text("63 COMPLETING\n64 PENDING\n")
        self.assertEqual(self.kiln("slurm", "again", "tasks.kiln", KILN_NEXT_JOB="64", **chain).code, 0)
        shown = self.expect(0, "status", "tasks.kiln").out
        self.assertIn("job        64: PENDING", shown)
        self.assertIn("next: the job 64 goes on with it", shown)
        self.assertEqual(json.loads(self.expect(0, "status", "--json", "tasks.kiln").out)["job"]["id"], "64")
        state.write_text("63 COMPLETING\n")
        self.assertIn("next: run the same command again", self.expect(0, "status", "tasks.kiln").out)


if __name__ == "__main__":
    unittest.main()
