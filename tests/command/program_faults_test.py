#!/usr/bin/python3
"""Programs that fail, lie, crash, are killed and are asked for odd things."""

import os
import pathlib
import signal
import unittest

from kiln_case import MPIRUN, KilnCase

PROGRAMS = pathlib.Path(os.environ["KILN"]).parent.parent / "programs"


class Faults(KilnCase):
    def setUp(self):
        super().setUp()
        self.run_directory = self.folder / "lab.kiln"

    def words_of(self, what, *arguments, ranks=2):
        return [MPIRUN, "-n", str(ranks), str(PROGRAMS / "lab"), "--case", what, *arguments]

    def run_lab(self, what, *arguments, ranks=2, code=0):
        result = self.kiln(words=self.words_of(what, *arguments, ranks=ranks))
        if code is not None:
            self.assertEqual(result.code, code, result.err)
        return result

    def touch(self, name):
        (self.folder / name).touch()

    def notes(self):
        return (self.folder / "notes").read_text().split()

    # ---- programs that differ ----

    def test_ranks_that_ask_for_different_stages(self):
        err = self.run_lab("differs", code=3).err
        self.assertIn("rank 1: the ranks' programs differ", err)
        self.assertIn("stage 0 ('first')", err)

    def test_an_exception_on_one_rank_ends_all(self):
        self.assertIn("rank 1: the program threw an exception: no good", self.run_lab("throw-one", code=70).err)

    def test_an_exception_on_all_ranks(self):
        self.assertIn("the program threw an exception: no good at all", self.run_lab("throw-all", code=70).err)

    def test_a_rank_that_ends_early(self):
        err = self.run_lab("early", code=3).err
        self.assertIn("this one comes to the end of the program, where rank 0 comes to stage 0", err)

    def test_a_rank_that_comes_late_to_a_stage(self):
        self.assertEqual(self.run_lab("late", ranks=3).out, "10 20\n")

    # ---- units that fail ----

    def test_a_unit_that_throws_and_is_retried(self):
        self.touch("bad")
        failed = self.run_lab("throws", code=1)
        self.assertIn("failed 1", failed.out)
        self.assertIn("unit 7 (stage 0 'first'): exception: seven is bad", failed.err)
        self.assertIn("kiln retry", failed.err)
        (self.folder / "bad").unlink()
        again = self.run_lab("throws", "--retry")
        self.assertIn("1 failed units are tried again", again.err)
        self.assertEqual(again.out, self.run_lab("plain", "--out", "other").out, "later stages ran again")

    def test_too_many_failures_stop_the_run(self):
        self.touch("bad")
        self.assertIn("more units failed", self.run_lab("throws", "--max-failures", "1", code=1).err)

    def test_failures_of_this_launch_are_listed_first(self):
        self.touch("bad")
        self.touch("bad-40")
        self.run_lab("throws", "--max-failures", "1", "--batch", "1", code=1)
        self.touch("bad-80")
        again = self.run_lab("throws", "--max-failures", "2", "--batch", "1", code=1)
        self.assertIn("more units failed", again.err)
        listed = [line.split()[2] for line in again.err.splitlines() if line.startswith("kiln:   unit ")]
        self.assertEqual(listed, ["40", "80", "7"])

    def check_crash(self, what, text, by_hand):
        """`by_hand`: the exit code of an mpirun of the user's; the program's own start of one always gives 75."""
        self.touch("bad")
        for code, out, words in ((by_hand, "hand", self.words_of(what, "--out", "hand")),
                                 (75, "lab.kiln", [str(PROGRAMS / "lab"), "--case", what, "-n", "2", "--restarts", "0",
                                               "--heartbeat", "0"])):
            crashed = self.kiln(words=words)
            self.assertEqual(crashed.code, code, crashed.err)
            self.assertIn(text, crashed.err)
            self.assertRegex(crashed.err, r"while units? .* of stage 0 ran")
            self.expect_nobody()
            # Before an mpirun of the user's ends the others (Open MPI 5 takes its time), the last of them may have come to
            # the end without that unit.
            wanted = "run the same command again|: some units failed" if out == "hand" else "run the same command again"
            self.assertRegex(self.expect(0, "status", out).out, wanted)
        (self.folder / "bad").unlink()
        # On a loaded machine a second rank may have run the unit before mpirun has ended it: it is set aside then.
        self.assertEqual(self.run_lab(what, "--retry").out, self.run_lab("plain", "--out", "other").out)

    def test_a_unit_that_segfaults(self):
        self.check_crash("segv", "ended by SIGSEGV", 139)

    def test_a_unit_that_overflows_its_stack(self):
        self.check_crash("overflow", "ended by SIGSEGV", 139)

    def check_bad_merge(self, *arguments, what="merge", file="bad", value="99\n"):
        self.touch(file)
        failed = self.run_lab(what, *arguments, code=3)
        self.assertIn("cannot be joined", failed.err)
        self.assertIn("must not throw", failed.err)
        self.assertNotIn("MPI_ABORT", failed.err)
        self.expect_nobody()
        (self.folder / file).unlink()
        self.assertEqual(self.run_lab(what, *arguments).out, value)
        return failed.err

    def test_a_merge_that_throws_on_a_worker(self):
        said = self.check_bad_merge("--batch", "100")
        self.assertIn("rank 1: units can no longer be run", said)
        self.assertRegex(said, r"joined values of (unit 47 with those of others|"
                         r"units 32 to 39 with those of units 40 to 47 for 'latest'): exception: cannot be joined")

    def test_a_merge_that_throws_on_the_coordinator(self):
        self.assertIn("joined values of units 32 to 39 with those of units 40 to 47 for 'latest': exception: cannot be joined",
                      self.check_bad_merge("--batch", "1"))

    def test_a_merge_that_throws_at_the_end_of_a_stage(self):
        said = self.check_bad_merge(file="bad-end")
        self.assertIn("joined values of units 64 to 95 with those of units 96 to 99 for 'latest'", said)

    def test_a_merge_of_what_a_worker_holds_that_throws(self):
        said = self.check_bad_merge("--units", "8", "--batch", "1", what="big", value=f"{1 << 18} {sum(range(8))}\n")
        self.assertIn("joined values of unit 4 with those of unit 5 for 'value'", said)

    def test_a_unit_that_calls_exit(self):
        self.check_crash("exit", "called exit()", 75)

    def test_rejected_records_are_counted_over_launches(self):
        running = self.start(words=self.words_of("rejects", "--checkpoint-every", "50ms", "--batch", "1"))
        self.wait_for(lambda: self.status().get("totals", {}).get("committed", 0) > 50 or running.ended(), "a commit")
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        self.expect_nobody()
        self.open_gate()
        self.assertIn("rejected 10 failed 0", self.run_lab("rejects", ranks=3).out)
        self.assertEqual(self.table(group="rejected")["unit"], list(range(3, 100, 10)))

    # ---- what units give ----

    def test_an_impure_program_is_found_out(self):
        err = self.run_lab("impure", "--verify", code=1).err
        self.assertRegex(err, r"unit \d+ of stage 0 \('first'\) gave something else when it ran a second time")
        self.assertIn("another value for 'value'", err)
        self.assertEqual(len(self.table(group="first")["id"]), 100, "results are kept")

    def test_a_pure_program_is_not(self):
        verified = self.run_lab("plain", "--verify")
        self.assertEqual(verified.out, self.run_lab("plain", "--out", "other").out)

    def test_a_nan_is_a_value(self):
        self.assertIn("nan", self.run_lab("nan").out)

    def test_few_units_and_none(self):
        for units in ("0", "1"):
            outs = {self.run_lab("plain", "--units", units, "--out", f"d{units}{ranks}", ranks=ranks).out
                    for ranks in (1, 4)}
            self.assertEqual(len(outs), 1)

    def test_large_partial_results_stay_with_workers(self):
        outs = {self.run_lab("big", "--units", "40", "--out", f"d{ranks}", ranks=ranks).out for ranks in (1, 2, 4)}
        self.assertEqual(outs, {f"{1 << 18} {sum(range(40))}\n"})
        self.assertTrue(list((self.folder / "d2" / "segments").iterdir()))

    # ---- order, scratch, grace, status ----

    def order_of(self, what, ranks=1):
        """The numbers of units as they began; each ended before the next."""
        self.run_lab(what, "--batch", "1", "--out", what, ranks=ranks)
        notes = [int(i) for i in self.notes()]
        (self.folder / "notes").unlink()
        self.assertEqual(notes[::2], notes[1::2])
        self.assertEqual(sorted(notes[::2]), list(range(20)))
        return notes[::2]

    def test_recent_units_come_first(self):
        self.assertEqual(self.order_of("recent"), list(range(19, -1, -1)))

    def test_units_of_priority_come_first(self):
        self.assertEqual(self.order_of("priority"), [*range(10, 15), *range(10), *range(15, 20)])

    def test_one_unit_at_a_time_on_several_workers(self):
        self.order_of("one-at-a-time", ranks=4)

    def test_scratch_is_removed(self):
        self.run_lab("scratch")
        self.assertEqual(len(set(self.notes())), 100)
        self.assertEqual([name for name in self.notes() if os.path.exists(name)], [])

    def test_a_unit_that_ignores_cancelling_does_not_keep_the_run(self):
        for ranks in (1, 2):
            out = f"s{ranks}"
            running = self.start(words=[str(PROGRAMS / "lab"), "--case", "stubborn", "--grace", "100ms", "-n", str(ranks),
                                        "--batch", "1", "--checkpoint-every", "50ms", "--out", out])
            directory = self.folder / out
            self.wait_for(lambda: self.status(directory).get("totals", {}).get("committed", 0) >= 90 or running.ended(),
                          "all but the stubborn one")
            self.assertEqual(self.status(directory)["stage"], {"ordinal": 0, "name": "first"})
            running.process.send_signal(signal.SIGINT)
            self.assertEqual(running.wait(30).code, 75)
        self.expect_nobody()
        self.open_gate()
        expected = self.run_lab("plain", "--out", "other").out
        self.assertEqual(self.run_lab("stubborn", "--out", "s2").out, expected)

    def test_a_worker_is_killed(self):
        running = self.start(words=self.words_of("stubborn", "--batch", "1", "--checkpoint-every", "50ms",
                                                 ranks=3))
        status = self.wait_for(lambda: self.status() if self.status().get("totals", {}).get("committed", 0) > 50 else None,
                               "a commit")
        os.kill(status["ranks"][-1]["pid"], signal.SIGKILL)
        self.assertNotEqual(running.wait().code, 0)
        self.expect_nobody()
        self.open_gate()
        self.assertEqual(self.run_lab("stubborn").out, self.run_lab("plain", "--out", "other").out)


if __name__ == "__main__":
    unittest.main()
