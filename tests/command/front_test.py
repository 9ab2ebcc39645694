#!/usr/bin/python3
"""The front door: help on terminals of many widths, completions in a real bash, the man page, versions."""

import fcntl
import os
import pathlib
import pty
import select
import shutil
import struct
import subprocess
import termios
import unittest

from kiln_case import KILN, KilnCase

WIDTHS = (40, 60, 80, 120, 200)


class OnTerminals(KilnCase):
    def on_terminal(self, columns, *arguments):
        """What `kiln ARGUMENTS` writes to a terminal of so many columns, as lines."""
        main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen(self.words(*arguments), cwd=self.folder, env=self.environment,
                                   stdin=subprocess.DEVNULL, stdout=side, stderr=subprocess.DEVNULL)
        os.close(side)
        text = b""
        while True:
            try:
                part = os.read(main, 65536)
            except OSError:  # EIO: nobody holds the other side any more
                break
            if not part:
                break
            text += part
        os.close(main)
        process.wait(60)
        return text.decode().replace("\r\n", "\n").splitlines()

    def narrow(self, lines, columns):
        for line in lines:
            if " " in line.strip():  # a word alone may be longer than the terminal
                self.assertLessEqual(len(line), columns, line)

    def test_help_is_not_wider_than_the_terminal(self):
        for words in (("--help",), ("help",), ("run", "--help"), ("results", "--help"), ("help", "exit-codes")):
            for columns in WIDTHS:
                lines = self.on_terminal(columns, *words)
                self.assertGreater(len(lines), 10, words)
                self.narrow(lines, min(columns, 80))
            self.assertEqual(lines, self.expect(0, *words).out.splitlines())

    def test_results_are_cut_to_the_terminal(self):
        self.write_tasks([f"echo {'long ' * 60}", "exit 3 # ü" + "ö" * 300])
        self.expect(1, "run", "-n", "1", "tasks.txt")
        for words in (("results",), ("results", "--failed")):
            for columns in WIDTHS:
                lines = self.on_terminal(columns, *words, "tasks.kiln")
                self.assertEqual(len(lines), 3 if len(words) == 1 else 2, lines)
                for line in lines:
                    self.assertLessEqual(len(line), columns, line)

    def test_status_and_doctor_are_folded_to_the_terminal(self):
        self.write_tasks(["true", "exit 3"])
        self.expect(1, "run", "-n", "1", "tasks.txt")
        for columns in WIDTHS:
            self.narrow(self.on_terminal(columns, "status", "tasks.kiln"), columns)
            self.narrow(self.on_terminal(columns, "doctor", "--no-run"), columns)
        self.assertIn("kiln retry tasks.kiln", " ".join(self.expect(0, "status", "tasks.kiln").out.split()))

    def test_colours_are_not_used(self):
        for words in (("--help",), ("help", "slurm"), ("doctor", "--no-run")):
            self.assertNotIn("\x1b", "".join(self.on_terminal(80, *words)))

    def test_text_for_programs_is_never_folded(self):
        for words in (("help", "--man"), ("completion", "bash"), ("help", "--markdown")):
            self.assertEqual(self.on_terminal(40, *words), self.expect(0, *words).out.splitlines())


class Completion(KilnCase):
    SCRIPT = """
        source "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _kiln
        printf '%s\\n' "${COMPREPLY[@]}"
    """

    def setUp(self):
        super().setUp()
        (self.folder / "kiln.bash").write_text(self.expect(0, "completion", "bash").out)
        for run in ("one.kiln", "two words.kiln", "deep/three.kiln"):
            (self.folder / run).mkdir(parents=True)
        (self.folder / "plain").mkdir()
        (self.folder / "other").mkdir()
        (self.folder / "other" / "run.json").touch()
        self.tasks_file.touch()

    def complete(self, *words):
        """What a bash without the bash-completion package offers for the last of these words."""
        done = subprocess.run(["bash", "--norc", "-c", self.SCRIPT, "bash", "kiln.bash", "kiln", *words],
                              cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return sorted(filter(None, done.stdout.splitlines()))

    def test_commands(self):
        self.assertEqual(self.complete("sta"), ["status"])
        self.assertEqual(self.complete("re"), ["results", "retry"])
        self.assertTrue({"run", "help", "--help", "--version"} <= set(self.complete("")))

    def test_options_of_each_command(self):
        self.assertEqual(self.complete("run", "--ret"), ["--retries"])
        self.assertEqual(self.complete("run", "-n", "4", "--fre"), ["--fresh"])
        self.assertEqual(self.complete("retry", "--fre"), [])
        self.assertEqual(self.complete("nonsense", "--"), [])
        self.assertIn("--json", self.complete("status", "--"))

    def test_values(self):
        self.assertEqual(self.complete("run", "--progress", ""), ["auto", "bar", "log", "none"])
        self.assertEqual(self.complete("run", "--progress", "=", "b"), ["bar"])
        self.assertEqual(self.complete("run", "--progress", "="), ["auto", "bar", "log", "none"])
        self.assertEqual(self.complete("run", "--keep-output", "f"), ["failed"])
        self.assertEqual(self.complete("run", "--retries", ""), [])
        self.assertIn("plain", self.complete("run", "--out", ""))
        self.assertNotIn("tasks.txt", self.complete("run", "--out", ""))

    def test_operands(self):
        self.assertEqual(self.complete("run", "ta"), ["tasks.txt"])
        self.assertEqual(self.complete("results", ""), ["one.kiln", "other", "two words.kiln"])
        self.assertEqual(self.complete("status", "two\\ w"), ["two words.kiln"])
        self.assertEqual(self.complete("retry", "--retries", "2", "o"), ["one.kiln", "other"])
        self.assertEqual(self.complete("status", "de"), ["deep"])
        self.assertEqual(self.complete("status", "deep/"), ["deep/three.kiln"])
        self.assertEqual(self.complete("help", "exi"), ["exit-codes"])
        self.assertEqual(self.complete("help", "resu"), ["results", "resume"])
        self.assertEqual(self.complete("completion", ""), ["bash"])

    def test_a_shell_at_work(self):
        """Typed into an interactive bash: TAB completes, and a name with a blank is quoted."""
        main, side = pty.openpty()
        environment = {**self.environment, "TERM": "dumb", "PS1": "> ", "HISTFILE": "/dev/null", "INPUTRC": "/dev/null"}
        shell = subprocess.Popen(["bash", "--norc", "--noprofile", "-i"], cwd=self.folder, env=environment, stdin=side,
                                 stdout=side, stderr=side, start_new_session=True)
        os.close(side)
        self.addCleanup(os.close, main)
        self.addCleanup(shell.wait)
        self.addCleanup(shell.kill)
        os.write(main, b"kiln() { printf '<%s>' \"$@\"; echo .; }; source kiln.bash\n")
        os.write(main, b"kiln resul\ttw\t\n")
        said = b""
        while b"<results><two words.kiln" not in said:
            self.assertTrue(select.select([main], [], [], 60)[0], said)
            said += os.read(main, 65536)


class Texts(KilnCase):
    def test_the_man_page_is_well_formed(self):
        page = self.folder / "kiln.1"
        page.write_text(self.expect(0, "help", "--man").out)
        if not shutil.which("groff"):
            self.skipTest("no groff")
        done = subprocess.run(["groff", "-man", "-ww", "-z", "-Kutf8", "-Tutf8", str(page)], env=self.environment,
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        shown = subprocess.run(["groff", "-man", "-Kutf8", "-Tutf8", "-P-cbou", str(page)], env=self.environment,
                               capture_output=True, text=True, check=True).stdout
        self.assertIn("--checkpoint-every TIME", shown)
        self.assertIn("EXIT-CODES", shown)

    def test_what_is_installed(self):
        build = pathlib.Path(KILN).parent.parent
        if not (build / "apps" / "kiln" / "kiln.1").exists() or not shutil.which("cmake"):
            self.skipTest("no manual was built")
        place = self.folder / "place"
        done = subprocess.run(["cmake", "--install", str(build), "--prefix", str(place)], env=self.environment,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(os.access(place / "bin" / "kiln", os.X_OK))
        self.assertEqual((place / "share/man/man1/kiln.1").read_text(), self.expect(0, "help", "--man").out)
        self.assertEqual((place / "share/bash-completion/completions/kiln").read_text(),
                         self.expect(0, "completion", "bash").out)

    def test_nothing_to_do_is_a_usage_error(self):
        done = self.expect(2)
        self.assertEqual(done.out, "")
        self.assertIn("Usage: kiln COMMAND", done.err)

    def test_help_goes_to_standard_output(self):
        for words in (("--help",), ("help",), ("help", "slurm"), ("--version",)):
            done = self.expect(0, *words)
            self.assertEqual(done.err, "")
            self.assertTrue(done.out.endswith("\n"))
        self.assertIn("MPI", self.expect(0, "--version").out)

    def test_a_full_disk_is_said(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([KILN, "--help"], stdout=full, stderr=subprocess.PIPE, env=self.environment,
                                  check=False)
        self.assertEqual(done.returncode, 70)
        self.assertIn(b"standard output cannot be written", done.stderr)


if __name__ == "__main__":
    unittest.main()
