#!/usr/bin/python3
"""check_includes.py ROOT: the include directions between kiln's folders. Prints each violation, exit 1 if there is any.

A layer sees itself and the layers before it in LAYERS, and include/kiln. MPI is known to net alone, HDF5 to store
alone. The public headers know nothing of src/, MPI or HDF5.
"""

import pathlib
import re
import sys

LAYERS = ["base", "units", "schedule", "protocol", "net", "exec", "store", "shuffle", "flow", "observe", "job", "args",
          "sim"]
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
MPI = re.compile(r"^(mpi\.h|mpi-ext\.h|boost/mpi(\.hpp|/.*))$")
HDF5 = re.compile(r"^(hdf5(_hl)?\.h|H5[A-Za-z0-9]*\.h|highfive/.*)$")
# Folders (or beginnings of file names) outside of the one layer that may name the library too.
MPI_MAY = ("src/net/", "tests/mpi/", "tests/unit/net/", "apps/bench/reference_")
HDF5_MAY = ("src/store/", "tests/unit/store/", "tests/faults/", "apps/bench/reference_")
SUFFIXES = {".hpp", ".cpp", ".h", ".c", ".in"}


def is_source(path):
    """What the rules hold for: sources, and templates of sources."""
    return path.suffix in SUFFIXES and (path.suffix != ".in" or path.stem.endswith((".hpp", ".cpp", ".h", ".c")))


def judge(file, target):
    """Why `file` (path below the root) may not include `target`; None where it may."""
    if MPI.match(target) and not file.startswith(MPI_MAY):
        return "MPI belongs to src/net"
    if HDF5.match(target) and not file.startswith(HDF5_MAY):
        return "HDF5 belongs to src/store"
    if ".." in target.split("/"):
        return "includes do not climb: name the file from src/ or include/"
    head = target.split("/")[0] if "/" in target else None
    if file.startswith("include/kiln/"):
        if head in LAYERS or head == "src":
            return "a public header does not see src/"
        return None
    if file.startswith("src/"):
        own = file.split("/")[1]
        if own not in LAYERS:
            return f"src/{own} is no layer ({', '.join(LAYERS)})"
        if head in ("apps", "tests", "src"):
            return f"src/ does not see {head}/"
        if head in LAYERS and LAYERS.index(head) > LAYERS.index(own):
            return f"layer {own} does not see layer {head}"
    return None


def violations(root):
    """(file, line, target, why) of each, and the number of files that were read."""
    found, files = [], 0
    for folder in ("include", "src", "apps", "tests"):
        for path in sorted((root / folder).rglob("*")):
            if not path.is_file() or not is_source(path):
                continue
            files += 1
            name = path.relative_to(root).as_posix()
            for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
                match = INCLUDE.match(line)
                why = judge(name, match.group(1)) if match else None
                if why:
                    found.append((name, number, match.group(1), why))
    return found, files


def main():
    found, files = violations(pathlib.Path(sys.argv[1]))
    for name, number, target, why in found:
        print(f"{name}:{number}: includes {target}: {why}")
    print(f"{files} files, {len(found)} violations")
    return 1 if found or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
