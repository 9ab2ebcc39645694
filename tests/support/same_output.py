#!/usr/bin/python3
"""same_output.py ONE OTHER [FLAG…]: both programs must print the same. 77 where this processor lacks a flag."""

import pathlib
import subprocess
import sys


def missing_flags(flags):
    lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    present = next((line.split() for line in lines if line.startswith("flags")), [])
    return [flag for flag in flags if flag not in present]


def main():
    one, other, *flags = sys.argv[1:]
    missing = missing_flags(flags)
    if missing:
        print(f"skipped: this processor has no {' '.join(missing)}, which {pathlib.Path(other).name} is built for")
        return 77
    outputs = [subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()
               for program in (one, other)]
    different = [f"{a}  |  {b}" for a, b in zip(*outputs) if a != b]
    for line in different[:20]:
        print(line)
    print(f"{len(outputs[0])} and {len(outputs[1])} lines, {len(different)} differ")
    return 1 if different or len(outputs[0]) != len(outputs[1]) or not outputs[0] else 0


if __name__ == "__main__":
    sys.exit(main())
