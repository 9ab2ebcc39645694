#!/usr/bin/python3
"""Runs of the real programs while their ranks are killed and stopped, each compared with an undisturbed one.

  chaos.py [--bin FOLDER] [--network NAME] [--program NAME] [--kind NAME] [--ranks N] [--memory SIZE] [--root] [--quick]
           [N [SEED]]

N cases (default 8) of the seeds SEED, SEED+1, … (default 1), one after another. A case that fails keeps its folder below
the working directory. The last line is "N passed, N failed"; the exit code is 1 where one failed.
"""

import argparse
import collections
import dataclasses
import os
import pathlib
import statistics
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
GIVEN = ("network", "program", "kind", "ranks", "memory")  # what options say instead of the seed


def set_up(binaries):
    """Before anything of the tests is imported: they look into the environment then."""
    os.environ.setdefault("KILN", str(binaries / "kiln"))
    os.environ.setdefault("KILN_MPIRUN", str(ROOT / "tests/support/mpirun.sh"))
    os.environ.setdefault("KILN_SHIMS", str(binaries))
    # Binaries made with sanitizers; Open MPI keeps memory to the end by design.
    os.environ.setdefault("ASAN_OPTIONS", "detect_leaks=0:abort_on_error=1:detect_stack_use_after_return=0")
    for folder in (HERE, ROOT / "tests/support"):
        sys.path.insert(0, str(folder))


def arguments():
    parser = argparse.ArgumentParser(prog="./dev chaos", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("cases", nargs="?", type=int, default=8)
    parser.add_argument("seed", nargs="?", type=int, default=1)
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/bin", help="where kiln and the programs are")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no case after so many")
    for name in ("network", "program", "kind", "memory"):
        parser.add_argument(f"--{name}", help="instead of what the seed says")
    parser.add_argument("--quick", action="store_true", help="undisturbed runs on 4 ranks only: moments fit less well")
    parser.add_argument("--ranks", type=int, help="instead of what the seed says")
    parser.add_argument("--root", action="store_true", help="the coordinator is among the victims wherever single ranks are")
    return parser.parse_args()


class Chaos:
    def __init__(self, options):
        self.options = options
        self.whole = {}  # undisturbed runs, by program and ranks
        self.cases = []

    def plan(self, seed):
        from chaos_plan import plan_of, with_root
        options = self.options
        given = {name: getattr(options, name) for name in GIVEN if getattr(options, name)}
        plan = dataclasses.replace(plan_of(seed), **given)
        return with_root(plan) if options.root else plan

    def reference(self, plan):
        """The same in peace. Results do not depend on the ranks, but time does."""
        from chaos_case import ChaosCase
        key = (plan.program, 4 if self.options.quick else plan.ranks)
        if key not in self.whole:
            case = ChaosCase()
            calm = dataclasses.replace(plan, ranks=key[1], network="shared", checkpoint="auto", deeds=[], memory="")
            case.prepare(calm, self.options.bin)
            try:
                self.whole[key] = case.undisturbed()
            finally:
                case.done()
            code, wanted = self.whole[key]["code"], int(plan.program == "farm")
            if code != wanted or self.whole[key]["content"] is None:
                sys.exit(f"chaos: {plan.program} ends undisturbed with {code}, not {wanted}:\n{case.err}")
        return self.whole[key]

    def one(self, seed):
        from chaos_case import ChaosCase
        plan = self.plan(seed)
        whole = self.reference(plan)
        case = ChaosCase()
        case.prepare(plan, self.options.bin)
        begun = time.time()
        try:
            case.disturbed(whole)
        finally:
            case.done()
        case.seconds = time.time() - begun
        self.cases.append((plan, case))
        blamed = f", units blamed {case.blamed}" if case.blamed else ""
        print(f"{seed:6} {'FAILED' if case.faults else 'well  '} {case.seconds:5.1f} s  {plan.line()}; done "
              f"{len(case.deeds_done)} times, ranks lost {case.lost}, restarts {case.restarts}{blamed}", flush=True)
        if case.faults:
            self.tell(plan, case)

    def tell(self, plan, case):
        for fault in case.faults[:12]:
            print(f"         {fault}")
        given = "".join(f" --{name} {getattr(self.options, name)}" for name in GIVEN
                        if getattr(self.options, name)) + (" --root" if self.options.root else "")
        print(f"         again: ./dev chaos{given} 1 {plan.seed}    kept: {case.folder}")
        for deed in case.deeds_done:
            print(f"         {deed['time'] - case.began_at:6.2f} s: {deed['what']} ranks {deed['ranks']} {deed['seconds']:.1f} s"
                  f" pids {deed['pids']}")
        for line in case.err.splitlines()[-12:]:
            print(f"         | {line[:300]}")
        sys.stdout.flush()

    def table(self):
        print(f"\n{'':12}{'':10}{'runs':>6}{'failed':>8}{'restarts':>10}{'ranks lost':>12}")
        for title, name in (("program", "program"), ("network", "network"), ("what", "kind"), ("memory", "memory")):
            for value in sorted({getattr(plan, name) for plan, _ in self.cases}):
                some = [case for plan, case in self.cases if getattr(plan, name) == value]
                print(f"{title:12}{value:10}{len(some):6}{sum(bool(case.faults) for case in some):8}"
                      f"{sum(case.restarts for case in some):10}{sum(case.lost for case in some):12}")
        times = collections.defaultdict(list)
        for _, case in self.cases:
            for kind, seconds in case.recoveries:
                times[kind].append(seconds)
        for kind, seconds in sorted(times.items()):
            print(f"from kill to the next batch, {kind}: {len(seconds)} times, median {statistics.median(seconds):.2f} s, "
                  f"worst {max(seconds):.2f} s")

    def note_runs(self):
        """For who reports of this: there may have been no time for all."""
        if file := os.environ.get("KILN_CHAOS_RUNS"):
            pathlib.Path(file).write_text(f"{len(self.cases)} of {self.options.cases} runs")

    def run(self):
        end = time.time() + self.options.seconds
        for seed in range(self.options.seed, self.options.seed + self.options.cases):
            if time.time() > end:
                print(f"no time for the seeds from {seed} on")
                break
            self.one(seed)
        self.table()
        self.note_runs()
        blamed = sum(case.blamed for _, case in self.cases)
        if blamed:
            print(f"{blamed} units ran alone on four ranks that were killed, and were retried")
        failed = sum(bool(case.faults) for _, case in self.cases)
        print(f"{len(self.cases) - failed} passed, {failed} failed")
        return 1 if failed or not self.cases else 0


def main():
    options = arguments()
    options.bin = options.bin.resolve()
    set_up(options.bin)
    sys.exit(Chaos(options).run())


if __name__ == "__main__":
    main()
