#!/usr/bin/python3
"""Input that cannot be used: the documented exit code, a message that says what and where, and nothing left behind."""

import json
import os
import signal
import stat
import unittest

from kiln_case import KilnCase, SHIMS


class Usage(KilnCase):
    def refused(self, *options, said):
        self.write_tasks(["echo hello >> ran"])
        result = self.expect(2, "run", *options, "tasks.txt")
        for text in said:
            self.assertIn(text, result.err)
        self.assertEqual(result.out, "")
        self.assertFalse(self.run_directory.exists(), "nothing was begun")
        self.assertFalse(self.ran_file.exists())

    def test_nonsense_values(self):
        for option, value in (("--batch", "0"), ("--batch", "-3"), ("--batch", "often"), ("--batch", "0s"),
                              ("--timeout", "-5s"), ("--timeout", "0s"), ("--timeout", "5 parsecs"),
                              ("--grace", "-1s"), ("--backoff", "-1ms"), ("--checkpoint-every", "0"),
                              ("--checkpoint-every", "-30s"), ("--output-limit", "-1"), ("--output-limit", "64XiB"),
                              ("--output-limit", "1e99"), ("--output-limit", "20EiB"), ("--retries", "-1"),
                              ("--retries", "many"), ("--max-failures", "0"), ("--max-failures", "101%"),
                              ("--max-failures", "-1%"), ("--keep-output", "some"), ("--task-signal", "NONSENSE"),
                              ("--task-signal", "0"), ("--workers", "0"), ("--workers", "-2"), ("--seed", "x"),
                              ("--progress", "loud")):
            with self.subTest(option=option, value=value):
                self.refused(f"{option}={value}", said=(option.lstrip("-"), value))

    def test_words_that_are_no_options(self):
        self.refused("--retires", "3", said=("--retires", "--retries"))
        self.assertEqual(self.kiln("run").code, 2)
        self.assertEqual(self.kiln("frobnicate").code, 2)
        self.assertEqual(self.kiln().code, 2)


class TaskFile(KilnCase):
    def refused(self, *said, name="tasks.txt", text=None, code=3):
        result = self.expect(code, "run", "-n", "1", name, text=text)
        for word in said:
            self.assertIn(word, result.err)
        self.assertFalse(self.run_directory.exists(), "no run directory was made")
        self.assertEqual(result.out, "")
        self.assertLess(len(result.err.splitlines()), 4, result.err)
        return result

    def test_missing(self):
        self.refused("tasks.txt", "No such file")

    def test_a_directory(self):
        self.tasks_file.mkdir()
        self.refused("tasks.txt", "directory")

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_unreadable(self):
        self.write_tasks(["true"])
        self.tasks_file.chmod(0)
        self.refused("tasks.txt", "Permission denied")

    def test_binary(self):
        self.tasks_file.write_bytes(b"echo good\n\x7fELF\0\0\x01\n")
        self.refused("tasks.txt:2", "binary")

    def test_a_line_that_is_too_long(self):
        self.write_tasks(["echo first", ": " + "x" * 131070])
        self.refused("tasks.txt:2", "131072", "131071")

    def test_the_longest_line(self):
        self.write_tasks([": " + "x" * 131069, "echo ${#KILN_UNIT}" + " " * 100000])
        self.expect(0, "run", "-n", "1", "tasks.txt")
        self.assertEqual([len(command) for command in self.table()["command"]], [131071, 100018])
        self.assertEqual(self.table()["status"], ["ok", "ok"])

    def test_empty(self):
        for content in (b"", b"\n\n  \n# only a comment\n"):
            with self.subTest(content=content):
                self.tasks_file.write_bytes(content)
                result = self.expect(0, "run", "-n", "2", "--fresh", "tasks.txt")
                self.assertIn("no commands", result.err)
                self.assertEqual(self.table()["id"], [])

    def test_a_run_directory_as_task_file(self):
        self.write_tasks(["true"])
        self.expect(0, "run", "-n", "1", "tasks.txt")
        result = self.expect(2, "run", "tasks.kiln")
        self.assertIn("kiln retry tasks.kiln", result.err)

    def test_standard_input(self):
        result = self.expect(0, "run", "-n", "2", "-", text=b"echo one\n\necho two")
        self.assertIn("stdin.kiln", result.err)
        directory = self.folder / "stdin.kiln"
        self.assertEqual([(fact[0], fact[1], fact[6]) for fact in self.facts(directory)], [(0, 1, "one\n"), (1, 3, "two\n")])
        again = self.expect(0, "run", "-", text=b"echo two\necho three\n")
        self.assertIn("going on", again.err)
        self.assertEqual([(fact[1], fact[3], fact[6]) for fact in self.facts(directory)],
                         [(-1, "removed", "one\n"), (1, "ok", "two\n"), (2, "ok", "three\n")])
        self.assertEqual([name for name in os.listdir(self.temporary) if "kiln" in name], [], "no spool is left")

    def test_bytes_that_are_no_utf8(self):
        self.write_tasks([b"printf 'a\\xffb\\000c'; : \xff\xfe", "printf '\\303\\244 is fine'", "printf 'x\\200' >&2; exit 3"])
        self.expect(1, "run", "-n", "2", "tasks.txt")
        units, output = self.table(), self.table(group="output")
        self.assertEqual(units["command"][0], r"printf 'a\\xffb\\000c'; : \xFF\xFE")
        self.assertEqual(units["command_escaped"], [1, 0, 0])
        self.assertEqual(output["stdout"], [r"a\xFFb\x00c", "ä is fine", ""])
        self.assertEqual(output["stdout_escaped"], [1, 0, 0])
        self.assertEqual(output["stderr"], ["", "", r"x\x80"])
        self.assertEqual(output["stderr_escaped"], [0, 0, 1])
        raw = lambda *options: self.expect(0, "results", "tasks.kiln", *options).raw
        self.assertEqual(raw("--unit", "0", "--stdout"), b"a\xffb\0c")
        self.assertEqual(raw("--unit", "1", "--stdout"), "ä is fine".encode())
        self.assertEqual(raw("--unit", "2", "--stderr"), b"x\x80")
        for line in raw("--json").splitlines():
            json.loads(line)
        # The command is known again by its bytes.
        self.assertIn("done earlier", self.expect(1, "run", "tasks.txt").err)


class Directory(KilnCase):
    def setUp(self):
        super().setUp()
        self.write_tasks(["echo 1 >> ran; echo hello"])

    def refused(self, out, *said, **more):
        """`kiln run --out OUT` is exit 4, says so on one line, runs nothing."""
        self.forget_ran()
        result = self.expect(4, "run", "-n", "1", "--out", out, "tasks.txt", **more)
        for text in said:
            self.assertIn(text, result.err)
        self.assertEqual(self.ran(), [])
        return result

    def test_below_a_file(self):
        self.refused("tasks.txt/x.kiln", "tasks.txt")
        (self.folder / "file").write_text("precious")
        self.refused("file", "file")
        self.assertEqual((self.folder / "file").read_text(), "precious")

    def test_somebody_elses_directory(self):
        other = self.folder / "thesis"
        other.mkdir()
        (other / "chapter1.tex").write_text("precious")
        for options in ((), ("--fresh",), ("--takeover",)):
            self.refused("thesis", "chapter1.tex", "--out")
            result = self.expect(4, "run", *options, "--out", "thesis", "tasks.txt")
            self.assertIn("chapter1.tex", result.err)
        self.assertEqual(os.listdir(other), ["chapter1.tex"])
        for word in ("status", "results", "retry"):
            self.assertIn("no kiln run", self.expect(4, word, "thesis").err)

    def test_a_directory_that_is_not_there(self):
        for word in ("status", "results", "retry"):
            self.assertIn("nowhere.kiln", self.expect(4, word, "nowhere.kiln").err)
        self.assertFalse((self.folder / "nowhere.kiln").exists())

    def test_missing_parents_are_made(self):
        self.expect(0, "run", "-n", "1", "--out", "a/b/c.kiln", "tasks.txt")
        self.assertEqual(self.table(self.folder / "a/b/c.kiln")["status"], ["ok"])

    def finished(self):
        self.expect(0, "run", "-n", "1", "tasks.txt")
        return self.run_directory / "run.json"

    def edit(self, path, **changes):
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    def test_another_kind_of_run(self):
        self.edit(self.finished(), kind="flow")
        self.refused("tasks.kiln", "another kind", "flow")
        self.assertEqual(self.kiln("run", "--fresh", "tasks.txt").code, 4)
        self.assertTrue((self.run_directory / "results.h5").exists())

    def test_a_newer_version(self):
        self.edit(self.finished(), format_version=99)
        self.refused("tasks.kiln", "newer", "99")
        self.assertEqual(self.kiln("run", "--fresh", "tasks.txt").code, 4)
        self.assertEqual(self.kiln("status", "tasks.kiln").code, 4)
        self.assertTrue((self.run_directory / "results.h5").exists())

    def test_a_damaged_run_json(self):
        facts = self.finished()
        facts.write_bytes(b"\xff{")
        self.refused("tasks.kiln", "run.json")
        self.forget_ran()
        self.expect(0, "run", "-n", "1", "--fresh", "tasks.txt")
        self.assertEqual(self.ran(), [1])

    def test_a_file_system_without_links(self):
        shim = SHIMS / "no_link.so"
        self.assertTrue(shim.exists())
        self.refused("tasks.kiln", "hard links", "another file system", LD_PRELOAD=str(shim))
        self.assertFalse(self.run_directory.exists())
        # The file system of a run may lose them later: nothing that was there is touched.
        self.finished()
        before = self.facts()
        self.refused("tasks.kiln", "hard links", LD_PRELOAD=str(shim))
        self.assertEqual(self.facts(), before)

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_a_directory_that_may_not_be_written(self):
        (self.folder / "closed").mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
        self.refused("closed/x.kiln", "Permission denied")

    def test_fresh_begins_anew(self):
        self.finished()
        (self.run_directory / "source" / "extra").write_text("x")
        self.forget_ran()
        self.expect(0, "run", "-n", "1", "--fresh", "tasks.txt")
        self.assertEqual(self.ran(), [1])
        self.assertEqual(self.attributes()["launches"], 1)


class InUse(KilnCase):
    def test_a_live_run_refuses_a_second_one(self):
        self.marking_tasks(6, gate=2)
        first = self.start("run", "-n", "2", "--checkpoint-every", "100ms", "tasks.txt")
        pid = self.running_status()["pid"]
        self.wait_for(lambda: len(self.ran()) == 4 and len(self.committed()) == 2, "two units wait for the gate")
        for word in (("run", "-n", "1", "tasks.txt"), ("run", "--fresh", "tasks.txt"), ("retry", "tasks.kiln")):
            second = self.expect(4, *word)
            self.assertIn("in use", second.err)
            self.assertIn(f"pid {pid}", second.err)
            self.assertIn("--takeover", second.err)
        # From another shell one may look.
        self.assertIn("2 done", self.expect(0, "status", "tasks.kiln").out)
        self.assertEqual(self.expect(0, "results", "tasks.kiln", "--unit", "1", "--stdout").raw, b"out 1\n")
        self.assertFalse(first.ended())
        self.open_gate()
        self.assertEqual(first.wait().code, 0)
        self.assertEqual(self.facts(), self.marking_facts(6, gate=2))
        self.assertEqual(sorted(self.ran()), list(range(6)))

    def test_takeover(self):
        self.marking_tasks(6, gate=2)
        first = self.start("run", "-n", "2", "--checkpoint-every", "100ms", "--grace", "0s", "tasks.txt")
        self.running_status()
        self.wait_for(lambda: len(self.ran()) == 4 and len(self.committed()) == 2, "two units wait for the gate")
        os.kill(self.status()["pid"], signal.SIGSTOP)
        second = self.start("run", "-n", "1", "--takeover", "tasks.txt")
        self.wait_for(lambda: len(self.ran()) >= 5 or second.ended(), "the second run works")
        pid = self.status()["pid"]
        self.open_gate()
        result = second.wait()
        self.assertEqual(result.code, 0, result.err)
        before = self.facts()
        self.assertEqual(before, self.marking_facts(6, gate=2))
        # The first wakes: it has been deposed, writes nothing more and ends with its commands.
        stopped = [pid for pid in self.processes() if "T" in open(f"/proc/{pid}/stat").read().rsplit(")")[1][:3]]
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
        deposed = first.wait()
        self.assertNotIn(deposed.code, (0, 1), deposed.err)
        self.expect_nobody()
        self.assertEqual(self.facts(), before)
        self.expect(0, "run", "tasks.txt")
        self.assertEqual(self.facts(), before)


if __name__ == "__main__":
    unittest.main()
