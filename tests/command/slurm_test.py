#!/usr/bin/python3
"""kiln slurm: the scripts it makes, run by a real bash and a Slurm of shell scripts. tests/slurm has a real one."""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import unittest

from kiln_case import KILN
from slurm_case import ScriptCase, SlurmCase

ROOT = pathlib.Path(os.environ["KILN_ROOT"])


class ReadyScripts(SlurmCase):
    def test_those_of_the_folder_are_what_kiln_prints(self):
        names = {file.stem.removeprefix("kiln-") for file in (ROOT / "slurm").glob("kiln-*.sbatch")}
        self.assertEqual(names, {"run", "array", "program", "chain"})
        for name in names:
            self.assertEqual((ROOT / "slurm" / f"kiln-{name}.sbatch").read_text(),
                             self.expect(0, "slurm", "script", name).out,
                             f"slurm/kiln-{name}.sbatch is old: build/bin/kiln slurm script {name}")

    def test_bash_takes_them(self):
        for file in (ROOT / "slurm").glob("*.sbatch"):
            subprocess.run(["bash", "-n", file], check=True)


class Submitting(SlurmCase):
    def test_without_a_slurm_the_script_is_printed_all_the_same(self):
        self.write_tasks(["true"])
        printed = self.expect(0, "slurm", "run", "-N", "4", "--time", "2:00:00", "tasks.txt")
        self.assertIn("there is no Slurm on this machine", printed.err)
        self.assertIn("#SBATCH --nodes=4\n", printed.out)
        refused = self.expect(3, "slurm", "run", "--submit", "tasks.txt")
        self.assertIn("there is no sbatch on the PATH", refused.err)
        self.assertEqual(refused.out, "")

    def test_the_site_is_asked(self):
        self.a_slurm()
        self.write_tasks(["true"] * 16)
        self.assertEqual(self.expect(0, "slurm", "run", "-N", "2", "--time", "4:00:00", "tasks.txt").err, "")
        for words, part in ((("-p", "lnog"), "Did you mean long?"), (("--time", "1-0"), "partition short allows: 4:00:00"),
                            (("-N", "3"), "more than a job may have"), (("-p", "long", "-N", "9"), "long has: 8")):
            said = self.expect(2, "slurm", "run", *words, "tasks.txt")
            self.assertIn(part, said.err)
            self.assertEqual(said.out, "")
        self.expect(0, "slurm", "run", "-p", "long", "--time", "1-0", "tasks.txt")

    def test_what_does_not_fit_the_job_is_told(self):
        self.a_slurm()
        self.write_tasks(["sleep 1.2; false"] + ["false"] * 7)
        told = lambda *words: self.expect(0, "slurm", "run", *words, "tasks.txt").err
        self.assertIn("8 commands at a time may take 16.0 GiB on a node, and the job has 8.0 GiB there",
                      told("--mem", "8G", "--mem-per-unit", "2GiB"))
        self.assertEqual(told("--mem", "8G", "--mem-per-unit", "1GiB"), "")
        self.expect(1, "run", "tasks.txt")
        self.assertRegex(told("--time", "0:01"), r"unit 0 took [0-9.]+ s, and there is 0 ms for commands")
        self.assertNotIn("took", told("--time", "1:00:00"))
        self.expect(0, "run", "-o", "long.kiln", "sleep", "{}", ":::", "1.2")
        self.assertRegex(self.expect(0, "slurm", "run", "--time", "0:01", "-o", "long.kiln", "sleep", "{}", ":::", "1.2", "2").err,
                         r"unit 0 took 1[0-9.]+ s, and there is 0 ms for commands")

    def test_submit_says_where_to_look(self):
        self.a_slurm()
        self.write_tasks(["true"] * 16)
        said = self.expect(0, "slurm", "run", "--submit", "--time", "1:00:00", "--output", "log-%j", "tasks.txt")
        self.assertEqual(said.err, "")
        for part in ("job 4711", "tasks.kiln", "log-4711", "kiln status tasks.kiln", "scancel 4711"):
            self.assertIn(part, said.out)
        self.assertTrue(self.calls("sbatch")[0].startswith("--parsable "))
        submitted = (self.folder / "submitted.sbatch").read_text()
        self.assertIn("#SBATCH --time=1:00:00\n", submitted)
        self.assertEqual(list(self.temporary.glob("*.sbatch")), [])

    def test_what_sbatch_says_against_it(self):
        self.a_slurm()
        self.program("sbatch", "printf 'sbatch: error: invalid account\\nsbatch: error: no job\\n' >&2; exit 1")
        self.write_tasks(["true"])
        self.assertIn("did not take the job: sbatch: error: invalid account; sbatch: error: no job\n",
                      self.expect(3, "slurm", "run", "--submit", "tasks.txt").err)
        self.assertIn("no task file none.txt", self.expect(3, "slurm", "run", "--submit", "none.txt").err)
        self.assertIn("no task file none.txt", self.expect(0, "slurm", "run", "none.txt").err)

    def test_names_are_those_of_the_folder_where_the_job_works(self):
        self.a_slurm()
        self.assertIn("no folder wd (--chdir): Slurm would run the job in /tmp",
                      self.expect(3, "slurm", "run", "--submit", "-D", "wd", "tasks.txt").err)
        (self.folder / "wd").mkdir()
        self.write_tasks(["true"])
        refused = self.expect(3, "slurm", "run", "--submit", "-D", "wd", "tasks.txt").err
        self.assertIn(f"no task file wd/tasks.txt (with --chdir names are those that the job sees there; the one here is "
                      f"{self.folder}/tasks.txt): the job would end at once", refused)
        self.assertIn("no task file wd/tasks.txt", self.expect(0, "slurm", "run", "-D", "wd", "tasks.txt").err)
        self.expect(0, "slurm", "run", "--submit", "-D", "wd", f"{self.folder}/tasks.txt")
        (self.folder / "wd" / "tasks.txt").write_text("true\n")
        said = self.expect(0, "slurm", "run", "--submit", "-D", "wd", "tasks.txt").out
        for part in ("results    wd/tasks.kiln\n", "log        wd/kiln-4711.log\n", "kiln status wd/tasks.kiln;"):
            self.assertIn(part, said)

    def test_the_prelude(self):
        self.write_tasks(["true"])
        (self.folder / "lines").write_text("module load openmpi\n")
        self.assertIn("\n\nmodule load openmpi\n\n", self.expect(0, "slurm", "run", "--prelude", "lines", "tasks.txt").out)
        self.assertIn("no file none", self.expect(3, "slurm", "run", "--prelude", "none", "tasks.txt").err)


class Looking(SlurmCase):
    def test_status_asks_squeue_for_the_job(self):
        self.write_tasks(["true"])
        self.expect(0, "run", "-n", "1", "tasks.txt", SLURM_JOB_ID="17")
        self.assertEqual(json.loads(self.expect(0, "status", "--json", "tasks.kiln").out)["job"]["id"], "17")
        self.program("squeue", "echo 'PENDING|BeginTime|2:00:00|N/A'")
        shown = self.expect(0, "status", "tasks.kiln").out
        self.assertIn("job        17: PENDING (BeginTime), 2:00:00 left", shown)
        self.assertIn("--jobs=17", self.calls("squeue")[0])
        self.program("squeue", "echo 'COMPLETED|None|1:00|2026-01-01T00:00:00'")
        self.assertNotIn("job  ", self.expect(0, "status", "tasks.kiln").out)

    def test_an_estimate_from_a_trial_run(self):
        self.write_tasks(["sleep 0.2"] * 4)
        self.expect(0, "run", "-n", "2", "tasks.txt")
        self.assertIn("--units N", self.expect(2, "slurm", "--estimate", "tasks.kiln").err)
        said = self.expect(0, "slurm", "--estimate", "--units", "1000000", "--cpus-per-node", "10", "--time", "2:00:00",
                           "tasks.kiln").out
        self.assertIn("measured on 4 units", said)
        self.assertRegex(said, r"kiln slurm run -N \d+ --time 2:00:00")
        two = "kiln slurm run -N 1 --time 0:15:00 --cpus-per-unit 2 "
        self.expect(0, "run", "--cpus-per-unit", "2", "-o", "two.kiln", "tasks.txt", SLURM_JOB_ID="17",
                    SLURM_JOB_CPUS_PER_NODE="2")
        words = ["slurm", "--estimate", "--units", "1000", "--cpus-per-node", "10"]
        self.assertIn(two, self.expect(0, *words, "two.kiln").out)
        self.assertIn(two, self.expect(0, *words, "--cpus-per-unit", "2", "tasks.kiln").out)
        self.assertIn("a unit gets 11 CPUs (--cpus-per-unit), and a node has 10",
                      self.expect(2, *words, "--cpus-per-unit", "11", "tasks.kiln").err)
        self.a_slurm()
        said = self.expect(0, "slurm", "--estimate", "--units", "10", "--units-per-hour", "1", "-p", "long").out
        self.assertRegex(said, r"\n +1 +8 ")  # 64 CPUs of 8 nodes
        self.expect(4, "slurm", "--estimate", "none.kiln")

    def test_an_array_is_converted_and_runs(self):
        (self.folder / "old.sbatch").write_text("#!/bin/bash\n#SBATCH --array=1-3%2\n#SBATCH --time=1:00\n#SBATCH -c 2\n"
                                                "echo case $SLURM_ARRAY_TASK_ID of $SLURM_ARRAY_TASK_COUNT\n")
        made = self.expect(0, "slurm", "convert", "old.sbatch")
        self.assertIn(" --cpus-per-unit 2 ", made.out)
        self.assertIn("more than 2, and too many: -n 2", made.err)
        (self.folder / "new.sbatch").write_text(made.out)
        done = self.kiln(words=["bash", "new.sbatch"], SLURM_JOB_ID="17", SLURM_JOB_CPUS_PER_NODE="2")
        self.assertEqual(done.code, 0, done.err)
        self.assertEqual(self.table(self.folder / "old.kiln", "output")["stdout"], [f"case {i} of 3\n" for i in (1, 2, 3)])
        self.assertIn("no file none", self.expect(3, "slurm", "convert", "none").err)

    def converted_and_run(self, name, lines):
        (self.folder / name).write_text(lines)
        made = self.expect(0, "slurm", "convert", name)
        (self.folder / "new.sbatch").write_text(made.out)
        folder = re.findall("^#SBATCH --chdir=(.*)", made.out, re.M)
        done = self.kiln(words=["env", "-C", *(folder or ["."]), "bash", self.folder / "new.sbatch"],
                         SLURM_JOB_ID="17", SLURM_JOB_CPUS_PER_NODE="2")
        self.assertEqual(done.code, 0, done.err)

    def test_an_array_in_another_language_is_run_by_it(self):
        self.converted_and_run("my py.sbatch", "#!/usr/bin/env -S python3 -I\n#SBATCH --array=1-2\nimport os, sys\n"
                                               "print(os.environ['SLURM_ARRAY_TASK_ID'], sys.flags.isolated)\n")
        self.assertEqual(self.table(self.folder / "my py.kiln", "output")["stdout"], ["1 1\n", "2 1\n"])

    def test_an_array_that_works_in_another_folder_does_so(self):
        (self.folder / "wd").mkdir()
        self.converted_and_run("cd.sbatch", "#!/bin/bash\n#SBATCH --array=1-2 -D wd\nbasename \"$PWD\"\n")
        self.assertEqual(self.table(self.folder / "wd" / "cd.kiln", "output")["stdout"], ["wd\n", "wd\n"])


class Jobs(ScriptCase):
    def test_a_job_to_its_end(self):
        self.write_tasks([f"echo {i}" for i in range(5)])
        done = self.job(self.script("tasks.txt")).wait()
        self.assertEqual(done.code, 0, done.err)
        self.assertIn("does not go on: all is done", done.out)
        self.assertEqual(len(self.table()["id"]), 5)
        self.assertEqual(self.calls("scontrol"), [])

    def test_failed_units_are_final(self):
        self.write_tasks(["true", "false"])
        done = self.job(self.script("tasks.txt")).wait()
        self.assertEqual(done.code, 1, done.err)
        self.assertIn("some units failed", done.out)
        self.assertEqual(self.calls("scontrol"), [])

    def test_at_the_time_limit_the_job_goes_back(self):
        self.marking_tasks(4, gate=1)
        script = self.script("--grace", "100ms", "-n", "1", "tasks.txt")
        done = self.stopped(script, signal.SIGUSR1).wait()
        self.assertEqual(self.calls("scontrol"), ["show job 17", "requeue 17"])
        self.assertIn("goes on: 1 of 4 units are committed", done.out)
        note = json.loads((self.run_directory / "slurm.json").read_text())
        self.assertEqual((note["chain"], note["settled"], note["in_vain"]), ("17", 1, 0))
        self.open_gate()
        self.assertEqual(self.job(script).wait().code, 0)
        self.assertEqual(self.facts(), self.marking_facts(4, gate=1))

    CUT_OFF = r"unit 0 was cut off after [0-9.]+ s, most of the time that the job had for commands: give a longer --time"

    def is_known_to_run(self):
        with contextlib.suppress(OSError):
            status = json.loads((self.run_directory / "status.json").read_text())
            taken = status["updated"] - status["started"]
            return status["slowest"] and status["slowest"][0]["seconds"] > taken / 2

    def test_a_unit_that_the_time_limit_cuts_off_is_named(self):
        self.marking_tasks(2, gate=0)
        script = self.script("--grace", "100ms", "-n", "1", "tasks.txt")
        self.program("squeue", "echo 'RUNNING|None|0:10|N/A'")  # ten seconds are left, two of them to leave
        done = self.job(script).wait()
        self.assertRegex(done.err, self.CUT_OFF)
        self.assertRegex(done.out, r"\(1 of 3\); " + self.CUT_OFF)
        self.assertRegex(self.kiln("slurm", "again", "tasks.txt", SLURM_JOB_ID="17").out, r"\(2 of 3\); " + self.CUT_OFF)
        given_up = self.kiln("slurm", "again", "tasks.txt", SLURM_JOB_ID="17")
        self.assertEqual(given_up.code, 1)
        self.assertRegex(given_up.out, "got nowhere; 0 of 2 units are committed: " + self.CUT_OFF)
        self.assertRegex(self.expect(0, "slurm", "run", "--time", "0:10", "tasks.txt").err, "in the last job " + self.CUT_OFF)
        self.assertNotIn("cut off", self.expect(0, "slurm", "run", "tasks.txt").err)

    def test_a_unit_that_usr1_cuts_off_is_named(self):
        self.marking_tasks(2, gate=0)
        job = self.job(self.script("--grace", "100ms", "-n", "1", "tasks.txt"))
        self.wait_for(self.is_known_to_run, "a unit is known to run")
        os.kill(job.pid, signal.SIGUSR1)
        done = job.wait()
        self.assertRegex(done.err, self.CUT_OFF)
        self.assertRegex(done.out, r"\(1 of 3\); " + self.CUT_OFF)

    def test_a_launch_that_was_killed_still_tells_what_ran(self):
        self.marking_tasks(2, gate=0)
        job = self.start("run", "-n", "1", "tasks.txt")
        self.wait_for(self.is_known_to_run, "a unit is known to run")
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        job.wait()
        said = self.kiln("slurm", "again", "tasks.txt", SLURM_JOB_ID="17")
        self.assertRegex(said.out, "; " + self.CUT_OFF)
    def test_by_hand_the_run_directory_says_how_it_ended(self):
        self.write_tasks(["true"])
        self.assertIn("there is no run no.kiln: the directory of a run", self.expect(2, "slurm", "again", "no.kiln").err)
        self.expect(0, "run", "-n", "1", "tasks.txt")
        self.assertIn("does not go on: all is done", self.expect(1, "slurm", "again", "tasks.kiln").out)

    def test_a_cancelled_job_does_not(self):
        self.marking_tasks(4, gate=1)
        job = self.stopped(self.script("--grace", "100ms", "-n", "1", "tasks.txt"), signal.SIGTERM)
        self.assertEqual(job.wait().code, 75)
        self.assertEqual(self.calls("scontrol"), ["show job 17"])

    def slurm_says(self, job):
        """Slurm ends the script of a job that is at its end only later."""
        self.program("scontrol", f"[ \"$1\" != show ] || echo '{job}'")

    def goes_back_at_once(self, job):
        self.marking_tasks(2, gate=0)
        script = self.script("--grace", "10m", "-n", "1", "tasks.txt")
        self.slurm_says(job)
        job = self.stopped(script, signal.SIGTERM)
        self.wait_for(lambda: self.calls("scontrol") == ["show job 17", "show job 17", "requeue 17"], "the job goes back")
        self.wait_for(lambda: "what is done is kept" in job.said(), "kiln stops")
        self.assertFalse(job.ended())
        self.open_gate()
        self.assertEqual(job.wait().code, 75)
        self.assertEqual(self.calls("scontrol"), ["show job 17", "show job 17", "requeue 17"])

    def test_a_job_at_its_time_limit_goes_back_before_its_commands_end(self):
        self.goes_back_at_once("JobState=COMPLETING Reason=TimeLimit PreemptTime=None")

    def test_a_preempted_job_goes_back_before_its_commands_end(self):
        self.goes_back_at_once("JobState=COMPLETING Reason=None PreemptTime=2026-11-23T00:40:44")

    def test_a_chain_that_slurm_ends_at_the_time_limit_keeps_its_next_job(self):
        self.marking_tasks(2, gate=0)
        script = self.script("--chain", "--grace", "100ms", "-n", "1", "tasks.txt")
        self.slurm_says("JobState=COMPLETING Reason=TimeLimit PreemptTime=None")
        job = self.stopped(script, signal.SIGTERM)
        self.assertEqual(job.wait().code, 75)
        self.assertEqual(self.calls("scontrol"), ["show job 17"])
        self.assertEqual(self.calls("scancel"), [])

    def test_three_starts_in_vain_are_enough(self):
        self.marking_tasks(1, gate=0)
        self.stopped(self.script("--grace", "100ms", "-n", "1", "tasks.txt"), signal.SIGTERM).wait()
        for again in (True, True, False):
            said = self.kiln("slurm", "again", "tasks.txt", SLURM_JOB_ID="17")
            self.assertEqual(said.code, 0 if again else 1, said.out)
        self.assertIn("3 starts in a row got nowhere", said.out)
        self.assertEqual(self.kiln("slurm", "again", "tasks.kiln", SLURM_JOB_ID="18").code, 0)

    def test_a_chain_submits_the_next_job_and_takes_it_back(self):
        self.write_tasks(["true"])
        done = self.job(self.script("--chain", "tasks.txt")).wait()
        self.assertEqual(done.code, 0, done.err)
        self.assertRegex(self.calls("sbatch")[0], "^--parsable --dependency=afternotok:17 --kill-on-invalid-dep=yes ")
        self.assertEqual(self.calls("scancel"), ["4711"])

    def test_a_chain_goes_on(self):
        self.marking_tasks(2, gate=1)
        job = self.stopped(self.script("--chain", "--grace", "100ms", "-n", "1", "tasks.txt"), signal.SIGUSR1)
        self.assertEqual(job.wait().code, 75)
        self.assertEqual(self.calls("scancel"), [])

    def test_a_cancelled_chain_takes_the_next_job_back_before_its_commands_end(self):
        self.marking_tasks(2, gate=0)
        job = self.stopped(self.script("--chain", "--grace", "10m", "-n", "1", "tasks.txt"), signal.SIGTERM)
        self.wait_for(lambda: self.calls("scancel") == ["4711"], "the next job is taken back")
        self.wait_for(lambda: "what is done is kept" in job.said(), "kiln stops")
        self.assertFalse(job.ended())
        self.open_gate()
        job.wait()
        self.assertEqual(self.calls("scancel"), ["4711"])

    def test_a_program_must_be_given(self):
        done = self.job(ROOT / "slurm" / "kiln-program.sbatch", KILN=KILN).wait()
        self.assertEqual(done.code, 2, done.out)
        self.assertIn("a program is missing", done.out)

    def test_the_ready_scripts(self):
        self.write_tasks(["true"])
        (self.folder / "job.sh").write_text("#!/bin/bash\necho case $SLURM_ARRAY_TASK_ID\n")
        (self.folder / "job.sh").chmod(0o755)
        montecarlo = pathlib.Path(KILN).parent / "montecarlo"
        for name, words, made in (("run", ["tasks.txt"], "tasks.kiln"), ("chain", ["tasks.txt"], "tasks.kiln"),
                                  ("array", ["1-3", "./job.sh"], "job.sh.kiln"),
                                  ("program", [montecarlo, "--paths", "1000", "--out", "m.kiln"], "m.kiln")):
            if not pathlib.Path(words[0]).exists() and name == "program":
                continue
            done = self.job(ROOT / "slurm" / f"kiln-{name}.sbatch", *map(str, words), KILN=KILN).wait()
            self.assertEqual(done.code, 0, done.err)
            self.assertIn("all is done", done.out)
            self.assertTrue((self.folder / made / "slurm.json").exists(), name)


if __name__ == "__main__":
    unittest.main()
