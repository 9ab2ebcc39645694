#!/usr/bin/python3
"""--output-files: each unit's outputs as files, complete or absent, and what happens where they cannot be written."""

import pathlib
import subprocess
import unittest

from kiln_case import KilnCase, own_mounts, SHIMS


class OutputFiles(KilnCase):
    def files(self, folder="logs"):
        """{name: bytes} of all files below the folder."""
        base = self.folder / folder
        return {str(path.relative_to(base)): path.read_bytes() for path in sorted(base.rglob("*")) if path.is_file()}

    def reasons(self):
        table = self.table(group="dead_letters")
        return dict(zip(table["unit"], table["reason"]))

    def test_all_of_it_byte_by_byte(self):
        self.write_tasks(["head -c 300000 /dev/zero; printf '\\377\\0\\n' >&2", "echo one", "echo three >&2; exit 3",
                          b"printf '%s' 'n\xff'"])
        self.expect(1, "run", "-n", "2", "--output-files", "logs/{unit:03}.{stream}", "tasks.txt")
        self.assertEqual(self.files(), {"000.out": bytes(300000), "000.err": b"\xff\0\n", "001.out": b"one\n",
                                        "001.err": b"", "002.out": b"", "002.err": b"three\n", "003.out": b"n\xff",
                                        "003.err": b""})
        output = self.table(group="output")
        self.assertEqual(output["stdout_cut"], [1, 0, 0, 0])
        self.assertEqual(output["stdout"][1], "one\n")
        self.assertEqual(self.reasons(), {2: "exit code 3"})

    def test_relative_to_the_caller_by_hand_and_without_keeping(self):
        self.write_tasks([f"cd / && echo {i}" for i in range(5)])
        self.expect(0, words=self.mpirun(3, "run", "--keep-output", "none", "--output-files", "{stream}/{unit}",
                                         "--out", "elsewhere.kiln", "tasks.txt"))
        self.assertEqual(self.files("out"), {str(i): f"{i}\n".encode() for i in range(5)})
        self.assertEqual(self.files("err"), {str(i): b"" for i in range(5)})
        self.assertEqual(self.table(self.folder / "elsewhere.kiln", "output")["stdout"], [""] * 5)

    def test_tries(self):
        self.write_tasks(["echo $KILN_ATTEMPT; test $KILN_ATTEMPT = 3"])
        self.expect(0, "run", "--retries", "2", "--backoff", "1ms", "--output-files", "logs/{unit}", "tasks.txt")
        self.assertEqual(self.files(), {"0.out": b"3\n", "0.err": b""})
        self.expect(0, "run", "--fresh", "--retries", "2", "--backoff", "1ms", "--output-files",
                    "logs/{unit}-{attempt}.{stream}", "tasks.txt")
        self.assertEqual({name: text for name, text in self.files().items() if "-" in name and text},
                         {"0-1.out": b"1\n", "0-2.out": b"2\n", "0-3.out": b"3\n"})

    def test_retry_takes_it_too(self):
        self.write_tasks(["cat cause"])
        self.expect(1, "run", "tasks.txt")
        (self.folder / "cause").write_text("found")
        self.expect(0, "retry", "--output-files", "again/{unit}", "tasks.kiln")
        self.assertEqual(self.files("again"), {"0.out": b"found", "0.err": b""})

    def test_a_folder_that_cannot_be_made(self):
        (self.folder / "logs").write_text("a file")
        self.write_tasks(["echo 0 >> ran"])
        result = self.expect(1, "run", "--output-files", "logs/{unit}", "tasks.txt")
        self.assertIn("cannot write its output to logs/0.out: Not a directory; it was not started", result.err)
        self.assertEqual(self.ran(), [])
        (self.folder / "logs").unlink()
        self.expect(0, "retry", "--output-files", "logs/{unit}", "tasks.kiln")
        self.assertEqual(self.ran(), [0])

    def test_patterns_that_are_none(self):
        self.write_tasks(["echo 0 >> ran"])
        for pattern, what in (("logs/all", "needs {unit}"), ("{unit}{attempt}", "two units could write the same file"),
                              ("{unti}", "character 1"), ("{unit}/", "folder"), ("", "empty")):
            result = self.expect(2, "run", "--output-files", pattern, "tasks.txt")
            self.assertIn(what, result.err)
            self.assertIn("--output-files", result.err)
        self.assertEqual(self.ran(), [])
        self.assertFalse(self.run_directory.exists())

    def expect_full(self, result):
        self.assertIn("No space left on device", result.err)
        reasons = self.reasons()
        self.assertEqual(list(reasons), [1])
        self.assertEqual(reasons[1], "cannot write its output to disk/1.out: No space left on device (exit code 0)")
        self.assertEqual(self.table()["status"], ["ok", "failed", "ok"])
        self.assertEqual(self.ran(), [1], "the command came to its end")
        self.assertEqual({name for name in self.files("disk") if name[0] in "012"},
                         {"0.out", "0.err", "1.err", "2.out", "2.err"}, "complete or absent")

    def test_a_disk_that_is_full(self):
        (self.folder / "disk").mkdir()
        if not own_mounts():
            self.skipTest("mounting is not permitted here")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1M", "none", self.folder / "disk"], check=True)
        self.addCleanup(subprocess.run, ["umount", self.folder / "disk"], check=False)
        self.write_tasks(["echo small", "head -c 3000000 /dev/zero && echo 1 >> ran", "echo small"])
        self.expect_full(self.expect(1, "run", "-n", "1", "--output-files", "disk/{unit}", "tasks.txt"))

    def test_a_disk_that_refuses(self):
        if not pathlib.Path(SHIMS, "full_disk.so").exists():
            self.skipTest("the shim that makes a full disk was not built")
        (self.folder / "disk").mkdir()
        self.write_tasks(["echo small", "touch full; echo 1 && echo 1 >> ran", "rm full; echo small"])
        self.expect_full(self.expect(1, "run", "-n", "1", "--batch", "1", "--output-files", "disk/{unit}", "tasks.txt",
                                     LD_PRELOAD=str(SHIMS / "full_disk.so"), FULL_DISK_WHEN=str(self.folder / "full"),
                                     FULL_DISK_BELOW=str(self.folder.resolve() / "disk")))


if __name__ == "__main__":
    unittest.main()
