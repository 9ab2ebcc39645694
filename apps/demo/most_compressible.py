#!/usr/bin/python3
"""most_compressible.py RUN_DIRECTORY: what the demo's run says, read from results.h5 with h5py alone."""

import os
import sys

import h5py
import numpy as np


def main():
    with h5py.File(os.path.join(sys.argv[1], "results.h5"), "r") as results:
        units = results["units"]
        commands = units["command"].asstr()[:]
        seconds, start, ranks = units["seconds"][:], units["start"][:], units["rank"][:]
        failed = int(np.count_nonzero(units["exit_code"][:]))
        compressed = np.array([int(text) for text in results["output/stdout"].asstr()[:]])

    # xz -9 -c FILE | wc -c
    files = [command.split()[3] for command in commands]
    original = np.array([os.path.getsize(file) for file in files])
    ratio = compressed / original
    span = (start + seconds).max() - start.min()

    print(f"""
units        {len(files)}, {failed} failed, on {len(np.unique(ranks))} workers
time         {span:.1f} s from first start to last end; {seconds.sum():.1f} s of commands ({seconds.sum() / span:.2f} at a time)
bytes        {original.sum():,} in, {compressed.sum():,} out ({compressed.sum() / original.sum():.3f})

The ten most compressible headers:
   ratio  original  compressed  file""")
    for i in np.argsort(ratio, kind="stable")[:10]:
        print(f"  {ratio[i]:6.4f} {original[i]:9,} {compressed[i]:11,}  {files[i]}")


if __name__ == "__main__":
    main()
