#!/usr/bin/python3
"""Any number of ranks, started by kiln or by hand, and changed task files: the same results everywhere."""

import unittest

from kiln_case import KilnCase

UNITS = 30


class Ranks(KilnCase):
    def expect_same(self, ranks, *options, words=None):
        self.marking_tasks(UNITS)
        self.expect(0, "run", *options, "tasks.txt", words=words)
        self.assertEqual(self.facts(), self.marking_facts(UNITS))
        self.assertEqual(sorted(self.ran()), list(range(UNITS)))
        workers = set(self.table()["rank"])
        self.assertLessEqual(workers, set(ranks), "units ran on workers")
        self.assertEqual(set(self.table()["attempts"]), {1})
        batches = self.table(group="batches")
        self.assertEqual(sum(batches["count"]), UNITS)
        return workers

    def test_launched(self):
        for workers in (1, 2, 5):
            with self.subTest(workers=workers):
                self.forget_ran()
                self.expect_same(range(1, workers + 1), "-n", workers, "--fresh")

    def test_by_hand(self):
        for ranks in (1, 2, 3, 4):
            with self.subTest(ranks=ranks):
                self.forget_ran()
                self.expect_same(range(1, ranks) if ranks > 1 else [0], words=self.mpirun(ranks, "run", "--fresh", "tasks.txt"))

    def test_without_mpirun_the_launcher_may_work_alone(self):
        self.expect_same([0], "-n", "1", "--coordinator-works")

    def test_the_coordinator_works_too(self):
        self.expect_same([0, 1, 2], words=self.mpirun(3, "run", "--coordinator-works", "tasks.txt"))

    def test_exit_codes_by_hand(self):
        for task, code in (("true", 0), ("false", 1)):
            self.write_tasks([task])
            self.expect(code, words=self.mpirun(2, "run", "--fresh", "tasks.txt"))
        self.assertEqual(self.kiln(words=self.mpirun(2, "run", "missing.txt")).code, 3)
        self.assertEqual(self.kiln(words=self.mpirun(2, "run", "--batch", "0", "tasks.txt")).code, 2)
        (self.folder / "file").touch()
        self.assertEqual(self.kiln(words=self.mpirun(2, "run", "--out", "file", "tasks.txt")).code, 4)

    def test_more_ranks_than_units(self):
        self.write_tasks(["echo only"])
        self.expect(0, "run", "-n", "5", "tasks.txt")
        self.assertEqual([fact[6] for fact in self.facts()], ["only\n"])
        self.expect(0, "run", "--fresh", words=self.mpirun(4, "run", "--fresh", "tasks.txt"))
        self.assertEqual([fact[6] for fact in self.facts()], ["only\n"])

    def test_every_batch_policy(self):
        for policy in ("adaptive", "guided", "1", "7", "1000000", "64KiB", "50ms"):
            with self.subTest(policy=policy):
                self.forget_ran()
                self.expect_same([1, 2], "-n", "2", "--fresh", "--batch", policy)

    def test_a_long_unit_holds_nobody_up(self):
        # One rank has a unit that waits for all others: they must not lie behind it.
        self.write_tasks([f"until test $(cat ran | wc -l) -ge {UNITS - 1}; do sleep 0.02; done"] +
                         [f"echo {i} >> ran" for i in range(1, UNITS)])
        for policy in ("adaptive", "guided", "1"):
            with self.subTest(policy=policy):
                self.forget_ran()
                self.ran_file.touch()
                self.expect(0, "run", "-n", "2", "--fresh", "--batch", policy, "tasks.txt")


class Changed(KilnCase):
    """Units are known by their command; ids stay."""

    def run_with(self, *words, code=0):
        self.write_tasks(f"echo {word} >> said; echo {word}" for word in words)
        (self.folder / "said").unlink(missing_ok=True)
        self.expect(code, "run", "-n", "2", "tasks.txt")
        said = self.folder / "said"
        return sorted(said.read_text().split()) if said.exists() else []

    def rows(self):
        units = self.table()
        return [(unit, line, command.split()[1], status)
                for unit, line, command, status in zip(units["id"], units["line"], units["command"], units["status"])]

    def test_lines_added_removed_moved_and_doubled(self):
        self.assertEqual(self.run_with("a", "b", "c"), ["a", "b", "c"])
        # Added in front: a new id after the old ones.
        self.assertEqual(self.run_with("new", "a", "b", "c"), ["new"])
        self.assertEqual(self.rows(), [(0, 2, "a", "ok"), (1, 3, "b", "ok"), (2, 4, "c", "ok"), (3, 1, "new", "ok")])
        # Moved: nothing runs.
        self.assertEqual(self.run_with("c", "b", "a", "new"), [])
        self.assertEqual(self.rows(), [(0, 3, "a", "ok"), (1, 2, "b", "ok"), (2, 1, "c", "ok"), (3, 4, "new", "ok")])
        # Removed: its result stays.
        self.assertEqual(self.run_with("c", "a", "new"), [])
        self.assertEqual(self.rows(), [(0, 2, "a", "ok"), (1, -1, "b", "removed"), (2, 1, "c", "ok"), (3, 3, "new", "ok")])
        self.assertEqual(self.table(group="output")["stdout"][1], "b\n")
        # Doubled: one more unit, by its occurrence.
        self.assertEqual(self.run_with("c", "a", "a", "new"), ["a"])
        self.assertEqual(self.rows()[4], (4, 3, "a", "ok"))
        # Back again: it is the old one.
        self.assertEqual(self.run_with("b", "c", "a", "a", "new"), [])
        self.assertEqual(self.rows()[1], (1, 1, "b", "ok"))

    def test_a_removed_failure_counts_no_more(self):
        self.write_tasks(["echo fine", "false"])
        self.expect(1, "run", "-n", "1", "tasks.txt")
        self.write_tasks(["echo fine"])
        self.expect(0, "run", "-n", "1", "tasks.txt")
        self.assertEqual(self.attributes()["failed"], 0)
        self.write_tasks(["echo fine", "false"])
        self.expect(1, "run", "-n", "1", "tasks.txt")

    def test_the_file_changes_between_a_stop_and_going_on(self):
        self.write_tasks([self.marking_task(i, gate=10) for i in range(20)])
        run = self.start("run", "-n", "2", "--checkpoint-every", "50ms", "--grace", "0s", "tasks.txt")
        self.wait_for(lambda: len(self.committed()) == 10, "half is committed")
        run.process.terminate()
        self.assertEqual(run.wait().code, 75)
        self.forget_ran()
        self.open_gate()
        # Ten are left: five of them are removed, three are new.
        self.write_tasks([self.marking_task(i, gate=10) for i in (22, 21, 20, *range(15))])
        self.expect(0, "run", "-n", "3", "tasks.txt")
        self.assertEqual(sorted(self.ran()), [10, 11, 12, 13, 14, 20, 21, 22])
        self.assertEqual([row[1] for row in self.facts() if row[3] == "ok"], [*range(4, 19), 1, 2, 3])
        self.assertEqual(self.attributes()["removed"], 5)


if __name__ == "__main__":
    unittest.main()
