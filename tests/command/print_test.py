#!/usr/bin/python3
"""--print: units' outputs while the run goes on, under the launcher and under an mpirun started by hand."""

import fcntl
import hashlib
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import unittest

from kiln_case import KilnCase, MPIRUN, mpi_major

ODD = b"\xff\x00\r\n\x1b[31m\t%s\\x{}"


class Print(KilnCase):
    def leftovers(self):
        return [path.name for path in self.run_directory.glob(".kiln-tmp-*")]

    def both_ways(self):
        """The words of a run with two workers, by the launcher and by hand."""
        yield lambda *words: self.words("run", "-n", "2", *words)
        yield lambda *words: self.mpirun(3, "run", *words)

    def test_in_order_and_byte_by_byte(self):
        self.write_tasks([f"sleep 0.{9 - i}; echo out {i}; echo err {i} >&2" for i in range(4)]
                         + [r"printf '\377\000\r\n\033[31m\t%%s\\x{}'", "printf 'no newline'", "echo last"])
        for way in self.both_ways():
            result = self.expect(0, words=way("--fresh", "--progress", "none", "--print", "ordered", "--batch", "1",
                                              "tasks.txt"))
            self.assertEqual(result.raw, b"".join(b"out %d\n" % i for i in range(4)) + ODD + b"no newline" + b"last\n")
            errors = [line for line in result.err.splitlines() if line.startswith("err")]
            self.assertEqual(errors, [f"err {i}" for i in range(4)])
            self.assertEqual(self.leftovers(), [])
        self.assertEqual(self.table(group="output")["stdout"][6], "last\n")

    def test_grouped_as_they_end(self):
        self.write_tasks(["until test -e go; do sleep 0.02; done; echo first; echo first", "echo second; echo second"])
        self.addCleanup(self.open_gate)
        for way in self.both_ways():
            (self.folder / "go").unlink(missing_ok=True)
            run = self.start(words=way("--fresh", "--print", "grouped", "--batch", "1", "tasks.txt"))
            out = lambda: open(run.out.name, "rb").read()
            self.wait_for(lambda: out() == b"second\nsecond\n" or run.ended(), "what has ended is printed at once")
            self.assertFalse(run.ended(), run.said())
            self.open_gate()
            self.assertEqual(run.wait().raw, b"second\nsecond\nfirst\nfirst\n")

    def test_the_summary_comes_last(self):
        self.write_tasks([f"echo unit {i} >&2" for i in range(50)])
        for way in self.both_ways():
            lines = self.expect(0, words=way("--fresh", "--print", "ordered", "tasks.txt")).err.splitlines()
            self.assertEqual([line for line in lines if line.startswith("unit")], [f"unit {i}" for i in range(50)])
            self.assertIn("50 done", lines[-1])

    def test_only_the_last_try_and_only_this_launch(self):
        self.write_tasks(["echo try $KILN_ATTEMPT; test $KILN_ATTEMPT = 3", "echo fails; exit 1", "echo fine",
                          "echo later; test -e go"])
        result = self.expect(1, "run", "-n", "1", "--retries", "2", "--backoff", "1ms", "--print", "ordered",
                             "tasks.txt")
        self.assertEqual(result.out, "try 3\nfails\nfine\nlater\n")
        self.open_gate()
        self.assertEqual(self.expect(1, "retry", "--print", "ordered", "tasks.kiln").out, "fails\nlater\n")
        self.assertEqual(self.expect(1, "run", "--print", "ordered", "tasks.txt").out, "")

    def test_what_is_not_kept_is_printed(self):
        self.write_tasks(["echo good", "echo bad; exit 1"])
        for keep, kept in (("none", ["", ""]), ("failed", ["", "bad\n"]), ("all", ["good\n", "bad\n"])):
            for way in self.both_ways():
                result = self.expect(1, words=way("--fresh", "--keep-output", keep, "--print", "ordered", "tasks.txt"))
                self.assertEqual(result.out, "good\nbad\n")
                self.assertEqual(self.table(group="output")["stdout"], kept)

    def test_what_is_cut_is_said(self):
        self.write_tasks(["head -c 1000 /dev/zero | tr '\\0' x", "echo short"])
        result = self.expect(0, "run", "--output-limit", "10", "--print", "ordered", "tasks.txt")
        self.assertEqual(result.out, "xxxxxxxxxxshort\n")
        self.assertIn("unit 0: its standard output is longer than --output-limit: the first 10 bytes", result.err)

    def test_nothing_is_printed_unasked(self):
        self.write_tasks(["echo out; echo err >&2"])
        result = self.expect(0, "run", "tasks.txt")
        self.assertEqual((result.out, "err\n" in result.err), ("", False))
        self.assertEqual(self.kiln("run", "--print", "sorted", "tasks.txt").code, 2)

    def test_a_stopped_run_prints_what_ended(self):
        self.write_tasks([f"echo {i}" if i % 2 else "touch up; exec sleep 1000" for i in range(4)])
        run = self.start("run", "-n", "4", "--batch", "1", "--grace", "0", "--print", "ordered", "tasks.txt")
        self.wait_for(lambda: self.status().get("totals", {}).get("done") == 2 or run.ended(), "the short ones end")
        run.process.send_signal(signal.SIGTERM)
        result = run.wait()
        self.assertEqual((result.code, result.out), (75, "1\n3\n"), result.err)

    def test_what_came_before_the_coordinator_died_is_printed(self):
        self.write_tasks(["echo 0", "until test -e go; do sleep 0.02; done", "echo 2", "echo 3"])
        self.addCleanup(self.open_gate)
        run = self.start("run", "-n", "2", "--restarts", "0", "--batch", "1", "--print", "ordered", "tasks.txt")
        self.wait_for(lambda: self.status().get("totals", {}).get("done") == 3 or run.ended(), "the short ones end")
        out = lambda: open(run.out.name, "rb").read()
        self.wait_for(lambda: out() == b"0\n", "what is in order is printed")
        os.kill(self.status()["pid"], signal.SIGKILL)
        self.wait_for(lambda: '"takeover"' in self.events() or run.ended(), "another rank takes over")
        self.open_gate()
        result = run.wait()
        self.assertEqual((result.code, result.out), (0, "0\n2\n3\n"), result.err)
        self.assertEqual(self.leftovers(), [])

    def read_pipe(self, words, size, after=lambda: None):
        """Runs it into a pipe of which `size` bytes are read, then calls `after` with the pipe's end still open."""
        process = subprocess.Popen(words, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        self.addCleanup(process.kill)
        got = b""
        while len(got) < size and (piece := process.stdout.read(size - len(got))):
            got += piece
        after(process)
        return process, got

    def test_a_reader_that_leaves(self):
        self.write_tasks([f"head -c 300000 /dev/zero; echo {i} >> ran" for i in range(20)])
        process, got = self.read_pipe(self.words("run", "-n", "2", "--output-limit", "1MiB", "--print", "grouped",
                                                 "tasks.txt"), 10, lambda process: process.stdout.close())
        err = process.stderr.read().decode()
        self.assertEqual(process.wait(), 0, err)
        self.assertEqual(len(got), 10)
        self.assertEqual(err.count("standard output cannot be written"), 1, err)
        self.assertEqual(sorted(self.ran()), list(range(20)))
        self.assertEqual(self.leftovers(), [])
        process.stderr.close()

    def test_a_reader_that_does_not_read_holds_nothing_up(self):
        self.write_tasks([f"head -c 300000 /dev/zero; echo {i} >> ran" for i in range(20)])

        def wait_for_end(process):
            self.wait_for(lambda: self.status().get("state") == "ended", "the run ends, though nobody reads")
            self.assertIsNone(process.poll(), "all is printed before the exit")

        process, got = self.read_pipe(self.words("run", "-n", "2", "--output-limit", "1MiB", "--print", "grouped",
                                                 "tasks.txt"), 10, wait_for_end)
        rest, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        self.assertEqual(len(got) + len(rest), 20 * 300000)
        self.assertIn(b"20 done", err.splitlines()[-1])

    def test_a_second_signal_ends_the_printing(self):
        self.write_tasks(["head -c 3000000 /dev/zero"])

        def give_up(process):
            self.wait_for(lambda: self.status().get("state") == "ended", "the run ends, though nobody reads")
            for number in (signal.SIGINT, signal.SIGTERM):  # two of a kind may arrive as one
                process.send_signal(number)
            self.wait_for(lambda: process.poll() is not None, "it ends", 30)

        process, _ = self.read_pipe(self.words("run", "--output-limit", "4MiB", "--print", "grouped", "tasks.txt"), 10,
                                    give_up)
        err = process.stderr.read().decode()
        self.assertEqual(process.returncode, 0, err)
        self.assertIn("what was not printed yet is not printed", err)
        self.assertIn("1 done", err)
        self.assertEqual(self.leftovers(), [])
        process.stdout.close()
        process.stderr.close()

    def test_a_disk_that_is_full_ends_the_printing_alone(self):
        # The run directory's disk refuses for a while: the outputs cannot wait there, the results can be written later.
        self.write_tasks(["echo 0", "touch full; echo 1", "until test -e go; do sleep 0.02; done; rm -f full; echo 2"])
        shims = os.environ["KILN_SHIMS"] + "/full_disk.so"
        if not os.path.exists(shims):
            self.skipTest("the shim that makes a full disk was not built")
        self.addCleanup(self.open_gate)
        run = self.start("run", "-n", "1", "--batch", "1", "--print", "grouped", "tasks.txt", LD_PRELOAD=shims,
                         FULL_DISK_WHEN=str(self.folder / "full"), FULL_DISK_BELOW=str(self.run_directory.resolve()))
        self.wait_for(lambda: "are not printed any more" in run.said() or run.ended(), "it is said")
        self.open_gate()
        result = run.wait()
        self.assertEqual((result.code, result.out), (0, "0\n"), result.err)
        self.assertEqual(self.table(group="output")["stdout"], ["0\n", "1\n", "2\n"])


class Large(KilnCase):
    UNITS, SIZE = 16, 16 << 20

    def expect_large(self, words, size_of_each=SIZE):
        self.write_tasks([f"head -c {size_of_each - 1} /dev/zero | tr '\\0' '\\{65 + i:03o}'; echo" for i in range(self.UNITS)])
        wanted = hashlib.sha256()
        for i in range(self.UNITS):
            wanted.update(bytes([65 + i]) * (size_of_each - 1) + b"\n")
        process = subprocess.Popen(words, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        seen, size = hashlib.sha256(), 0
        while piece := process.stdout.read(1 << 20):
            seen.update(piece)
            size += len(piece)
        process.stdout.close()
        self.assertEqual((process.wait(), size), (0, self.UNITS * size_of_each))
        self.assertEqual(seen.hexdigest(), wanted.hexdigest())

    def test_by_the_launcher(self):
        self.expect_large(self.words("run", "-n", "2", "--print", "ordered", "--output-limit", "16MiB",
                                     "--keep-output", "none", "tasks.txt"))

    def test_by_hand(self):
        # The mpirun of Open MPI 5 takes a minute for 8 MiB that one rank prints, and four times that for twice as much.
        self.expect_large([MPIRUN, "-n", "3", *self.words("run", "--print", "ordered", "--output-limit", "16MiB",
                                                          "--keep-output", "none", "tasks.txt")],
                          self.SIZE >> 8 if mpi_major() >= 5 else self.SIZE)


class OnATerminal(KilnCase):
    def test_the_bar_does_not_mix_into_lines(self):
        self.write_tasks([f"printf 'unit {i} says{' no' if i % 3 == 0 else ''} {{}}\\n%s' {'' if i % 3 == 0 else 'end'}"
                          for i in range(30)])
        master, slave = pty.openpty()
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        process = subprocess.Popen(self.words("run", "-n", "2", "--batch", "1", "--print", "ordered", "--progress", "bar",
                                              "tasks.txt"), cwd=self.folder, env=self.environment, stdin=slave,
                                   stdout=slave, stderr=slave)
        os.close(slave)
        written = b""
        while True:
            if not select.select([master], [], [], 60)[0]:
                self.fail("nothing more comes")
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            if not piece:
                break
            written += piece
        os.close(master)
        self.assertEqual(process.wait(), 0)
        # As the terminal shows it: what follows a return and "clear to the end" replaces what stood before.
        shown = []
        for line in written.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").split(b"\n"):
            shown.append(line.split(b"\r")[-1].replace(b"\x1b[K", b"").decode())
        text = "\n".join(shown)
        for i in range(30):
            self.assertEqual(sum(line.startswith(f"unit {i} says") or line.startswith(f"endunit {i} says")
                                 for line in shown), 1, text)
        self.assertEqual([line for line in shown if "%" in line and "unit" in line], [], text)
        self.assertIn("30 done", text)


if __name__ == "__main__":
    unittest.main()
