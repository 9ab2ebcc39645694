"""A case of chaos: runs what its plan says through the launcher, disturbs it, and judges how it ended."""

import contextlib
import os
import pathlib
import random
import re
import shutil
import signal
import time

import h5py
from chaos_plan import DEADLINE, FARM, OUTPUT_BYTES, OUTPUTS, PROGRAMS, farm_lines, output_lines
from kiln_case import mpi_major
from recovery_case import RecoveryCase
from same_results import content_of, differences

LIMIT = 90  # seconds for one case, or eight times what it takes undisturbed; then it hangs
TIMES = re.compile(r"^(the stage took|picture:).*$", re.MULTILINE)  # of a program's standard output: how this run went
RESTART = re.compile(r"starting again in ")
BLAMED = re.compile(r"the process(?:es)? of ranks? (.*) died(?: or fell silent)? while (?:it|they) ran nothing but this unit")
MAY_RESTART = ("did not come to disk", "before this rank knew what to do", "the coordinator, has ended")  # docs/failures.md
NOISE = ("MPI_Finalize", "invalid connection state", "Traceback", "AddressSanitizer", "runtime error:")
LINES = 400  # of standard error, at most: a case says a line or two for each deed


class Hung(Exception):
    pass


class ChaosCase(RecoveryCase):
    """Not a test of its own; chaos.py calls prepare(), then undisturbed() or disturbed(), then done()."""

    def prepare(self, plan, binaries):
        self.setUp()
        self.plan, self.binaries = plan, pathlib.Path(binaries)
        self.faults, self.deeds_done, self.recoveries, self.restarts, self.lost = [], [], [], 0, 0
        self.stopped = {}  # pid: when it is continued
        self.blamed = 0  # units that were run by four of the victims
        self.run_directory = self.folder / "run.kiln"
        self.environment.update(self.network_variables())
        lines = output_lines() if plan.program == OUTPUTS else farm_lines()
        (self.folder / "tasks.txt").write_text("".join(line + "\n" for line in lines))

    def remove_folder(self):
        if not self.faults:
            super().remove_folder()

    def network_variables(self):
        if self.plan.network == "cma":
            return {"OMPI_MCA_btl_vader_single_copy_mechanism": "cma"}
        if self.plan.network != "tcp":
            return {}
        # The launcher's words for mpirun win over variables, so mpirun is one that takes shared memory out of them.
        own = self.folder / "bin"
        own.mkdir()
        script = own / "mpirun"
        script.write_text(f'#!/bin/bash\nexec "{shutil.which("mpirun")}" "${{@/self,vader,tcp/self,tcp}}"\n')
        script.chmod(0o755)
        variables = {"PATH": f"{own}:{os.environ['PATH']}"}
        if mpi_major() >= 5:  # it leaves the loopback out by itself
            variables["OMPI_MCA_btl_tcp_if_include"] = "lo"
        return variables

    def command(self):
        plan = self.plan
        options = ["--out", "run.kiln", "-n", str(plan.ranks - 1), "--heartbeat", f"{DEADLINE:g}s", "--progress", "none",
                   "--checkpoint-every", plan.checkpoint]
        if plan.program == FARM:
            return [str(self.binaries / "kiln"), "run", *options, "--retries", "1", "tasks.txt"]
        if plan.program == OUTPUTS:
            return [str(self.binaries / "kiln"), "run", *options, "--output-limit", str(OUTPUT_BYTES[1]), "tasks.txt"]
        memory = ["--memory", plan.memory] if plan.memory else []
        return [str(self.binaries / plan.program), *options, *memory, *PROGRAMS[plan.program]]

    # ---- running ----

    def undisturbed(self):
        """{code, out, content, seconds} of the same run in peace; no content where it made no results."""
        running = self.start(words=self.command())
        self.watch(running, [], 4 * LIMIT)
        self.last_words(running)
        seconds = self.ended_at - self.began_at
        results = self.run_directory / "results.h5"
        content = content_of(results) if results.exists() else None
        return {"code": self.code, "out": self.out, "content": content, "seconds": seconds}

    def disturbed(self, whole):
        """Whether it comes to what `whole` says; what is wrong is in self.faults."""
        self.chance = random.Random(f"victims {self.plan.seed}")
        running = self.start(words=self.command())
        hung = False
        try:
            self.watch(running, [(0.8 * deed.at * whole["seconds"], deed) for deed in self.plan.deeds], 8 * whole["seconds"])
        except Hung as why:
            hung = True
            self.faults.append(str(why))
            self.note_the_hung()
            self.end_all()
        self.last_words(running)
        if not hung:
            self.acquit()
            self.judge(whole)
        return not self.faults

    def watch(self, running, due, limit=0):
        """Until it has ended; does what is due meanwhile. Times count from when the run has begun."""
        limit = max(limit, LIMIT)
        self.started_at, self.began_at = time.time(), None
        while not running.ended():
            now = time.time()
            if now > self.started_at + limit:
                raise Hung(f"hung: no end after {limit:.0f} s")
            if self.began_at is None and self.status():
                self.began_at = now
            for pid in [pid for pid, until in self.stopped.items() if now >= until]:
                self.wake(pid)
            if self.began_at is not None and due and now >= self.began_at + due[0][0] and self.do(due[0][1], now):
                due.pop(0)
            time.sleep(0.01)
        self.ended_at = time.time()
        self.began_at = self.began_at or self.started_at

    def last_words(self, running):
        result = running.wait(10)
        self.code, self.out, self.err = result.code, result.out, result.err
        (self.folder / "said.err").write_text(result.err)
        (self.folder / "said.out").write_text(result.out)

    # ---- doing it ----

    def do(self, deed, now):
        """False: there is nobody to do it to at present."""
        ranks = self.rank_pids()
        coordinator = self.status().get("pid")
        if coordinator not in ranks.values():
            return False  # between two launches, or between two coordinators
        awake = {rank: pid for rank, pid in ranks.items() if pid not in self.stopped}
        if deed.what == "mpirun":
            victims = list(self.mpiruns())
        elif deed.what in ("all", "pause"):
            victims = list(ranks.values())
        else:
            if len(awake) < 3:
                return not self.stopped  # two are to live: it waits for one that wakes, or is left out
            others = [pid for _, pid in sorted(awake.items()) if pid != coordinator]
            root = deed.victim < 0 and coordinator in awake.values()
            victims = [coordinator if root else others[int(abs(deed.victim) * len(others)) % len(others)]]
        number = signal.SIGSTOP if deed.what in ("stop", "pause") else signal.SIGKILL
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
                if number == signal.SIGSTOP:
                    self.stopped[pid] = now + deed.seconds
        ranks_of = {pid: rank for rank, pid in ranks.items()}
        self.deeds_done.append({"what": deed.what, "time": now, "seconds": deed.seconds, "root": coordinator in victims,
                                "ranks": sorted(ranks_of.get(pid, -1) for pid in victims), "pids": victims})
        return True

    def wake(self, pid):
        self.stopped.pop(pid)
        if pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def end_all(self):
        for pid in sorted(self.processes(), reverse=True):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def note_the_hung(self):
        """Who was there when it hung, and where: for whoever looks into it."""
        with open(self.folder / "hung.txt", "w", encoding="utf-8") as file:
            for pid, words in self.processes().items():
                state = pathlib.Path("/proc", str(pid), "stat").read_text().rsplit(")", 1)[1].split()[0]
                file.write(f"{pid} {state} {words}\n")
                if shutil.which("gdb") and not words.startswith(("mpirun", "prterun", "sleep", "bash")):
                    done = self.kiln(words=["gdb", "-p", str(pid), "-batch", "-ex", "thread apply all bt 25"], seconds=30)
                    file.write(done.out)

    # ---- judging ----

    def acquit(self):
        """A unit that ran alone on four ranks that were killed is a dead letter by design (docs/failures.md); what is to be
        as in peace then is what `kiln retry` comes to."""
        try:
            reasons = self.table(group="dead_letters")["reason"]
        except (OSError, KeyError):
            return
        killed = {rank for deed in self.deeds_done if deed["what"] not in ("stop", "pause") for rank in deed["ranks"]}
        blamed = [found for found in map(BLAMED.fullmatch, reasons) if found]
        ranks = {int(number) for found in blamed for number in re.findall(r"\d+", found[1])}
        if not blamed or not ranks <= killed:
            return
        self.blamed = len(blamed)
        done = self.kiln(words=[str(self.binaries / "kiln"), "retry", "run.kiln"], seconds=2 * LIMIT)
        self.code, self.err = done.code, self.err + done.err
        if self.plan.program not in (FARM, OUTPUTS):
            self.out = done.out

    def judge(self, whole):
        with contextlib.suppress(AssertionError):
            self.wait_for(lambda: not self.processes(), "", 15)
        for pid, words in self.processes().items():
            self.faults.append(f"left behind: {pid} {words}")
        self.end_all()
        if self.code != whole["code"]:
            self.faults.append(f"exit code {self.code}, undisturbed {whole['code']}")
        if not self.same_output(TIMES.sub("", self.out), TIMES.sub("", whole["out"])):
            self.faults.append("standard output differs (said.out)")
        self.faults += [f"standard error says {word}" for word in NOISE if word in self.err]
        if self.err.count("\n") > LINES:
            self.faults.append(f"standard error has {self.err.count(chr(10))} lines (said.err)")
        self.judge_results(whole)
        self.judge_status()
        self.restarts = len(RESTART.findall(self.err))
        single = all(deed["what"] in ("kill", "stop") for deed in self.deeds_done)
        if self.restarts and single and not any(word in self.err for word in MAY_RESTART):
            self.faults.append("it was started again, though ranks were left that could go on")
        self.lost = len(self.happened("rank_died")) + len(self.happened("takeover"))
        self.recoveries = self.find_recoveries()

    def same_output(self, said, wanted):
        """at_root runs at least once, so it may say twice what rank 0 died of saying; a dead mpirun passes nothing on."""
        whole, lines = wanted.splitlines(), set(said.splitlines())
        if any(deed["what"] in ("mpirun", "all") for deed in self.deeds_done):
            return lines <= set(whole)
        return lines == set(whole) if any(deed["root"] for deed in self.deeds_done) else said == wanted

    def judge_results(self, whole):
        path = self.run_directory / "results.h5"
        if not path.exists():
            self.faults.append("no results.h5")
            return
        self.faults += [f"results.h5 differs: {name}" for name in differences(content_of(path), whole["content"])]
        if self.plan.program in (FARM, OUTPUTS):
            units = self.table()["id"]
            if len(units) != len(set(units)):
                self.faults.append("a unit has two results")

    def judge_status(self):
        done = self.kiln(words=[str(self.binaries / "kiln"), "status", "--json", "run.kiln"])
        if done.code not in (0, 1) or '"ended"' not in done.out:
            self.faults.append(f"kiln status does not say ended (exit code {done.code}): {done.err.strip()[-300:]}")
        try:
            self.committed()
        except (OSError, KeyError) as why:
            self.faults.append(f"the journal cannot be read: {why}")

    # ---- how long it took ----

    def find_recoveries(self):
        """[(kind, seconds)]: from each kill to the first batch that began after its death was answered."""
        try:
            with h5py.File(self.run_directory / "results.h5") as file:
                starts = sorted(file["batches/start"][:].tolist())
        except (OSError, KeyError):
            return []
        events = [("rank_died", "worker"), ("takeover", "rank 0"), ("begin", "restart")]
        answers = sorted((one["time"], one.get("pid"), kind) for name, kind in events for one in self.happened(name))
        found = []
        for deed in self.deeds_done:
            if deed["what"] not in ("kill", "mpirun", "all"):
                continue
            answer = next(((at, kind) for at, pid, kind in answers
                           if at > deed["time"] and (kind == "restart" or pid in deed["pids"])), None)
            start = next((start for start in starts if answer and start >= answer[0]), None)
            if start is not None:
                found.append((answer[1], start - deed["time"]))
        return found

    def done(self):
        self.doCleanups()
