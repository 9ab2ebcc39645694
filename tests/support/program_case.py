"""What tests share that run a program of tests/programs."""

import os
import pathlib

from kiln_case import MPIRUN, KilnCase

PROGRAMS = pathlib.Path(os.environ["KILN"]).parent.parent / "programs"


class ProgramCase(KilnCase):
    """A program of tests/programs; the subclass names it."""

    program = ""

    def setUp(self):
        super().setUp()
        self.run_directory = self.folder / f"{self.program}.kiln"

    def words_of(self, *arguments, ranks=2, program=None):
        return [MPIRUN, "-n", str(ranks), str(PROGRAMS / (program or self.program)), *arguments]

    def run_program(self, *arguments, code=0, words=None, **more):
        result = self.kiln(words=words or self.words_of(*arguments, **more))
        self.assertEqual(result.code, code, result.err)
        return result

    def launched(self, *arguments, **more):
        """Started as users do, without an mpirun of theirs."""
        return self.run_program(words=[str(PROGRAMS / self.program), *arguments, "-n", "1"], **more)

    def write(self, name, text):
        (self.folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    def wait_for_commits(self, running, units, directory=None):
        self.wait_for(lambda: self.status(directory).get("totals", {}).get("committed", 0) >= units or running.ended(),
                      f"{units} units are committed")
        self.assertFalse(running.ended(), running.said())
