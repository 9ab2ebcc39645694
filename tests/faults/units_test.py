#!/usr/bin/python3
"""Commands that misbehave: each is told from the others, costs the others nothing, and leaves nothing behind."""

import pathlib
import threading
import unittest

from kiln_case import KilnCase


class Units(KilnCase):
    def by_unit(self, *columns, group="units"):
        table = self.table(group=group)
        return list(zip(*(table[column] for column in columns)))

    def reasons(self):
        return self.table(group="dead_letters")["reason"]

    def test_a_command_that_does_not_exist(self):
        self.write_tasks(["no-such-command-of-kiln", "no-such-command-of-kiln | cat; no-such-command-of-kiln",
                          "./no/such/path", "./tasks.txt", "echo fine"])
        result = self.expect(1, "run", "-n", "2", "tasks.txt")
        self.assertEqual(self.by_unit("status", "exit_code", "signal"),
                         [("failed", 127, -1), ("failed", 127, -1), ("failed", 127, -1), ("failed", 126, -1), ("ok", 0, -1)])
        self.assertIn("no-such-command-of-kiln", self.table(group="output")["stderr"][0])
        self.assertIn("127", self.reasons()[0])
        self.assertIn("tasks.txt:1", result.err)
        self.assertIn("kiln retry tasks.kiln", result.err)

    def test_ends_of_all_kinds(self):
        self.write_tasks(["exit 1", "exit 255", "kill -SEGV $$", "kill -KILL $$", "true", "false | true"])
        self.expect(1, "run", "-n", "2", "tasks.txt")
        self.assertEqual(self.by_unit("status", "exit_code", "signal"),
                         [("failed", 1, -1), ("failed", 255, -1), ("signaled", -1, 11), ("signaled", -1, 9), ("ok", 0, -1),
                          ("ok", 0, -1)])
        listed = self.expect(0, "results", "--failed", "tasks.kiln").out
        self.assertIn("exit 255", listed)
        self.assertNotIn("false | true", listed)

    def test_a_unit_that_prints_a_gibibyte(self):
        self.write_tasks(["head -c 1G /dev/zero", "head -c 1G /dev/zero >&2", "head -c 65536 /dev/zero | tr '\\0' x",
                          "head -c 65537 /dev/zero | tr '\\0' y"])
        run = self.start("run", "-n", "2", "tasks.txt")
        largest = {}
        done = threading.Event()

        def look():
            while not done.wait(0.05):
                for pid in self.processes("kiln run"):
                    try:
                        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                            if line.startswith("VmHWM"):
                                largest[pid] = int(line.split()[1])
                    except OSError:
                        pass

        watcher = threading.Thread(target=look)
        watcher.start()
        try:
            result = run.wait()
        finally:
            done.set()
            watcher.join()
        self.assertEqual(result.code, 0, result.err)
        self.assertGreaterEqual(len(largest), 4, "the launcher and three ranks were seen")
        self.assertLess(max(largest.values()), 200 * 1024, f"KiB of {largest}")
        output = self.table(group="output")
        self.assertEqual(list(zip(output["stdout_cut"], output["stderr_cut"])), [(1, 0), (0, 1), (0, 0), (1, 0)])
        self.assertEqual([len(self.expect(0, "results", "tasks.kiln", "--unit", unit, "--stdout").raw)
                          for unit in range(4)], [65536, 0, 65536, 65536])
        self.assertLess((self.run_directory / "results.h5").stat().st_size, 4 << 20)

    def test_keep_output(self):
        for which, kept in (("all", ["a\n", "b\n"]), ("failed", ["", "b\n"]), ("none", ["", ""])):
            with self.subTest(which=which):
                self.write_tasks(["echo a; echo a >&2", "echo b; echo b >&2; false"])
                self.expect(1, "run", "-n", "1", "--fresh", "--keep-output", which, "tasks.txt")
                self.assertEqual(self.by_unit("stdout", "stderr", group="output"), [(text, text) for text in kept])

    def test_output_limit(self):
        self.write_tasks(["printf 123456789", "printf 12345"])
        self.expect(0, "run", "-n", "1", "--output-limit", "5", "tasks.txt")
        self.assertEqual(self.by_unit("stdout", "stdout_cut", group="output"), [("12345", 1), ("12345", 0)])
        self.expect(0, "run", "-n", "1", "--fresh", "--output-limit", "0", "tasks.txt")
        self.assertEqual(self.by_unit("stdout", "stdout_cut", group="output"), [("", 1), ("", 1)])

    def test_a_unit_that_never_ends(self):
        self.write_tasks(["echo begun; sleep 1000", "exec sleep 1001", "echo fine"])
        self.expect(1, "run", "-n", "2", "--timeout", "3s", "--grace", "1h", "tasks.txt")
        self.assertEqual(self.by_unit("status", "exit_code")[2], ("ok", 0))
        self.assertEqual([row[0] for row in self.by_unit("status")], ["timeout", "timeout", "ok"])
        self.assertEqual(self.table(group="output")["stdout"], ["begun\n", "", "fine\n"])
        self.assertIn("3s", self.reasons()[0])
        self.assertEqual(self.processes(), {})

    def test_a_unit_that_ignores_sigterm(self):
        self.write_tasks(["trap '' TERM; echo deaf; while :; do sleep 0.1; done", "echo fine"])
        self.expect(1, "run", "-n", "2", "--timeout", "3s", "--grace", "500ms", "tasks.txt")
        self.assertEqual([row[0] for row in self.by_unit("status")], ["timeout", "ok"])
        self.assertGreaterEqual(self.table()["seconds"][0], 3.5)
        self.assertEqual(self.table(group="output")["stdout"][0], "deaf\n")

    def test_grandchildren_are_gone_afterwards(self):
        self.write_tasks(["sleep 1001 & echo left one",
                          "setsid sleep 1002 & echo left a session",
                          "(trap '' TERM HUP; setsid setsid sleep 1003 >/dev/null 2>&1 &) ; echo left a daemon",
                          "setsid bash -c 'trap \"\" TERM HUP; (sleep 1004 & sleep 1005)' & sleep 1000"])
        self.expect(1, "run", "-n", "2", "--timeout", "2s", "--grace", "300ms", "tasks.txt")
        self.assertEqual([row[0] for row in self.by_unit("status")], ["ok", "ok", "ok", "timeout"])
        self.assertEqual(self.processes(), {})
        self.assertEqual(self.table(group="output")["stdout"][:3], ["left one\n", "left a session\n", "left a daemon\n"])

    def test_units_that_kill_or_stop_the_helper_that_runs_them(self):
        self.write_tasks(["kill -KILL $PPID; sleep 1000", "echo fine",
                          "test -e once || { touch once; kill -KILL $PPID; sleep 1000; }; echo second",
                          "kill -STOP $PPID; echo goes on", "#kiln timeout=5s retries=0", "kill -STOP $PPID; sleep 1000",
                          "echo fine"])
        result = self.expect(1, "run", "-n", "2", "--retries", "1", "--grace", "1s", "tasks.txt")
        self.assertEqual([row[0] for row in self.by_unit("status")], ["failed", "ok", "ok", "ok", "timeout", "ok"])
        self.assertEqual(self.table()["attempts"], [2, 1, 2, 1, 1, 1])
        self.assertIn("helper process, which ran it, was killed with it (signal 9", self.reasons()[0])
        self.assertEqual(self.table(group="output")["stdout"][2:4], ["second\n", "goes on\n"])
        self.assertNotIn("died", result.err, "no rank")
        self.assertEqual(self.processes(), {})

    def test_a_unit_that_stops_its_helper_when_the_run_is_stopped(self):
        self.write_tasks(["touch up; kill -STOP $PPID; sleep 1000"])
        run = self.start("run", "-n", "1", "--grace", "500ms", "tasks.txt")
        self.wait_for(lambda: (self.folder / "up").exists() or run.ended(), "the unit runs")
        run.process.terminate()
        self.assertEqual(run.wait().code, 75)
        self.assertEqual(self.processes(), {})

    def test_a_rank_without_its_helper_is_dead_and_its_unit_runs_again(self):
        keepers = "pgrep -P $(ps -o ppid= -p $(ps -o ppid= -p $PPID)) kiln-helper"
        self.write_tasks([f"test -e once || {{ touch once; kill -KILL $({keepers}); sleep 1000; }}; echo second",
                          "sleep 0.3; echo fine", "echo fine"])
        result = self.expect(0, "run", "-n", "2", "tasks.txt")
        self.assertIn("helper process", result.err)
        self.assertIn("died", result.err)
        self.assertEqual(self.table(group="output")["stdout"], ["second\n", "fine\n", "fine\n"])
        self.assertEqual(self.processes(), {})

    def test_units_that_close_or_keep_their_streams(self):
        self.write_tasks(["exec 1>&- 2>&-; sleep 0.1; exit 3", "exec 0<&- 1>&-; echo lost; true",
                          "cat; echo end of input", "yes | head -n 1", "exec sleep 0 1>&-"])
        self.expect(1, "run", "-n", "2", "tasks.txt")
        self.assertEqual([row[1] for row in self.by_unit("status", "exit_code")][:1], [3])
        self.assertEqual(self.table(group="output")["stdout"][2:4], ["end of input\n", "y\n"])
        self.assertEqual([row[0] for row in self.by_unit("status")], ["failed", "ok", "ok", "ok", "ok"])

    def test_the_third_try_succeeds(self):
        self.write_tasks(["echo x >> tries; echo try $KILN_ATTEMPT; test $(wc -l < tries) -ge 3", "echo x >> never; false"])
        result = self.expect(1, "run", "-n", "2", "--retries", "2", "--backoff", "10ms", "tasks.txt")
        self.assertEqual(self.by_unit("status", "attempts"), [("ok", 3), ("failed", 3)])
        self.assertEqual(self.table(group="output")["stdout"][0], "try 3\n")
        self.assertEqual((self.folder / "never").read_text(), "x\n" * 3)
        self.assertEqual(self.table(group="dead_letters")["unit"], [1])
        self.assertIn("1 failed", result.err)

    def test_the_environment_of_a_unit(self):
        self.write_tasks(["pwd; umask; echo $KILN_UNIT $KILN_ATTEMPT $MINE; echo $KILN_RUN_DIR; env | grep -cE '^(OMPI|PMIX|PMI|ORTE)_'"])
        self.expect(1, "run", "-n", "1", "tasks.txt", MINE="a  b")
        lines = self.table(group="output")["stdout"][0].splitlines()
        self.assertEqual(lines[0], str(self.folder))
        self.assertEqual(lines[2], "0 1 a b")
        self.assertEqual(pathlib.Path(lines[3]).resolve(), self.run_directory.resolve())
        self.assertEqual(lines[4], "0")


class MaxFailures(KilnCase):
    def setUp(self):
        super().setUp()
        self.write_tasks([f"echo {i} >> ran; sleep 0.02; {'false' if i % 2 else 'true'}" for i in range(100)])

    def expect_limit(self, limit, failures):
        result = self.expect(1, "run", "-n", "2", "--batch", "1", "--max-failures", limit, "tasks.txt")
        self.assertIn("--max-failures", result.err)
        attributes = self.attributes()
        self.assertGreaterEqual(attributes["failed"], failures)
        self.assertLessEqual(attributes["failed"], failures + 2)
        self.assertGreater(attributes["pending"], 0)
        self.assertEqual(attributes["exit_code"], 1)
        # Dead letters do not run again unasked; the rest goes on once the limit is gone.
        before = self.ran()
        self.expect(1, "run", "-n", "2", "tasks.txt")
        self.assertEqual(self.attributes()["failed"], 50)
        self.assertEqual(self.attributes()["pending"], 0)
        dead = {i for i in before if i % 2}
        self.assertEqual(dead & set(self.ran()[len(before):]), set())

    def test_a_number(self):
        self.expect_limit("5", 5)

    def test_a_share(self):
        self.expect_limit("10%", 10)


if __name__ == "__main__":
    unittest.main()
