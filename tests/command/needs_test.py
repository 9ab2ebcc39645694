#!/usr/bin/python3
"""What a unit needs for itself: CPUs that it is bound to, GPUs, and memory that it must not exceed."""

import os
import unittest

from kiln_case import KilnCase

CPUS = len(os.sched_getaffinity(0))


class Needs(KilnCase):
    def outputs(self):
        return self.table(group="output")["stdout"]

    def test_each_worker_is_bound_to_cpus_of_its_own(self):
        show = "sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status; echo $OMP_NUM_THREADS $KILN_WORKER; sleep 0.2"
        self.write_tasks([show] * 8)
        self.expect(0, "run", "--cpus-per-unit", "1", "tasks.txt")
        by_worker = {}
        for text in self.outputs():
            cpus, rest = text.splitlines()
            threads, worker = rest.split()
            self.assertEqual(threads, "1")
            by_worker.setdefault(worker, set()).add(cpus)
        self.assertTrue(all(len(cpus) == 1 for cpus in by_worker.values()), by_worker)
        one = [next(iter(cpus)) for cpus in by_worker.values()]
        self.assertEqual(len(set(one)), len(one))
        self.assertTrue(all(cpus.isdigit() for cpus in one), one)
        self.assertLessEqual(len(one), CPUS)

    def test_a_unit_with_all_cpus_is_alone(self):
        self.write_tasks(["echo $KILN_WORKER $OMP_NUM_THREADS"] * 4)
        self.expect(0, "run", "--cpus-per-unit", CPUS, "tasks.txt")
        self.assertEqual(self.outputs(), [f"0 {CPUS}\n"] * 4)

    def test_more_than_there_is_is_refused(self):
        self.write_tasks(["echo 1"])
        said = self.expect(2, "run", "--cpus-per-unit", "5000", "tasks.txt").err
        self.assertIn(f"--cpus-per-unit 5000: no machine of this run has more than {CPUS} CPUs", said)
        said = self.expect(2, "run", "--cpus-per-unit", CPUS, "-n", "2", "tasks.txt").err
        self.assertIn("there is room for 1 worker here", said)
        said = self.expect(2, "run", "--mem-per-unit", "0", "tasks.txt").err
        self.assertIn("--mem-per-unit", said)
        self.assertIn("at least 1 B", said)
        self.assertFalse(self.run_directory.exists())

    def test_gpus_are_dealt_out(self):
        self.write_tasks(["echo $KILN_WORKER $CUDA_VISIBLE_DEVICES; sleep 0.2"] * 6)
        self.expect(0, "run", "--gpus-per-unit", "2", "tasks.txt", CUDA_VISIBLE_DEVICES="a,b,c,d")
        seen = set(self.outputs())
        self.assertLessEqual(seen, {"0 a,b\n", "1 c,d\n"})
        self.assertEqual(len(seen), min(CPUS, 2))
        self.expect(0, "run", "--fresh", "--gpus-per-unit", "2", "tasks.txt", CUDA_VISIBLE_DEVICES="",
                    SLURM_JOB_GPUS="0-2")
        self.assertEqual(set(self.outputs()), {"0 0,1\n"})

    def test_options_that_do_not_fit_the_job_are_told(self):
        self.write_tasks(["echo 1"])
        job = {"SLURM_JOB_ID": "17", "SLURM_JOB_CPUS_PER_NODE": "2", "SLURM_JOB_NUM_NODES": "1"}
        run = lambda *words, **more: self.expect(0, "run", "--fresh", *words, "tasks.txt", **{**job, **more}).err
        self.assertIn("-n 3: this job has 2 CPUs, which the workers share", run("-n", "3"))
        self.assertNotIn("this job has", run("-n", "2"))
        self.assertIn("--cpus-per-unit 2 gives each command 2 CPUs", run(SLURM_CPUS_PER_TASK="2"))
        self.assertIn("--gpus-per-unit 1: 1 GPU on each machine make 1 worker, where the CPUs would do for 2",
                      run("--gpus-per-unit", "1", SLURM_JOB_GPUS="0"))
        for words, why in ((("--cpus-per-unit", "3"), "--cpus-per-unit 3: no machine of this run has more than 2 CPUs"),
                           (("--cpus-per-unit", "2", "-n", "2"), "-n 2: with this --cpus-per-unit there is room for 1 worker"),
                           (("--gpus-per-unit", "1"), "no GPU is known here")):
            with self.subTest(words):
                said = self.expect(2, "run", "--fresh", *words, "tasks.txt", **job, CUDA_VISIBLE_DEVICES="").err
                self.assertIn(why, said)

    def test_more_memory_than_the_job_has_is_told(self):
        self.write_tasks(["echo 1"])
        job = {"SLURM_JOB_ID": "17", "SLURM_JOB_CPUS_PER_NODE": "2", "SLURM_CPUS_ON_NODE": "2"}
        run = lambda size, *words, **more: self.expect(0, "run", "--fresh", "--mem-per-unit", size, *words, "tasks.txt",
                                                       **{**job, **more}).err
        said = run("80MiB", SLURM_MEM_PER_NODE="100")
        self.assertIn("--mem-per-unit 80.0 MiB: 2 commands at a time may take 160.0 MiB on a node, and the job has 100.0 MiB "
                      "there: ask Slurm for --mem=160M, or have 1 at a time: -n 1", said)
        self.assertNotIn("at a time", run("80MiB", "-n", "1", SLURM_MEM_PER_NODE="100"))
        self.assertNotIn("at a time", run("50MiB", SLURM_MEM_PER_CPU="50"))
        self.assertIn("has 100.0 MiB", run("51MiB", SLURM_MEM_PER_CPU="50"))
        self.assertIn("1 command may take 80.0 MiB", run("80MiB", "--cpus-per-unit", "2", SLURM_MEM_PER_NODE="64"))
        self.assertNotIn("at a time", run("80MiB", SLURM_JOB_ID="", SLURM_MEM_PER_NODE="100"))

    def test_no_gpu(self):
        self.write_tasks(["echo 1"])
        said = self.expect(2, "run", "--gpus-per-unit", "1", "tasks.txt", CUDA_VISIBLE_DEVICES="").err
        self.assertIn("no GPU is known here", said)

    def test_a_unit_with_too_much_memory_is_ended_and_its_rank_goes_on(self):
        large = "python3 -c 'a = bytearray(300 << 20); import time; time.sleep(1000)'"
        self.write_tasks([large, "true", "echo 3"])
        said = self.expect(1, "run", "-n", "1", "--mem-per-unit", "100MiB", "tasks.txt").err
        self.assertIn("used more than 100.0 MiB of memory", said)
        self.assertEqual(self.table()["status"], ["memory", "ok", "ok"])
        self.assertEqual(self.table(group="dead_letters")["reason"], ["used more than 100.0 MiB of memory"])
        self.assertNotIn("died", said)
        self.expect(1, "retry", "-n", "1", "--mem-per-unit", "200MiB", "--where", "status==memory", "tasks.kiln")

    def test_all_processes_of_a_unit_count(self):
        part = "python3 -c \"a = bytearray(80 << 20); import time; time.sleep(1000)\""
        self.write_tasks([f"{part} & {part} & wait"])
        self.expect(1, "run", "-n", "1", "--mem-per-unit", "120MiB", "tasks.txt")
        self.assertEqual(self.table()["status"], ["memory"])


if __name__ == "__main__":
    unittest.main()
