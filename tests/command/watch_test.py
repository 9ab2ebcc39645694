#!/usr/bin/python3
"""kiln status --watch: on terminals of several widths, in a pipe, to the end of the run and to Ctrl-C."""

import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import termios
import unittest

from kiln_case import KilnCase


class Terminal:
    """A pseudo-terminal with a command on it; all that the command writes is kept."""

    def __init__(self, words, columns, rows, folder, environment):
        self.master, slave = pty.openpty()
        self.resize(columns, rows)
        self.written = b""
        self.process = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, cwd=folder, env=environment,
                                        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.pid = self.process.pid
        os.close(slave)

    def resize(self, columns, rows):
        self.columns, self.rows = columns, rows
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self):
        while select.select([self.master], [], [], 0)[0]:
            try:
                piece = os.read(self.master, 65536)
            except OSError:  # the last one has closed the other side
                return
            if not piece:
                return
            self.written += piece

    def frames(self):
        """What was drawn, one list of lines for each time."""
        self.read()
        complete = self.written.split(b"\x1b[J")[1:-1]  # behind the first clearing; the last may be half
        return [[line.replace(b"\x1b[K", b"").strip(b"\r").decode()
                 for line in frame.split(b"\x1b[H")[-1].split(b"\n")]
                for frame in complete]

    def key(self, byte):
        os.write(self.master, byte)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)


class Watch(KilnCase):
    def start_run(self):
        self.marking_tasks(12, gate=8)
        self.addCleanup(self.open_gate)
        run = self.start("run", "-n", "2", "--checkpoint-every", "100ms", "tasks.txt")
        self.wait_for(lambda: len(self.committed()) == 8 and self.status().get("totals", {}).get("running", 0) >= 2
                      or run.ended(), "the rest waits for the gate")
        self.assertFalse(run.ended(), run.said())
        return run

    def terminal(self, columns, rows, *words):
        terminal = Terminal(self.words("status", "--watch", "--every", "100ms", *words, "tasks.kiln"), columns, rows,
                            self.folder, self.environment)
        self.addCleanup(terminal.close)
        return terminal

    def expect_fit(self, terminal, frame):
        self.assertLess(len(frame), terminal.rows)
        for line in frame:
            self.assertLess(len(line), terminal.columns, line)

    def test_on_terminals_until_the_run_ends(self):
        run = self.start_run()
        terminals = [self.terminal(columns, rows) for columns, rows in ((40, 30), (80, 24), (200, 12))]
        for terminal in terminals:
            self.wait_for(lambda: len(terminal.frames()) > 1, "it is drawn again")
            frame = terminal.frames()[-1]
            self.expect_fit(terminal, frame)
            text = " ".join("\n".join(frame).split())
            self.assertIn("tasks.kiln: running", text)
            self.assertIn("8/12", text)
            self.assertIn("12: 8 done", text)
            self.assertRegex(text, r"unit \d+ echo")
            self.assertNotIn(b"\x1b[?25h", terminal.written)
        self.open_gate()
        self.assertEqual(run.wait().code, 0)
        for terminal in terminals:
            self.wait_for(lambda: terminal.read() or terminal.process.poll() is not None, "it ends with the run", 30)
            self.assertEqual(terminal.process.returncode, 0)
            terminal.read()
            self.assertTrue(terminal.written.endswith(b"\x1b[?25h\r\n"), "the cursor is back, on a line of its own")
            self.assertIn("exit code 0", " ".join("\n".join(line for f in terminal.frames() for line in f).split()))
            for frame in terminal.frames():
                self.expect_fit(terminal, frame)

    def test_resizing_and_control_c(self):
        run = self.start_run()
        terminal = self.terminal(80, 24, "--every", "1h")
        self.wait_for(lambda: terminal.frames(), "it is drawn")
        count = len(terminal.frames())
        terminal.resize(40, 20)
        self.wait_for(lambda: len(terminal.frames()) > count, "it is drawn for the new size")
        self.expect_fit(terminal, terminal.frames()[-1])
        terminal.key(b"\x03")
        self.wait_for(lambda: terminal.read() or terminal.process.poll() is not None, "Ctrl-C ends it", 30)
        self.assertEqual(terminal.process.returncode, 0)
        terminal.read()
        self.assertIn(b"\x1b[?25h", terminal.written)
        self.assertFalse(run.ended(), "the run goes on")
        self.open_gate()
        self.assertEqual(run.wait().code, 0)

    def test_in_a_pipe(self):
        run = self.start_run()
        watch = self.start("status", "--watch", "--every", "100ms", "tasks.kiln")
        lines = self.start("status", "--watch", "--every", "100ms", "--json", "tasks.kiln")
        shown = lambda one: open(one.out.name, "rb").read()
        self.wait_for(lambda: shown(watch).count(b"tasks.kiln: running") > 1, "one block after the other")
        self.wait_for(lambda: shown(lines).count(b"\n") > 1, "one line after the other")
        self.open_gate()
        self.assertEqual(run.wait().code, 0)
        watch, lines = watch.wait(), lines.wait()
        self.assertEqual((watch.code, lines.code), (0, 0))
        self.assertNotIn("\x1b", watch.out)
        self.assertIn("every unit is done, exit code 0", watch.out)
        self.assertIn('"state":"ended"', lines.out.splitlines()[-1])

    def test_a_signal_ends_it_without_a_terminal(self):
        run = self.start_run()
        watch = self.start("status", "--watch", "--every", "1h", "tasks.kiln")
        self.wait_for(lambda: os.path.getsize(watch.out.name), "it is shown")
        watch.process.send_signal(signal.SIGTERM)
        self.assertEqual(watch.wait().code, 0)
        self.open_gate()
        self.assertEqual(run.wait().code, 0)

    def test_what_is_no_run_or_has_ended(self):
        self.assertEqual(self.kiln("status", "--watch", "nosuch.kiln").code, 4)
        self.write_tasks(["true", "false"])
        self.expect(1, "run", "-n", "1", "tasks.txt")
        self.assertIn("exit code 1", self.expect(0, "status", "--watch", "tasks.kiln").out)
        for words in (("--every", "1s"), ("--watch", "--every", "0"), ("--watch", "--every", "1ms"),
                      ("--watch", "--every", "x")):
            self.assertEqual(self.kiln("status", *words, "tasks.kiln").code, 2, words)

    def test_the_units_that_run_longest(self):
        run = self.start_run()
        status = self.wait_for(lambda: self.status().get("slowest"), "they are in status.json")
        self.assertTrue(all(8 <= one["unit"] < 12 for one in status), status)
        self.assertEqual(sorted(one["rank"] for one in status), [1, 2])
        self.assertTrue(all(one["host"] for one in status))
        self.assertTrue(all(one["command"].startswith("echo ") for one in status))
        before = {one["unit"]: one["seconds"] for one in status}
        self.wait_for(lambda: all(one["seconds"] > before[one["unit"]] for one in self.status()["slowest"]), "they grow")
        self.assertRegex(self.expect(0, "status", "tasks.kiln").out, r"unit \d+ +\S+ +[0-9.]+ s  echo \d")
        self.open_gate()
        self.assertEqual(run.wait().code, 0)


@unittest.skipUnless(shutil.which("tmux"), "tmux is not installed")
class Tmux(KilnCase):
    def tmux(self, *words):
        return subprocess.run(["tmux", "-f", "/dev/null", "-S", str(self.temporary / "tmux"), *words], cwd=self.folder,
                              env={**self.environment, "TERM": "xterm"}, check=True, capture_output=True).stdout.decode()

    def test_nothing_wraps_and_nothing_is_left_over(self):
        self.marking_tasks(12, gate=8)
        run = self.start("run", "-n", "2", "tasks.txt")
        self.wait_for(lambda: self.status().get("totals", {}).get("done") == 8, "the rest waits for the gate")
        watch = " ".join(self.words("status", "--watch", "--every", "100ms", "tasks.kiln"))
        self.tmux("new-session", "-d", "-x", "100", "-y", "30", f"{watch}; touch watched; cat")
        self.addCleanup(self.tmux, "kill-server")
        shows = lambda: " ".join(self.tmux("capture-pane", "-p").split())
        for columns, rows in ((100, 30), (40, 25), (60, 25)):
            self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

            def settled():
                screen = self.tmux("capture-pane", "-p").rstrip("\n").split("\n")
                heads = [line for line in screen if line.startswith("tasks.kiln: running")]
                return len(heads) == 1 and screen[0] == heads[0] and sum("running longest" in line for line in screen) == 1
            self.wait_for(settled, f"one picture at {columns} columns")
        self.open_gate()
        self.assertEqual(run.wait().code, 0)
        self.wait_for(lambda: (self.folder / "watched").exists() and "exit code 0" in shows(), "it ends with the run")
        self.assertNotIn("running longest", shows())


if __name__ == "__main__":
    unittest.main()
