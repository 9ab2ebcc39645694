#!/usr/bin/python3
"""`kiln run COMMAND ::: VALUES`, end to end: what is kept, going on, pipes, long lists, bad input."""

import csv
import io
import json
import os
import pathlib
import signal
import unittest

from kiln_case import KILN, KilnCase

NASTY = [b"a b", b"it's", b'"', b"new\nline", b"\xff\xfe", b"-n", b"--out", b"", b"$HOME `ls` \\", "ü ö".encode(), b"{}", b"{1}",
         b"*", b"#kiln commands 1", b"\t", b"\r", b"trailing\n"]


class Values(KilnCase):
    def run_words(self, *words, **more):
        return self.kiln(words=[os.fsencode(KILN), b"run", *(os.fsencode(word) for word in words)], **more)

    def outputs(self, directory):
        return self.table(self.folder / directory, "output")["stdout"]

    def commands(self, directory):
        units = self.table(self.folder / directory)
        return dict(zip(units["command"], units["status"]))


class Kept(Values):
    def test_every_byte_goes_through(self):
        result = self.run_words("-n", "2", "printf '<%s>' {}", ":::", *NASTY)
        self.assertEqual(result.code, 0, result.err)
        self.assertIn("results: printf.kiln/results.h5", result.err)
        for unit, value in enumerate(NASTY):
            raw = self.expect(0, "results", "printf.kiln", "--unit", unit, "--stdout").raw
            self.assertEqual(raw, b"<" + value + b">")
        units = self.table(self.folder / "printf.kiln")
        self.assertEqual(units["line"], list(range(1, len(NASTY) + 1)))
        self.assertEqual(units["command"][3], "printf '<%s>' 'new\nline'")
        self.assertEqual(units["command"][4], r"printf '<%s>' '\xFF\xFE'")
        rows = list(csv.DictReader(io.StringIO(self.expect(0, "results", "--csv", "printf.kiln").raw.decode(), newline="")))
        objects = [json.loads(line) for line in self.expect(0, "results", "--json", "printf.kiln").raw.splitlines()]
        self.assertEqual([row["command"] for row in rows], units["command"])
        self.assertEqual([one["command"] for one in objects], units["command"])

    def test_more_values_go_on(self):
        self.assertEqual(self.run_words("-n", "1", "echo {} >> ran; echo {#}", ":::", "1", "2").code, 0)
        more = self.run_words("-n", "1", "echo {} >> ran; echo {#}", ":::", "1", "2", "3")
        self.assertIn("going on: 2 of 3 units were done earlier", more.err)
        self.assertEqual(self.ran(), [1, 2, 3])
        less = self.run_words("-n", "1", "echo {} >> ran; echo {#}", ":::", "1")
        self.assertIn("all 1 units were done earlier", less.err)
        self.assertEqual(list(self.commands("echo.kiln").values()), ["ok", "removed", "removed"])
        self.assertEqual(self.outputs("echo.kiln"), ["1\n", "2\n", "3\n"])

    def test_retry_needs_the_directory_alone(self):
        failed = self.run_words("-n", "1", "printf '%s.' {} && test -e cause", ":::", "a\nb", "c")
        self.assertEqual(failed.code, 1)
        self.assertIn(r"unit 0: exit code 1: printf '%s.' 'a\nb'", failed.err)
        self.assertNotIn(":1:", failed.err)  # there is no line to point at
        (self.folder / "cause").touch()
        moved = self.folder / "elsewhere"
        (self.folder / "printf.kiln").rename(moved)
        self.expect(0, "retry", "-n", "1", "elsewhere")
        self.assertEqual(self.outputs("elsewhere"), ["a\nb.", "c."])

    def test_another_command_has_another_directory(self):
        self.assertEqual(self.run_words("-n", "1", "echo", ":::", "a").code, 0)
        before = {path: path.read_bytes() for path in (self.folder / "echo.kiln").rglob("*.h5")}
        self.write_tasks(["echo task"])
        for words in (("echo -n {}", ":::", "a"), ("-o", "echo.kiln", "echo {} b", ":::", "a"), ("-o", "echo.kiln", "tasks.txt"),
                      ("--takeover", "echo -n", ":::", "a")):
            other = self.run_words("-n", "1", *words)
            self.assertEqual(other.code, 4, other.err)
            self.assertIn("belongs to the command 'echo'", other.err)
            self.assertIn("--out", other.err)
        self.assertEqual({path: path.read_bytes() for path in (self.folder / "echo.kiln").rglob("*.h5")}, before)
        self.assertEqual(self.run_words("-n", "1", "--fresh", "echo -n", ":::", "a").code, 0)
        self.assertEqual(self.outputs("echo.kiln"), ["a"])
        # A task file's directory is not a command's either.
        self.expect(0, "run", "-n", "1", "tasks.txt")
        refused = self.run_words("-o", "tasks.kiln", "echo", ":::", "a")
        self.assertEqual(refused.code, 4)
        self.assertIn("a task file", refused.err)

    def test_colons(self):
        """To mpirun a word that is a colon alone is the end of a program's words."""
        result = self.run_words("-n", "1", "--header", ":", "-o", ":", "--colsep", ":", "echo {b}", ":::", "a:b", ":", "1:2")
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(self.outputs(":"), ["\n", "2\n"])
        self.assertEqual(self.run_words(":", ":::", "1", ":").code, 0)
        self.assertEqual(list(self.commands("arguments.kiln")), [": 1", ": ':'"])
        (self.folder / ":").rename(self.folder / "moved")
        (self.folder / ":").write_text("test -e cause\n")
        self.assertEqual(self.run_words("-n", "1", ":").code, 1)
        self.assertEqual(list(self.commands(":.kiln")), ["test -e cause"])

    def test_under_an_mpirun_of_ones_own(self):
        result = self.kiln(words=self.mpirun(3, "run", "echo {2}{1}", ":::", "a b", "c", ":::", "1"))
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(self.outputs("echo.kiln"), ["1a b\n", "1c\n"])
        once = self.kiln(words=self.mpirun(3, "run", "--dry-run", "echo", ":::", "a", "b"))
        self.assertEqual((once.code, once.out), (0, "echo a\necho b\n"), once.err)

    def test_options_behind_a_lone_task_file(self):
        self.write_tasks(["echo a", "false"])
        self.assertEqual(self.run_words("tasks.txt", "-n", "1", "--out", "x.kiln").code, 1)
        self.assertEqual(self.outputs("x.kiln"), ["a\n", ""])
        again = self.expect(1, "retry", "x.kiln")
        self.assertIn("tasks.txt:2", again.err)


class Dry(Values):
    def test_prints_and_runs_nothing(self):
        result = self.run_words("--dry-run", "touch {}", ":::", "a b", "c")
        self.assertEqual((result.code, result.out, result.err), (0, "touch 'a b'\ntouch c\n", ""))
        self.write_tasks(["touch a", "# no command", "touch b"])
        result = self.run_words("tasks.txt", "--dry-run")
        self.assertEqual((result.code, result.out, result.err), (0, "touch a\ntouch b\n", ""))
        self.assertEqual(sorted(os.listdir(self.folder)), ["tasks.txt", "tmp"])

    def test_needs_no_mpi(self):
        result = self.run_words("--dry-run", "echo", ":::", "a", PATH="/nowhere")
        self.assertEqual((result.code, result.out), (0, "echo a\n"))

    def test_a_full_disk_behind_it(self):
        with open("/dev/full", "wb") as full:
            import subprocess
            done = subprocess.run([KILN, "run", "--dry-run", "echo", ":::", "a"], stdout=full, stderr=subprocess.PIPE, check=False,
                                  env=self.environment, cwd=self.folder)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"No space left", done.stderr)


class Pipes(Values):
    def test_standard_input(self):
        result = self.run_words("-n", "1", "-0", "echo", "::::", "-", ":::", "x", text=b"a\nb\0c\0")
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(self.outputs("echo.kiln"), ["a\nb x\n", "c x\n"])
        self.assertEqual([name for name in os.listdir(self.temporary) if "kiln" in name], [], "no spool is left")

    def test_a_slow_producer_is_waited_for(self):
        os.mkfifo(self.folder / "slow")
        run = self.start("run", "-n", "1", "echo", "::::", "slow")
        with open(self.folder / "slow", "wb", buffering=0) as pipe:
            pipe.write(b"a\n")
            self.wait_for(lambda: "waiting for the end of slow (2 B so far)" in run.said() or run.ended(), "the wait is said")
            self.assertFalse((self.folder / "echo.kiln").exists())
            pipe.write(b"b\n")
        self.assertEqual(run.wait().code, 0)
        self.assertEqual(self.outputs("echo.kiln"), ["a\n", "b\n"])

    def test_a_producer_that_dies_has_ended(self):
        result = self.kiln(words=["bash", "-c", f"(echo a; echo b; kill -9 $BASHPID) | {KILN} run -n 1 echo :::: -"])
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(self.outputs("echo.kiln"), ["a\n", "b\n"])

    def test_a_read_error_is_no_end(self):
        for source in ("/proc/self/mem", "/tmp"):
            result = self.run_words("echo", "::::", source)
            self.assertEqual(result.code, 3, result.err)
            self.assertIn(source, result.err)
        self.assertFalse((self.folder / "echo.kiln").exists())

    def test_nothing_comes(self):
        result = self.run_words("-n", "1", "echo", "::::", "-", text=b"")
        self.assertEqual(result.code, 0, result.err)
        self.assertIn("nothing to do", result.err)

    def test_interrupted_while_it_waits(self):
        os.mkfifo(self.folder / "slow")
        run = self.start("run", "-n", "1", "echo", "::::", "slow")
        with open(self.folder / "slow", "wb", buffering=0) as pipe:
            pipe.write(b"a\n")
            self.wait_for(lambda: "waiting" in run.said() or run.ended(), "the wait is said")
            os.kill(run.pid, signal.SIGINT)
            self.wait_for(run.ended, "an interrupt ends the wait")
        self.assertFalse((self.folder / "echo.kiln").exists())
        self.expect_nobody()

    def test_no_place_for_the_list(self):
        result = self.run_words("echo", ":::", "a", TMPDIR=str(self.folder / "nowhere"))
        self.assertEqual(result.code, 3)
        self.assertIn("TMPDIR", result.err)


class Long(Values):
    def test_as_many_words_as_the_system_takes(self):
        room = os.sysconf("SC_ARG_MAX") - sum(len(key) + len(value) + 10 for key, value in self.environment.items())
        values = [str(i) + "x" * 13000 for i in range((room - 20000) // 13100)]
        self.assertGreater(len(values), 100)
        result = self.run_words("-n", "2", "printf %s {} | wc -c", ":::", *values)
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual([int(text) for text in self.outputs("printf.kiln")], [len(value) for value in values])

    def test_a_million_values(self):
        (self.folder / "million").write_bytes(b"".join(b"%d\n" % i for i in range(1000000)))
        result = self.run_words("--dry-run", "echo {#} {}", "::::", "million")
        self.assertEqual(result.code, 0, result.err)
        lines = result.raw.split(b"\n")
        self.assertEqual(len(lines), 1000001)
        self.assertEqual(lines[999999], b"echo 1000000 999999")


class Bad(Values):
    def refused(self, code, *words, said, **more):
        result = self.run_words(*words, **more)
        self.assertEqual(result.code, code, result.err)
        self.assertEqual(result.out, "")
        for text in said:
            self.assertIn(text, result.err)
        self.assertEqual([name for name in os.listdir(self.folder) if name.endswith(".kiln")], [], "nothing was begun")

    def test_words(self):
        self.refused(2, "echo {3}", ":::", "a", ":::", "b", said=["{3}", "2 sources"])
        self.refused(2, "echo", ":::", said=["':::'"])
        self.refused(2, ":::", "a", said=["command is missing"])
        self.refused(2, "-a", "file", said=["command is missing"])
        self.refused(2, "echo {%}", ":::", "a", said=["{%}"])
        self.refused(2, "--joblog", "log", "echo", ":::", "a", said=["--joblog", "kiln export"])
        self.refused(2, "--colsep", "(", "echo", ":::", "a", said=["--colsep", "'('"])
        self.refused(2, "echo", "::::", "-", "-", said=["standard input"])

    def test_sources(self):
        pathlib.Path(self.folder / "nul").write_bytes(b"good\nb\0ad\n")
        pathlib.Path(self.folder / "long").write_bytes(b"good\n" + b"x" * 131072)
        pathlib.Path(self.folder / "header").write_bytes(b"name\n")
        self.refused(3, "echo", ":::", "a", "b", ":::+", "c", said=["source 1 has 2 values", "source 2 has 1 value"])
        self.refused(3, "echo", "::::", "nowhere", said=["nowhere", "No such file"])
        self.refused(3, "-a", "nowhere", "echo", said=["nowhere", "No such file"])
        self.refused(3, "echo", "::::", "nul", said=["nul:2", "-0"])
        self.refused(3, "echo", "::::", "long", said=["long:2", "131072"])
        self.refused(3, "--header", ":", "echo {name}", "::::", "header", said=["header"])

    def test_a_program_where_a_task_file_is_wanted(self):
        self.refused(3, "gzip", said=["gzip", "No such file", "kiln run gzip :::: -"], text=b"a.log\n")
        self.refused(3, "--dry-run", "gzip", said=["kiln run gzip :::: -"])
        self.refused(2, "gzip", "-9", said=["-9", ":::"])
        self.refused(2, "gzip", "a.log", said=[":::: -"])

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_a_file_that_may_not_be_read(self):
        (self.folder / "secret").write_text("a\n")
        (self.folder / "secret").chmod(0)
        self.refused(3, "echo", "::::", "secret", said=["Permission denied"])


if __name__ == "__main__":
    unittest.main()
