#!/usr/bin/python3
"""Every block of docs/analysis.md runs as it stands, in order, and gives what the page says."""

import os
import pathlib
import re
import unittest

from kiln_case import KILN, KilnCase

try:
    import pandas
except ImportError:
    pandas = None


class Analysis(KilnCase):
    @unittest.skipIf(pandas is None, "pandas is not installed")
    def test_the_page(self):
        train = self.folder / "train.sh"
        train.write_text('#!/bin/sh\na=${1#--alpha=} d=${2#--depth=}\necho "epoch 1" >&2; echo "epoch 1$d" >&2\n'
                         'echo "loss 9"; echo "loss $a$d"\n')
        train.chmod(0o755)
        self.environment["PATH"] = f"{pathlib.Path(KILN).parent}:{os.environ['PATH']}"
        self.write_tasks(["echo loss 0.25", "echo loss 0.75"])
        self.expect(0, "run", "-n", "1", "--out", "old.kiln", "tasks.txt")

        text = (pathlib.Path(os.environ["KILN_ROOT"]) / "docs/analysis.md").read_text()
        blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)
        self.assertEqual({language for language, _ in blocks}, {"sh", "python"})
        names, before = {}, os.getcwd()
        os.chdir(self.folder)
        self.addCleanup(os.chdir, before)
        for language, block in blocks:
            if language == "sh":
                result = self.kiln(words=["bash", "-e", "-c", block])
                self.assertEqual(result.code, 0, block + result.err)
            else:
                exec(compile(block, "docs/analysis.md", "exec"), names)  # pylint: disable=exec-used
        self.check(names)

    def check(self, names):
        curves = names["curves"]
        self.assertEqual(list(curves.index), [0.1, 0.5, 1.0])
        self.assertEqual(list(curves.columns), [2.0, 4.0])
        self.assertEqual(curves.loc[0.5, 4.0], 0.54)
        self.assertEqual(list(names["loss"]), [0.12, 0.14, 0.52, 0.54, 1.02, 1.04])
        self.assertEqual(len(names["seconds"]), 6)
        self.assertEqual(list(names["sweep"].epochs), [12, 14] * 3)
        self.assertEqual(names["best"], "./train.sh --alpha=0.1 --depth=2")
        self.assertEqual(len(names["log"]), 6)
        self.assertGreater(names["total"], 0)
        old = pandas.read_csv(self.folder / "old.csv")
        self.assertEqual(list(old.loss), [0.25, 0.75])


if __name__ == "__main__":
    unittest.main()
