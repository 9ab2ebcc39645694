#!/usr/bin/python3
"""The documents do not lie: their commands run, print what they show, and name options that there are."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import unittest

import doc_blocks
import doc_programs
from kiln_case import KILN, KilnCase

ROOT = pathlib.Path(os.environ["KILN_ROOT"])
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SECONDS = 120
COMPILER = os.environ.get("KILN_CXX", "g++")
FLAGS = ("-std=c++20 -fsyntax-only -ffp-contract=off -Wall -Wextra -Wpedantic -Werror -Wno-unused-variable "
         "-Wno-unused-but-set-variable -fmax-errors=5").split()

# Options of other programs that the documents name.
FOREIGN = {
    "sbatch, srun": "--nodes --time --wrap --array --ntasks --exclusive --cpus-per-task --gpus-per-task --mem --mem-per-cpu "
                    "--signal --requeue --no-kill --open-mode --output --job-name --dependency --parsable --kill-on-invalid-dep --no-requeue "
                    "--overlap --mpi --relative --noheader --format --hint --distribution --switches --gpu-bind --gres-flags "
                    "--deadline --exact",
    "mpirun": "--hostfile --bind-to --oversubscribe --enable-recovery --with-ft --mca",
    "GNU Parallel, xargs, disBatch": "--joblog --resume --resume-failed --halt --jobs --delay --load --memfree --pipe "
                                     "--sshlogin --keep-order --line-buffer --tag --eta --bar --nice --shuf --tmpdir --link "
                                     "--xapply --results --files --group --env --workdir --pipepart --rpl --plus --semaphore "
                                     "--sql --tmux --onall",
    "dev, pip, apt": "--quick --root --program --no-install-recommends",
    "containers": "--cpus --pids-limit --ipc --shm-size",
    "kiln's build and tests": "--man --markdown",
    "cmake, pkg-config": "--install --prefix --build --cflags --libs",
    "example programs": "--top --longest --quietly --size --tile --most --picture --data --rows --clusters --iterations --paths "
                        "--signups --checksum --days --events --users --malformed --sensors --years --seed --scenarios",
    "the sweep of analysis.md": "--alpha --depth",
}
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*[a-z]\b")


class Documents(KilnCase):
    def setUp(self):
        super().setUp()
        programs = self.folder / "bin"
        programs.mkdir()
        (programs / "kiln").symlink_to(KILN)
        self.environment["PATH"] = f"{programs}:{os.environ['PATH']}"
        self.environment["HOME"] = str(self.folder)
        self.number, self.installed = 0, None
        self.fresh()

    def fresh(self):
        self.number += 1
        self.place = self.folder / f"place-{self.number}"
        self.place.mkdir()

    def install(self):
        """The library as its users have it: a document builds programs with it."""
        if self.installed is None:
            self.installed = self.folder / "usr"
            done = subprocess.run(["cmake", "--install", os.environ["KILN_BUILD"], "--prefix", self.installed], check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            self.assertEqual(done.returncode, 0, f"is all of it built?\n{done.stdout}")
            self.environment.update(PKG_CONFIG_PATH=str(self.installed / "lib/pkgconfig"), CMAKE_PREFIX_PATH=str(self.installed),
                                    LD_LIBRARY_PATH=str(self.installed / "lib"), CXX=COMPILER)

    def shell(self, text, interrupt=False):
        """The exit code of a command and the lines that it prints."""
        words = ["bash", "-c", ("exec " if interrupt else "") + text]
        process = subprocess.Popen(words, cwd=self.place, env=self.environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            if interrupt:
                self.wait_for(lambda: self.some_done() or process.poll() is not None, "a unit is done")
                process.send_signal(signal.SIGINT)
            text, _ = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
            process.wait()
        return process.returncode, text.decode("utf-8", "replace").splitlines()

    def some_done(self):
        return any(self.status(run).get("totals", {}).get("done", 0) > 0 for run in self.place.glob("*.kiln"))

    def codes(self, block, count):
        given = [int(code) for code in (block.option("exit") or "0").split(",")]
        return [0] * (count - len(given)) + given

    def run_console(self, block, where):
        steps = block.steps()
        codes = self.codes(block, sum(command is not None for command, _ in steps))
        interrupt = int(block.option("interrupt", 0))
        number = 0
        for command, expected in steps:
            if command is not None:
                code, self.printed = self.shell(command, interrupt == number + 1)
                if interrupt != number + 1:
                    self.assertEqual(code, codes[number], f"{where}: {command}\n" + "\n".join(self.printed))
                number += 1
            line = doc_blocks.missing(expected, self.printed)
            self.assertIsNone(line, f"{where}: {command}\nis to print:\n{line}\nbut prints:\n" + "\n".join(self.printed))

    def run_block(self, block, where):
        if block.option("fresh") is not None:
            self.fresh()
        if block.file:
            self.install()
            (self.place / block.file).write_text(block.text)
            return
        if block.setup:
            code, printed = self.shell("set -eu\n" + block.setup)
            self.assertEqual(code, 0, f"{where}: set-up\n" + "\n".join(printed))
        if block.language == "console":
            self.run_console(block, where)
            return
        if block.language == doc_blocks.PYTHON:
            (self.place / "block.py").write_text(block.text)
            text = f"{sys.executable} -W ignore block.py"
        else:
            text = "set -eu\n" + block.text
        code, printed = self.shell(text)
        self.assertEqual(code, self.codes(block, 1)[0], f"{where}:\n{block.text}\n" + "\n".join(printed))

    def check(self, document):
        for block in doc_blocks.blocks(document.read_text()):
            where = f"{document.relative_to(ROOT)}:{block.line}"
            self.assertIsNone(block.problem(), where)
            if block.runs or block.file:
                self.run_block(block, where)


def test_of(document):
    return lambda self: self.check(document)


for one in DOCUMENTS:
    setattr(Documents, "test_" + one.stem.lower().replace("-", "_"), test_of(one))


class CompiledBlocks(unittest.TestCase):
    """The C++ of the documents."""

    @staticmethod
    def compiled(documents):
        """What the compiler says of all their blocks, or nothing, and how many there are."""
        unit = doc_programs.unit_of(documents)
        words = [COMPILER, *FLAGS, "-I", str(ROOT / "include"), "-x", "c++", "-"]
        done = subprocess.run(words, input=unit.text(), check=False, stderr=subprocess.PIPE, text=True, timeout=SECONDS)
        return (done.stderr if done.returncode != 0 else ""), unit.blocks

    def test_all_compile(self):
        said, count = self.compiled([(str(one.relative_to(ROOT)), one.read_text()) for one in DOCUMENTS])
        self.assertEqual(said, "")
        self.assertGreater(count, 20)

    def test_whole_programs_include_what_they_use(self):
        for document in DOCUMENTS:
            for block in doc_blocks.blocks(document.read_text()):
                if block.compiles and (block.file or block.order == "compile"):
                    self.assertEqual(doc_programs.missing_headers(block), [], f"{document.relative_to(ROOT)}:{block.line}")

    def test_a_broken_block_is_found_in_its_place(self):
        text = ("<!-- test: compile at top -->\n```cpp\nstruct A { int x; };\n```\n"
                "<!-- test: compile in session -->\n```cpp\nA a{1};\n```\n"
                "<!-- test: setup\nconst int b = a.x;\n-->\n<!-- test: compile on -->\n```cpp\nint c = b + a.?;\n```\n")
        self.assertEqual(self.compiled([("docs/a.md", text.replace("?", "x"))]), ("", 3))
        said, _ = self.compiled([("docs/a.md", text.replace("?", "y"))])
        self.assertIn("docs/a.md:14:", said)

    def test_a_block_that_goes_on_with_nothing(self):
        with self.assertRaisesRegex(ValueError, "docs/a.md:2"):
            doc_programs.unit_of([("docs/a.md", "<!-- test: compile on -->\n```cpp\nx\n```\n")])


class Options(KilnCase):
    def options(self):
        listed = self.expect(0, "help", "--markdown").out
        return set(OPTION.findall(listed))

    def test_the_list_of_options_is_that_of_the_program(self):
        listed = self.expect(0, "help", "--markdown").out
        self.assertEqual((ROOT / "docs" / "options.md").read_text(), listed,
                         "docs/options.md is old: build/bin/kiln help --markdown > docs/options.md")

    def test_no_document_names_an_option_that_is_not_there(self):
        program = pathlib.Path(KILN).parent.parent / "programs" / "pi"
        own = set(OPTION.findall(self.kiln(words=[str(program), "--help"]).out))
        known = self.options() | own | {"--version"} | {word for words in FOREIGN.values() for word in words.split()}
        for document in [*DOCUMENTS, *sorted((ROOT / "slurm").iterdir())]:
            for number, line in enumerate(document.read_text().splitlines(), 1):
                for option in OPTION.findall(line):
                    self.assertIn(option, known, f"{document.relative_to(ROOT)}:{number}")

    def by_command(self):
        """{command: {option: whether it takes a value}}"""
        found = {}
        for line in self.expect(0, "help", "--markdown").out.splitlines():
            if line.startswith("## kiln "):
                options = found.setdefault(line.split()[2], {})
            elif line.startswith("| `-"):
                names, value = re.match(r"\| `((?:-\S+,? ?)+?)(?: ([^-`][^`]*))?` \|", line).groups()
                options.update({name.strip(): bool(value) for name in names.split(",")})
        found["slurm"].update(found["run"])
        return found

    def test_commands_in_the_text_have_the_options_they_are_shown_with(self):
        known, seen = self.by_command(), 0
        for document in DOCUMENTS:
            for number, line in enumerate(document.read_text().splitlines(), 1):
                for span in re.findall(r"(?:`|^\$ |^)kiln ((?:[a-z]+)(?: [^`|;#]*)?)", line):
                    command, *words = span.split()
                    if command not in known:
                        continue  # prose, not a command: "kiln runs"
                    seen += 1
                    hidden = FOREIGN["kiln's build and tests"].split() if command == "help" else []
                    for option in set(self.options_of(words, known[command], command == "run")) - set(hidden):
                        self.assertIn(option, known[command], f"{document.relative_to(ROOT)}:{number}: kiln {span}")
        self.assertGreater(seen, 60)

    @staticmethod
    def options_of(words, known, ends_at_a_word):
        value = False
        for word in words:
            if word.startswith("--"):
                name = word.partition("=")[0].rstrip(",.:)")
                yield name
                value = known.get(name, False) and "=" not in word
            elif ends_at_a_word and not value and not word.startswith("-"):
                return
            else:
                value = word.startswith("-") and known.get(word, False)

    def test_links_lead_somewhere(self):
        for document in DOCUMENTS:
            text = document.read_text()
            for target, anchor in re.findall(r"\]\(([^)#:\s]*)(#[^)\s]*)?\)", text):
                linked = document.parent / target if target else document
                self.assertTrue(linked.exists(), f"{document.name}: {target}")
                if anchor:
                    heads = [re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-")
                             for head in re.findall(r"^#+ (.*)$", linked.read_text(), re.M)]
                    self.assertIn(anchor[1:], heads, f"{document.name}: {target}{anchor}")


class Blocks(unittest.TestCase):
    """What reads the documents."""

    def test_blocks_and_their_comments(self):
        text = "<!-- test: setup\ntouch a\n-->\n<!-- test: run exit=1 -->\n\n```sh\nfalse\n```\n\ntext\n\n```console\n$ a\n> b\nc\n```\n"
        first, second = doc_blocks.blocks(text)
        self.assertEqual((first.line, first.language, first.text, first.setup), (6, "sh", "false\n", "touch a"))
        self.assertEqual((first.order, first.option("exit"), first.problem()), ("run exit=1", "1", None))
        self.assertIn("without a comment", second.problem())
        self.assertEqual(second.steps(), [("a\nb", ["c"])])

    def test_unmarked_and_misspelt_comments(self):
        for note, part in (("", "without a comment"), ("<!-- test: rnu -->\n", "mean?"), ("<!-- test: run exti=1 -->\n", "mean?"),
                           ("<!-- test: not run: -->\n", "mean?")):
            self.assertIn(part, doc_blocks.blocks(f"{note}```sh\nx\n```\n")[0].problem())
        self.assertIn("language", doc_blocks.blocks("```\nx\n```\n")[0].problem())
        self.assertIsNone(doc_blocks.blocks("<!-- test: not run: why -->\n```sh\nx\n```\n")[0].problem())
        self.assertIsNone(doc_blocks.blocks("```text\nx\n```\n")[0].problem())

    def test_blocks_of_cpp(self):
        for note, part in (("", "without a comment"), ("<!-- test: run -->\n", "mean?"), ("<!-- test: compile in man -->\n", "mean?"),
                           ("<!-- test: not compiled: -->\n", "mean?"), ("<!-- test: file ../a.cpp -->\n", "no name of a file")):
            self.assertIn(part, doc_blocks.blocks(f"{note}```cpp\nx\n```\n")[0].problem())
        for note in ("compile", "compile at top", "compile in session", "compile on", "not compiled: why", "file a.cpp"):
            block = doc_blocks.blocks(f"<!-- test: {note} -->\n```cpp\nstd::printf();\n```\n")[0]
            self.assertIsNone(block.problem())
            self.assertEqual((block.compiles, block.runs), (not note.startswith("not"), False))
        self.assertEqual(doc_programs.missing_headers(block), ["<cstdio>"])

    def test_numbers_times_and_sizes_may_differ(self):
        self.assertEqual(doc_blocks.normal("a  1,234 in 0.6 s (33/s)"), doc_blocks.normal("a 7 in 4m 05s (2.5/s)"))
        self.assertEqual(doc_blocks.normal("12 B"), doc_blocks.normal("64.0 KiB"))
        self.assertNotEqual(doc_blocks.normal("12 done"), doc_blocks.normal("12 failed"))

    def test_lines_are_looked_for_in_order(self):
        self.assertIsNone(doc_blocks.missing(["a", "…", "c"], ["a", "b", "c"]))
        self.assertEqual(doc_blocks.missing(["c", "a"], ["a", "b", "c"]), "a")
        self.assertEqual(doc_blocks.missing(["d"], []), "d")


if __name__ == "__main__":
    unittest.main()
