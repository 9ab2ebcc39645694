"""kiln installed into a folder of its own, and a program outside the tree that is built against it."""

import os
import pathlib
import subprocess
import unittest

import h5py
from kiln_case import KilnCase

OUTSIDE = pathlib.Path(__file__).resolve().parent / "outside"
BUILD = os.environ["KILN_BUILD"]


class Package(KilnCase):
    def make(self, *words, **more):
        done = subprocess.run([str(word) for word in words], cwd=self.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **more)
        self.assertEqual(done.returncode, 0, done.stdout.decode("utf-8", "replace"))
        return done.stdout.decode()

    def install(self):
        prefix = self.folder / "prefix"
        self.make("cmake", "--install", BUILD, "--prefix", prefix)
        return prefix

    def check_pi(self, program):
        """The program runs on two workers, and again on one gives the same bits."""
        values = []
        for workers in (2, 1):
            out = self.folder / f"{program.parent.name}-{workers}.kiln"
            said = self.make(program, "--out", out, "-n", workers, "--progress", "none")
            self.assertRegex(said, r"pi is about 3\.1[34]")
            with h5py.File(out / "results.h5") as file:
                values.append(file["reduced/value/mean"][0])
        self.assertEqual(values[0], values[1])

    def test_a_project_finds_it_with_cmake_and_with_pkg_config(self):
        prefix = self.install()
        self.make("cmake", "-S", OUTSIDE, "-B", "by-cmake", f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_BUILD_TYPE=Release")
        self.make("cmake", "--build", "by-cmake")
        self.check_pi(self.folder / "by-cmake" / "pi")

        found = dict(os.environ, PKG_CONFIG_PATH=str(prefix / "lib/pkgconfig"))
        flags = self.make("pkg-config", "--cflags", "--libs", "kiln", env=found).split()
        self.assertIn("-ffp-contract=off", flags)
        (self.folder / "by-pkg-config").mkdir()
        program = self.folder / "by-pkg-config" / "pi"
        compiler = os.environ["CXX"]
        library = next(flag[2:] for flag in flags if flag.startswith("-L"))
        self.make(compiler, "-std=c++20", "-O2", OUTSIDE / "pi.cpp", "-o", program, *flags, f"-Wl,-rpath,{library}")
        self.check_pi(program)

        fast = subprocess.run([compiler, "-std=c++20", "-ffast-math", "-fsyntax-only", OUTSIDE / "pi.cpp", *flags],
                              stderr=subprocess.PIPE, check=False)
        self.assertNotEqual(fast.returncode, 0, "fast math changes the bits: it must not compile")
        self.assertIn("fast-math", fast.stderr.decode())


if __name__ == "__main__":
    unittest.main()
