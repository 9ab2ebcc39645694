#!/usr/bin/python3
"""All ranks are gone, or their mpirun: the launcher starts again from the last checkpoint, and it comes to the same."""

import os
import re
import shutil
import signal
import time
import unittest

from kiln_case import SHIMS, KilnCase, mpi_major

UNITS = 40
GATE = 20  # units from here on wait for the gate


class RestartCase(KilnCase):
    def setUp(self):
        super().setUp()
        self.launch = None

    def start_some(self, *options, words=("run", "-n", "2")):
        self.marking_tasks(UNITS, gate=GATE)
        self.run_ = self.start(*words, "--checkpoint-every", "100ms", *options, "tasks.txt")
        self.wait_for_units(GATE)

    def wait_for_units(self, units):
        self.launch = self.running_status(self.launch)["launch_id"]
        self.wait_for(lambda: len(self.committed()) >= units or self.run_.ended(), f"{units} units are committed")
        self.assertFalse(self.run_.ended(), self.run_.said())

    def mpirun_pid(self):
        return min(self.mpiruns())

    def rank_pids(self):
        """Of the present launch, by rank."""
        def known():
            status = self.status()
            ranks = {one["rank"]: one["pid"] for one in status.get("ranks", [])}
            return ranks if status.get("launch_id") == self.launch and len(ranks) >= 2 and all(ranks.values()) else None
        ranks = self.wait_for(known, "the ranks have said their process ids")
        return {**ranks, 0: self.status()["pid"]}

    def kill(self, *pids, number=signal.SIGKILL):
        living = self.processes()
        for pid in pids:
            self.assertIn(pid, living, "only what this test has started is signalled")
            os.kill(pid, number)

    def expect_restart(self, why, *, launches=2):
        self.launch = self.running_status(self.launch)["launch_id"]
        self.open_gate()
        result = self.run_.wait()
        self.said = result.err
        self.assertEqual(result.code, 0, result.err)
        self.assertIn(f"{why}; {GATE} of {UNITS} units are committed; starting again in 1.0 s (1 of 3)", result.err)
        self.assertIn(f"going on: {GATE} of {UNITS} units were done earlier", result.err)
        for noise in ("PMIX", "ORTE", "--------", "kiln-launch"):
            self.assertNotIn(noise, result.err)
        self.assertEqual(self.facts(), self.marking_facts(UNITS, gate=GATE))
        self.assertEqual(set(self.table()["attempts"]), {1}, "units lost with their rank are not charged")
        self.assertEqual([i for i in self.ran() if i < GATE], list(dict.fromkeys(i for i in self.ran() if i < GATE)))
        self.assertEqual(self.attributes()["launches"], launches)
        self.expect_nobody()


class Restarted(RestartCase):
    def test_mpirun_is_killed(self):
        self.start_some()
        self.kill(self.mpirun_pid())
        self.expect_restart("mpirun was ended by SIGKILL before the run ended")

    def start_some_with_time(self, *options):
        """Under an mpirun that leaves its ranks more than a second between SIGTERM and SIGKILL."""
        for name in ("OMPI", "PRTE"):
            self.environment[f"{name}_MCA_odls_base_sigkill_timeout"] = "6"
        self.start_some(*options)

    def test_mpirun_is_told_to_end(self):
        """As it ends the ranks itself where it takes the run for lost."""
        self.start_some_with_time()
        self.kill(self.mpirun_pid(), number=signal.SIGTERM)
        self.expect_restart("mpirun ended the ranks, and nobody had told kiln to stop")
        self.assertIn('"signal":15', self.events())
        if mpi_major() < 5:  # that of Open MPI 5 may close the pipes before the ranks' last words
            self.assertIn("stopped: mpirun ended the ranks; what is done is kept", self.said)
        self.assertNotIn("run the same command again", self.said, "the run goes on by itself")

    def test_mpirun_is_told_to_end_and_no_restart_is_wanted(self):
        self.start_some_with_time("--restarts", "0")
        self.kill(self.mpirun_pid(), number=signal.SIGTERM)
        result = self.run_.wait()
        self.assertEqual(result.code, 75, result.err)
        self.assertIn("nobody had told kiln to stop; 20 of 40 units are committed; run the same command again", result.err)
        status = self.expect(0, "status", "tasks.kiln").out
        self.assertIn("cut off: mpirun ended the ranks", status)
        self.assertEqual(self.attributes()["outcome"], b"cut_off")

    def test_all_are_told_to_end(self):
        """As by scancel: a wish, whoever hears of it first."""
        self.start_some()
        self.kill(self.mpirun_pid(), *self.rank_pids().values(), number=signal.SIGTERM)
        self.run_.process.send_signal(signal.SIGTERM)
        self.expect_wish()

    def test_a_rank_is_told_to_end_by_hand(self):
        self.start_some()
        self.kill(self.rank_pids()[0], number=signal.SIGTERM)
        self.expect_wish()

    def expect_wish(self):
        result = self.run_.wait()
        self.assertEqual(result.code, 75, result.err)
        self.assertNotIn("starting again", result.err)
        self.assertIn(result.err.count("run the same command again"), (1,) if mpi_major() < 5 else (0, 1), result.err)
        self.expect_nobody()
        self.assertEqual(self.attributes_of_launches(), 1)

    def test_all_ranks_are_killed_at_once(self):
        self.start_some()
        self.kill(*self.rank_pids().values())
        self.expect_restart("the ranks ended before the run did")

    def test_rank_0_is_killed(self):
        self.start_some()
        self.kill(self.rank_pids()[0])
        self.expect_end()

    def expect_end(self):
        """Without a restart or with one."""
        self.open_gate()
        result = self.run_.wait()
        self.assertEqual(result.code, 0, result.err)
        for noise in ("PMIX", "ORTE", "--------", "kiln-launch"):
            self.assertNotIn(noise, result.err)
        self.assertEqual(self.facts(), self.marking_facts(UNITS, gate=GATE))
        self.expect_nobody()

    def test_workers_are_killed_one_after_another(self):
        self.start_some(words=("run", "-n", "4"))
        for rank in (1, 3, 4):
            self.kill(self.rank_pids()[rank])
            self.wait_for(lambda: f"rank {rank} (pid" in self.run_.said(), "its death is said")
        self.expect_end()
        self.assertEqual(self.attributes()["launches"], 1)

    def test_a_stopped_rank_does_not_outlive_its_launch(self):
        self.start_some()
        worker = self.rank_pids()[2]
        self.kill(worker, number=signal.SIGSTOP)
        self.kill(self.mpirun_pid())
        self.wait_for(lambda: self.status().get("launch_id") != self.launch, "the next launch has begun")
        self.assertNotIn(worker, self.processes())
        self.expect_restart("mpirun was ended by SIGKILL before the run ended")

    def test_what_the_options_come_to_is_told_once(self):
        self.environment.update(SLURM_JOB_ID="17", SLURM_JOB_CPUS_PER_NODE="2", SLURM_JOB_NUM_NODES="1",
                                SLURM_JOB_GPUS="0", SLURM_MEM_PER_NODE="100", CUDA_VISIBLE_DEVICES="")
        self.start_some("--gpus-per-unit", "1", "--mem-per-unit", "200MiB", words=("run",))
        self.kill(self.mpirun_pid())
        self.expect_restart("mpirun was ended by SIGKILL before the run ended")
        self.assertEqual(self.said.count("1 GPU on each machine make 1 worker"), 1)
        self.assertEqual(self.said.count("1 command may take 200.0 MiB"), 1)

    def test_no_restart_is_wanted(self):
        self.start_some("--restarts", "0")
        self.kill(self.mpirun_pid())
        result = self.run_.wait()
        self.assertEqual(result.code, 75, result.err)
        self.assertIn("run the same command again to go on", result.err)
        self.assertEqual(self.attributes_of_launches(), 1)

    def attributes_of_launches(self):
        return sum(self.entry_type(path) == 1 for path in self.entries().values())

    def test_without_progress_it_gives_up(self):
        self.start_some("--restarts", "1")
        self.kill(self.mpirun_pid())
        self.launch = self.running_status(self.launch)["launch_id"]
        self.kill(self.mpirun_pid())
        result = self.run_.wait()
        self.assertEqual(result.code, 75, result.err)
        self.assertIn("gave up after 1 restarts without progress", result.err)
        self.assertEqual(self.attributes_of_launches(), 2)

    def test_progress_begins_the_count_anew(self):
        self.write_tasks(f"until test -e go{i // 10}; do sleep 0.02; done; echo {i}" for i in range(40))
        self.run_ = self.start("run", "-n", "2", "--restarts", "1", "--checkpoint-every", "100ms", "tasks.txt")
        for step in range(3):
            self.running_status(self.launch)  # ranks of a killed mpirun have a second left
            (self.folder / f"go{step}").touch()
            self.wait_for_units(10 * (step + 1))
            self.kill(self.mpirun_pid())
        self.running_status(self.launch)
        (self.folder / "go3").touch()
        result = self.run_.wait()
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(result.err.count("starting again in 1.0 s (1 of 1)"), 3)
        self.assertEqual([(fact[0], fact[3], fact[6]) for fact in self.facts()], [(i, "ok", f"{i}\n") for i in range(40)])

    def test_a_signal_ends_the_pause(self):
        self.start_some("--restarts", "9")
        for _ in range(2):  # the second pause is long enough
            self.kill(self.mpirun_pid())
            self.wait_for(lambda: "(2 of 9)" in self.run_.said() or self.status()["launch_id"] != self.launch, "it goes on")
            self.launch = self.status()["launch_id"]
        self.wait_for(lambda: "(2 of 9)" in self.run_.said(), "it waits")
        self.run_.process.send_signal(signal.SIGINT)
        result = self.run_.wait()
        self.assertEqual(result.code, 75, result.err)
        self.assertIn("stopped before the run was started again", result.err)

    def test_fresh_is_meant_once(self):
        self.marking_tasks(3)
        self.expect(0, "run", "-n", "1", "tasks.txt")
        self.forget_ran()
        self.start_some("--fresh")
        self.kill(self.mpirun_pid())
        self.expect_restart("mpirun was ended by SIGKILL before the run ended")

    def test_a_retry_tries_once(self):
        self.write_tasks(["echo 0 >> ran; test -e better0", "echo 1 >> ran; until test -e go; do sleep 0.02; done",
                          "echo 2 >> ran; exit 9"])
        (self.folder / "go").touch()
        self.expect(1, "run", "-n", "1", "tasks.txt")
        (self.folder / "go").unlink()
        self.write_tasks(["echo 0 >> ran; test -e better0", "echo 1 >> ran; until test -e go; do sleep 0.02; done",
                          "echo 2 >> ran; exit 9", "echo 3 >> ran; until test -e go; do sleep 0.02; done; exit 1"])
        (self.folder / "go").touch()
        self.expect(1, "run", "-n", "1", "tasks.txt")
        (self.folder / "go").unlink()
        self.forget_ran()
        before = len(self.entries())
        self.run_ = self.start("retry", "-n", "1", "--checkpoint-every", "50ms", "tasks.kiln")
        self.launch = self.running_status()["launch_id"]
        self.wait_for(lambda: len(self.entries()) >= before + 3 and self.ran().count(3) == 1 or self.run_.ended(),
                      "two have failed again, one runs")
        self.kill(self.mpirun_pid())
        self.launch = self.running_status(self.launch)["launch_id"]
        self.open_gate()
        result = self.run_.wait()
        self.assertEqual(result.code, 1, result.err)
        self.assertEqual(sorted(self.ran()), [0, 2, 3, 3])
        self.assertEqual(self.table()["status"], ["failed", "ok", "failed", "failed"])

    def test_standard_input_is_read_again(self):
        self.marking_tasks(UNITS, gate=GATE)
        self.run_ = self.start(words=["bash", "-c", f'cat tasks.txt | "$@"', "bash",
                                      *self.words("run", "-n", "2", "--checkpoint-every", "100ms", "--out", "tasks.kiln", "-")])
        self.wait_for_units(GATE)
        self.kill(self.mpirun_pid())
        self.expect_restart("mpirun was ended by SIGKILL before the run ended")

    # ---- an mpirun of ours ----

    def own_mpirun(self, *lines):
        """Variables with which the launcher finds a script that calls the real mpirun."""
        folder = self.folder / "bin"
        folder.mkdir()
        script = folder / "mpirun"
        script.write_text("\n".join(["#!/bin/bash", f'MPIRUN={shutil.which("mpirun")}', *lines, ""]))
        script.chmod(0o755)
        return {"PATH": f"{folder}:{os.environ['PATH']}"}

    def test_an_mpirun_that_lingers_is_ended(self):
        for ignores in ("", "trap '' TERM"):
            with self.subTest(ignores=ignores):
                shutil.rmtree(self.folder / "bin", ignore_errors=True)
                self.marking_tasks(3)
                variables = self.own_mpirun(ignores, '"$MPIRUN" "$@"', "touch lingers", "while :; do sleep 1; done")
                result = self.expect(0, "run", "-n", "1", "--fresh", "tasks.txt", **variables)
                self.assertIn("3 units: 3 done", result.err)
                self.assertNotIn("starting again", result.err)
                self.assertTrue((self.folder / "lingers").exists())
                self.expect_nobody()

    def test_an_mpirun_without_ranks_is_ended_and_started_again(self):
        self.marking_tasks(UNITS, gate=GATE)
        variables = self.own_mpirun("test -e second && exec \"$MPIRUN\" \"$@\"", "touch second", '"$MPIRUN" "$@"',
                                    "exec sleep 1000")
        self.run_ = self.start("run", "-n", "2", "--checkpoint-every", "100ms", "tasks.txt", **variables)
        self.wait_for_units(GATE)
        self.kill(*self.rank_pids().values())
        self.expect_restart("mpirun was ended by SIGTERM before the run ended")

    def test_an_mpirun_that_does_not_see_that_its_ranks_have_ended_is_started_again(self):
        """As Open MPI may not, where they are killed in the moment in which they start."""
        self.marking_tasks(3)
        variables = self.own_mpirun('test -e second && exec "$MPIRUN" "$@"', "touch second", "sleep 0 &", "exec sleep 1000")
        result = self.expect(0, "run", "-n", "1", "tasks.txt", **variables)
        self.assertIn("mpirun was ended by SIGTERM before the run ended, and before it began; starting again in 1.0 s", result.err)
        self.assertEqual(self.facts(), self.marking_facts(3))

    def test_an_mpirun_that_cannot_start_is_not_started_again(self):
        self.marking_tasks(3)
        result = self.expect(75, "run", "tasks.txt", **self.own_mpirun("echo 'no slots here' >&2", "exit 1"))
        self.assertIn("no slots here", result.err)
        self.assertNotIn("starting again", result.err)

    def test_errors_before_the_run_are_what_they_are(self):
        # An mpirun whose exit code says nothing, as that of one that goes on when ranks die.
        variables = self.own_mpirun('"$MPIRUN" "$@"', "exit 0")
        missing = self.expect(3, "run", "no-such-file", **variables)
        self.assertNotIn("kiln-launch", missing.err)
        self.run_directory.mkdir()
        (self.run_directory / "mine").touch()
        self.marking_tasks(3)
        used = self.expect(4, "run", "tasks.txt", **variables)
        for result in (missing, used):
            self.assertNotIn("kiln-launch", result.err)
            self.assertNotIn("starting again", result.err)

    def test_without_a_launcher_nothing_is_said_to_one(self):
        self.marking_tasks(3)
        result = self.kiln(words=self.mpirun(2, "run", "tasks.txt"))
        self.assertEqual(result.code, 0, result.err)
        self.assertNotIn("kiln-launch", result.err)


class Silence(RestartCase):
    """Nobody is left who could do anything, and mpirun goes on."""

    LIMIT = 3  # in place of two minutes

    def start_some(self, *options):
        self.hang = self.folder / "hang"
        self.environment.update(KILN_SILENCE_LIMIT=str(self.LIMIT), LD_PRELOAD=str(SHIMS / "hang.so"), HANG_WHEN=str(self.hang))
        super().start_some(*options)

    def fall_silent(self):
        """Rank 0 dies, and the others hang inside MPI."""
        pids = self.rank_pids()
        self.hang.touch()
        self.kill(pids[0])
        def said():
            return re.search("the ranks have given no sign of life for [0-9.]+ s, and were killed", self.run_.said())
        self.wait_for(lambda: said() or self.run_.ended(), "that is seen")
        self.hang.unlink()
        self.assertTrue(said(), self.run_.said())
        return said()[0]

    def test_it_is_started_again(self):
        self.start_some()
        self.expect_restart(self.fall_silent())

    def test_no_restart_is_wanted(self):
        self.start_some("--restarts", "0")
        why = self.fall_silent()
        result = self.run_.wait()
        self.assertEqual(result.code, 75, result.err)
        self.assertIn(f"{why}; {GATE} of {UNITS} units are committed; run the same command again to go on", result.err)
        self.expect_nobody()

    def test_ranks_that_somebody_has_stopped_are_left_alone(self):
        self.start_some()
        pids = self.rank_pids().values()
        self.kill(*pids, number=signal.SIGSTOP)
        begun = time.monotonic()
        self.wait_for(lambda: time.monotonic() > begun + 3 * self.LIMIT, "the pause is long")
        self.kill(*pids, number=signal.SIGCONT)
        self.open_gate()
        result = self.run_.wait()
        self.assertEqual(result.code, 0, result.err)
        self.assertNotIn("sign of life", result.err)
        self.assertEqual(self.attributes()["launches"], 1)


class DeathBeforeTheRun(KilnCase):
    def test_ranks_that_do_not_come_up_are_ended_and_started_again(self):
        # A rank that is stopped in the first launch: what the death of one on another node looks like from here.
        self.tasks_file.write_text("true\n" * 5)
        shim = {"LD_PRELOAD": str(SHIMS / "kill_at.so"), "KILL_ONCE": str(self.folder / "stopped"), "KILL_WITH": "STOP"}
        result = self.expect(0, "run", "-n", "3", "--start-limit", "3s", "tasks.txt", KILL_AT="2 MPI_Init_thread 1", **shim)
        self.assertTrue((self.folder / "stopped").exists(), "a rank was stopped")
        self.assertIn("the ranks have not come up within 3.0 s (--start-limit): they are ended", result.err)
        self.assertIn("starting again", result.err)
        self.assertEqual(self.status()["totals"]["done"], 5)

    def test_ranks_that_are_up_may_take_their_time(self):
        self.tasks_file.write_text("sleep 4\n")
        result = self.expect(0, "run", "-n", "2", "--start-limit", "2s", "tasks.txt")
        self.assertNotIn("come up", result.err)

    def test_a_rank_that_dies_while_mpi_comes_up_is_no_reason_to_wait_for_ever(self):
        self.tasks_file.write_text("true\n" * 5)
        shim = {"LD_PRELOAD": str(SHIMS / "kill_at.so"), "KILL_ONCE": str(self.folder / "killed")}
        for when in ("", "after"):
            with self.subTest(when):
                begin = time.monotonic()
                result = self.expect(0, "run", "-n", "3", "tasks.txt", "--fresh", KILL_AT=f"2 MPI_Init_thread 1 {when}", **shim)
                self.assertTrue((self.folder / "killed").exists(), "a rank was killed")
                (self.folder / "killed").unlink()
                if not when:
                    self.assertIn("a rank died before the run began", result.err)
                    self.assertLess(time.monotonic() - begin, 15, "the others did not wait for it")
                self.assertEqual(self.status()["totals"]["done"], 5)


if __name__ == "__main__":
    unittest.main(verbosity=2)
