#!/usr/bin/python3
"""Looking at runs from another shell, trying failed units again, and running what is done."""

import json
import unittest

from kiln_case import KilnCase


class Look(KilnCase):
    def test_while_it_runs(self):
        self.marking_tasks(12, gate=8)
        run = self.start("run", "-n", "2", "--checkpoint-every", "100ms", "tasks.txt")
        self.wait_for(lambda: len(self.committed()) == 8 and len(self.ran()) == 10, "the rest waits for the gate")

        def standing():
            status = json.loads(self.expect(0, "status", "--json", "tasks.kiln").out)
            totals = status["totals"]
            return status if totals["committed"] == 8 and totals["running"] >= 2 or run.ended() else None

        status = self.wait_for(standing, "the status says what runs")
        self.assertEqual(status["totals"]["units"], 12)
        self.assertEqual(sorted(rank["rank"] for rank in status["status"]["ranks"]), [1, 2])
        text = self.expect(0, "status", "tasks.kiln").out
        self.assertIn("running", text)
        self.assertIn("12: 8 done", " ".join(text.split()))
        listed = [json.loads(line) for line in self.expect(0, "results", "--json", "tasks.kiln").out.splitlines()]
        self.assertEqual([row["unit"] for row in listed if row["status"] == "ok"], list(range(8)))
        self.assertEqual(self.expect(0, "results", "--unit", "3", "--stdout", "tasks.kiln").raw, b"out 3\n")
        self.assertEqual(self.expect(0, "results", "--unit", "3", "--stderr", "tasks.kiln").raw, b"err 3\n")
        self.assertFalse(run.ended(), run.said())
        self.open_gate()
        self.assertEqual(run.wait().code, 0)
        self.assertIn("exit code 0", self.expect(0, "status", "tasks.kiln").out)
        self.assertEqual(self.facts(), self.marking_facts(12, gate=8))

    def test_units_that_are_not_there(self):
        self.write_tasks(["echo hello"])
        self.expect(0, "run", "-n", "1", "tasks.txt")
        for words in (("--unit", "7"), ("--unit", "7", "--stdout")):
            result = self.kiln("results", *words, "tasks.kiln")
            self.assertNotEqual(result.code, 0)
            self.assertIn("7", result.err)
            self.assertEqual(result.out, "")
        self.assertEqual(self.kiln("results", "--unit", "-1", "tasks.kiln").code, 2)
        self.assertEqual(self.kiln("results", "--unit", "x", "tasks.kiln").code, 2)

    def test_looking_writes_nothing(self):
        self.write_tasks(["echo hello", "false"])
        self.expect(1, "run", "-n", "1", "tasks.txt")
        state = lambda: {str(path): (path.stat().st_mtime_ns, path.stat().st_size)
                         for path in sorted(self.run_directory.rglob("*"))}
        before = state()
        for words in (("status",), ("status", "--json"), ("results",), ("results", "--csv"), ("results", "--failed")):
            self.expect(0, *words, "tasks.kiln")
        self.assertEqual(state(), before)

    def test_csv_and_json_agree_with_the_file(self):
        import csv
        import io
        self.write_tasks(["printf 'a,\"b\"\\nc'", "echo ü >&2; exit 4"])
        self.expect(1, "run", "-n", "2", "tasks.txt")
        rows = list(csv.DictReader(io.StringIO(self.expect(0, "results", "--csv", "tasks.kiln").raw.decode(), newline="")))
        objects = [json.loads(line) for line in self.expect(0, "results", "--json", "tasks.kiln").out.splitlines()]
        output = self.table(group="output")
        for key in ("stdout", "stderr"):
            self.assertEqual([row[key] for row in rows], output[key])
            self.assertEqual([one[key] for one in objects], output[key])
        self.assertEqual([row["exit_code"] for row in rows], ["0", "4"])


class Again(KilnCase):
    def test_all_done_earlier(self):
        self.marking_tasks(5)
        self.expect(0, "run", "-n", "2", "tasks.txt")
        again = self.expect(0, "run", "-n", "1", "tasks.txt")
        self.assertIn("all 5 units were done earlier", again.err)
        self.assertEqual(len(self.ran()), 5)
        self.assertEqual(self.facts(), self.marking_facts(5))

    def test_failures_do_not_run_again_unasked(self):
        self.write_tasks([f"echo {i} >> ran; test {i} -ne 2 || cat cause" for i in range(5)])
        self.expect(1, "run", "-n", "2", "tasks.txt")
        again = self.expect(1, "run", "tasks.txt")
        self.assertIn("1 failed", again.err)
        self.assertIn("kiln retry tasks.kiln", again.err)
        self.assertEqual(len(self.ran()), 5)
        # The cause is not gone: it fails once more.
        self.assertIn("failed: unit 2 (tasks.txt:3: ", self.expect(1, "retry", "tasks.kiln").err)
        self.assertEqual(self.ran()[5:], [2])
        # It is; and neither the task file nor the directory's place is needed.
        (self.folder / "cause").write_text("found")
        self.tasks_file.unlink()
        moved = self.folder / "moved.kiln"
        self.run_directory.rename(moved)
        result = self.expect(0, "retry", "-n", "1", "moved.kiln")
        self.assertIn("trying 1 failed", result.err)
        self.assertEqual(self.ran()[6:], [2])
        self.assertEqual([row[3] for row in self.facts(moved)], ["ok"] * 5)
        self.assertEqual([row[6] for row in self.facts(moved)], ["", "", "found", "", ""])
        self.assertEqual(self.table(moved, "dead_letters")["unit"], [])
        # Nothing is left to try.
        self.expect(0, "retry", "moved.kiln")
        self.assertEqual(len(self.ran()), 7)

    def test_fresh_forgets_failures(self):
        self.write_tasks(["echo 1 >> ran; test -e cause"])
        self.expect(1, "run", "-n", "1", "tasks.txt")
        (self.folder / "cause").touch()
        self.expect(0, "run", "-n", "1", "--fresh", "tasks.txt")
        self.assertEqual(len(self.ran()), 2)


if __name__ == "__main__":
    unittest.main()
