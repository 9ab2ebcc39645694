"""What tests of the real command share: a folder of its own for each, and everything to look at afterwards.

KILN names the program, KILN_MPIRUN the mpirun for tests, KILN_SHIMS the folder of the preloaded libraries.
Every process below a test carries a mark in its environment; a test fails when one of them outlives it.
"""

import contextlib
import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import uuid

import h5py

KILN = os.environ["KILN"]
MPIRUN = os.environ["KILN_MPIRUN"]
SHIMS = pathlib.Path(os.environ["KILN_SHIMS"])
MARK = "FAULT_TEST_OF"  # units do not see KILN_…: kiln keeps these names for itself
DEADLINE = 60  # seconds until a condition is given up
CLONE_NEWNS = 0x20000
EPOCH, SOURCE, COMMIT, END = 1, 2, 3, 7  # types of journal entries


def mpi_major():
    """The first number of Open MPI's version."""
    said = subprocess.run(["mpirun", "--version"], check=True, capture_output=True, text=True).stdout
    return int(re.search(r"\(Open MPI\) (\d+)", said)[1])


def own_mounts():
    """Whether this process may mount, and what it mounts is seen by itself and its children alone."""
    if os.geteuid() != 0 or ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        return False
    return subprocess.run(["mount", "--make-rprivate", "/"], check=False, stderr=subprocess.DEVNULL).returncode == 0


class Result:
    """How a command ended."""

    def __init__(self, code, out, err):
        self.code, self.raw, self.err = code, out, err.decode("utf-8", "replace")

    @property
    def out(self):
        return self.raw.decode("utf-8", "replace")


class Running:
    """A command that goes on; its output is kept in files."""

    def __init__(self, words, folder, environment):
        self.out = open(folder / f"out-{uuid.uuid4().hex}", "w+b")
        self.err = open(folder / f"err-{uuid.uuid4().hex}", "w+b")
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.err,
                                        cwd=folder, env=environment)
        self.pid = self.process.pid

    def ended(self):
        return self.process.poll() is not None

    def said(self):
        with open(self.err.name, "rb") as file:
            return file.read().decode("utf-8", "replace")

    def wait(self, seconds=DEADLINE):
        self.process.wait(seconds)
        with self.out, self.err:
            texts = []
            for file in (self.out, self.err):
                file.seek(0)
                texts.append(file.read())
                os.unlink(file.name)
        return Result(self.process.returncode, *texts)


class KilnCase(unittest.TestCase):
    """A test in a temporary folder below the working directory; `self.folder` is the caller's directory."""

    maxDiff = 4000

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="t-", dir=os.getcwd()))
        self.addCleanup(self.remove_folder)
        self.mark = uuid.uuid4().hex
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        # What Open MPI leaves behind when it is killed must stay in here too.
        self.environment = dict(os.environ, TMPDIR=str(self.temporary), LC_ALL="C.UTF-8",
                                OMPI_MCA_btl_vader_backing_directory=str(self.temporary), **{MARK: self.mark})
        self.started = []
        self.addCleanup(self.end_started)
        self.tasks_file = self.folder / "tasks.txt"
        self.run_directory = self.folder / "tasks.kiln"
        self.ran_file = self.folder / "ran"

    def remove_folder(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def end_started(self):
        """No process of this test may be left; those that are, are ended."""
        left = {}
        with contextlib.suppress(AssertionError):
            self.wait_for(lambda: not self.processes(), "", 15)
        for pid, words in self.processes().items():
            left[pid] = words
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        for running in self.started:
            if not running.ended():
                running.process.kill()
                running.process.wait()
            running.out.close()
            running.err.close()
        self.assertEqual(left, {}, "processes were left behind")

    # ---- running ----

    def words(self, *arguments):
        return [KILN, *map(str, arguments)]

    def start(self, *arguments, words=None, **variables):
        running = Running(words or self.words(*arguments), self.folder, {**self.environment, **variables})
        self.started.append(running)
        return running

    def kiln(self, *arguments, text=None, words=None, seconds=DEADLINE, **variables):
        """Runs `kiln ARGUMENTS…` to its end; `text` is its standard input."""
        done = subprocess.run(words or self.words(*arguments), cwd=self.folder, timeout=seconds, check=False,
                              env={**self.environment, **variables}, capture_output=True,
                              **({"input": text} if text is not None else {"stdin": subprocess.DEVNULL}))
        return Result(done.returncode, done.stdout, done.stderr)

    def expect(self, code, *arguments, **more):
        """Like kiln(), and the exit code is `code`."""
        result = self.kiln(*arguments, **more)
        self.assertEqual(result.code, code, result.err)
        return result

    def mpirun(self, ranks, *arguments):
        return [MPIRUN, "-n", str(ranks), KILN, *map(str, arguments)]

    # ---- waiting and looking ----

    def wait_for(self, condition, what, seconds=DEADLINE):
        """Until `condition()` is true; fails after the deadline with `what` was awaited."""
        end = time.monotonic() + seconds
        while not (value := condition()):
            if time.monotonic() >= end:
                self.fail(f"not within {seconds} s: {what}")
            time.sleep(0.02)
        return value

    def processes(self, part=""):
        """{pid: command line} of the living processes of this test whose command line holds `part`."""
        found = {}
        mark = f"{MARK}={self.mark}".encode()
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                if mark not in pathlib.Path("/proc", entry, "environ").read_bytes():
                    continue
                words = pathlib.Path("/proc", entry, "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                if part in words and words:
                    found[int(entry)] = words
        return found

    def mpiruns(self):
        """{pid: command line} of every mpirun of this test: that of Open MPI 5 is called prterun."""
        found = {}
        for pid, words in self.processes().items():
            with contextlib.suppress(OSError):
                if pathlib.Path("/proc", str(pid), "comm").read_text() in ("mpirun\n", "prterun\n"):
                    found[pid] = words
        return found

    def expect_nobody(self, seconds=20):
        self.wait_for(lambda: not self.processes(), f"no process is left: {self.processes()}", seconds)

    def status(self, directory=None):
        """What status.json says; {} before there is one."""
        try:
            return json.loads(((directory or self.run_directory) / "status.json").read_text())
        except OSError:
            return {}

    def events(self):
        """The events of the run so far, as text; a beat of a second behind."""
        path = self.run_directory / "events.jsonl"
        return path.read_text() if path.exists() else ""

    def running_status(self, launch=None):
        """status.json of a run that is under way, of another launch than `launch`."""
        def seen():
            status = self.status()
            return status if status.get("state") != "ended" and status.get("launch_id") not in (None, launch) else None
        return self.wait_for(seen, "the run writes its status")

    def committed(self, directory=None):
        """The units that the journal says are done, as a set."""
        done = set()
        for path in self.entries(directory).values():
            with contextlib.suppress(OSError):  # merged meanwhile
                if self.entry_type(path) == COMMIT:
                    done |= self.done_units(path)
        return done

    @staticmethod
    def done_units(path):
        """The units that one commit entry says are done."""
        with h5py.File(path) as file:
            pairs = file["ledger/done"][:].tolist() if "ledger/done" in file else []
        return {unit for first, last in pairs for unit in range(first, last)}

    # ---- tasks and what came of them ----

    def write_tasks(self, lines):
        content = b"".join(line if isinstance(line, bytes) else line.encode() for line in
                           (one + (b"\n" if isinstance(one, bytes) else "\n") for one in lines))
        self.tasks_file.write_bytes(content)

    @staticmethod
    def marking_task(i, gate=None, pause=""):
        """Says its number and notes in the side file that it ran; from number `gate` on it waits for the file go."""
        wait = pause if gate is None or i < gate else " until test -e go; do sleep 0.02; done;"
        return f"echo {i} >> ran;{wait} echo out {i}; echo err {i} >&2"

    def marking_tasks(self, count, gate=None, pause=""):
        self.write_tasks(self.marking_task(i, gate, pause) for i in range(count))

    def open_gate(self):
        (self.folder / "go").touch()

    def ran(self):
        """The numbers that commands noted, in the order in which they did."""
        return [int(word) for word in self.ran_file.read_text().split()] if self.ran_file.exists() else []

    def forget_ran(self):
        self.ran_file.unlink(missing_ok=True)

    def table(self, directory=None, group="units"):
        """{column: list} of a table of results.h5; texts are str."""
        with h5py.File((directory or self.run_directory) / "results.h5") as file:
            return {name: list(column.asstr()[:] if column.dtype.kind == "O" else column[:].tolist())
                    for name, column in file[group].items()}

    def attributes(self, directory=None):
        with h5py.File((directory or self.run_directory) / "results.h5") as file:
            return dict(file.attrs)

    def facts(self, directory=None):
        """What must not depend on how a run went: a tuple a unit."""
        units, output = self.table(directory), self.table(directory, "output")
        return list(zip(units["id"], units["line"], units["command"], units["status"], units["exit_code"],
                        units["signal"], output["stdout"], output["stderr"]))

    def marking_facts(self, count, gate=None, pause=""):
        """facts() of marking_tasks() when all went well."""
        return [(i, i + 1, self.marking_task(i, gate, pause), "ok", 0, -1, f"out {i}\n", f"err {i}\n")
                for i in range(count)]

    def entries(self, directory=None):
        """The journal's entries, by number."""
        return {int(path.stem): path
                for path in sorted(((directory or self.run_directory) / "journal").glob("[0-9][0-9][0-9]/*.h5"))}

    def entry_type(self, path):
        return int.from_bytes(path.read_bytes()[12:16], "little")
