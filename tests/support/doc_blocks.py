"""The fenced blocks of a Markdown text, and what the comment above each says of running it:

    <!-- test: run exit=1 -->            run it; the last command's exit code is 1
    <!-- test: run exit=0,75 fresh -->   … each command's exit code; in a new folder
    <!-- test: run interrupt=2 -->       … its second command gets SIGINT once it has done something
    <!-- test: not run: why -->          it is not run
    <!-- test: file pi.cpp -->           it is written to this file, for the commands that follow
    <!-- test: setup                     hidden commands before the next block; hidden lines of C++ before one of C++
    touch data.bin
    -->

A block of sh or bash is one script. A block of console has commands behind "$ " and what they print below them; lines
before the first command go on with the output of the command before. Every shell block needs such a comment, and so does
every block of C++ (doc_programs.py compiles them):

    <!-- test: compile -->               a whole program
    <!-- test: compile at top -->        declarations; later blocks of the document know them
    <!-- test: compile in session -->    the inside of run_main's function: there is a `session` and a `flow`
    <!-- test: compile on -->            the same function goes on
    <!-- test: not compiled: why -->
"""

import re

SHELL = ("", "sh", "bash", "shell", "console")
FENCE = re.compile(r"^```\s*(\S*)\s*$")
COMMENT = re.compile(r"<!--\s*test:\s*(.*?)\s*-->", re.S)
PYTHON = "python"
CPP = ("cpp", "c++", "cxx")
COMPILED = ("compile", "compile at top", "compile in session", "compile on")


class Block:
    def __init__(self, line, language, text, notes):
        self.line, self.language, self.text, self.notes = line, language, text, notes

    @property
    def is_shell(self):
        return self.language in SHELL

    @property
    def is_cpp(self):
        return self.language in CPP

    @property
    def file(self):
        """The name of the file that it is to be written to; None for none."""
        words = (self.order or "").split()
        return words[1] if len(words) == 2 and words[0] == "file" else None

    @property
    def setup(self):
        return "\n".join(note.split("\n", 1)[1] for note in self.notes if note.startswith("setup\n"))

    @property
    def order(self):
        """What is to be done: the words behind "run", "not run: …", or None."""
        orders = [note for note in self.notes if not note.startswith("setup\n")]
        return orders[-1] if orders else None

    def option(self, name, otherwise=None):
        for word in (self.order or "").split()[1:]:
            if word == name or word.startswith(name + "="):
                return word.partition("=")[2]
        return otherwise

    def problem(self):
        """What is wrong with its comment; None where it is well."""
        if self.is_shell and not self.language:
            return "a block without a language: say sh, console or text"
        if self.file:
            return None if re.fullmatch(r"[\w.-]+", self.file) else f"'{self.file}' is no name of a file"
        if self.is_cpp:
            return self.cpp_problem()
        if self.order is None:
            return "a shell block without a comment: <!-- test: run --> or <!-- test: not run: why -->" if self.is_shell else None
        if re.fullmatch(r"not run: \S.*", self.order, re.S):
            return None
        if not self.order.split()[0] == "run":
            return f"what does '{self.order}' mean? run or not run: why"
        unknown = [word for word in self.order.split()[1:] if not re.fullmatch(r"exit=[0-9,]+|fresh|interrupt=\d+", word)]
        return f"what does '{unknown[0]}' mean?" if unknown else None

    def cpp_problem(self):
        if self.order is None:
            return "a block of C++ without a comment: <!-- test: compile --> or <!-- test: not compiled: why -->"
        if self.order in COMPILED or re.fullmatch(r"not compiled: \S.*", self.order, re.S):
            return None
        return f"what does '{self.order}' mean? {', '.join(COMPILED)} or not compiled: why"

    @property
    def runs(self):
        if self.order is None:
            return self.language == PYTHON
        return self.order.split()[0] == "run"

    @property
    def compiles(self):
        return self.is_cpp and (self.order in COMPILED or self.file is not None)

    def steps(self):
        """(command or None, lines that it prints) of a console block."""
        found = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line.startswith("> ") and found and not found[-1][1]:
                found[-1] = (found[-1][0] + "\n" + line[2:], [])
            else:
                if not found:
                    found.append((None, []))
                found[-1][1].append(line)
        return found


def blocks(text):
    found, notes, lines = [], [], text.splitlines()
    at = 0
    while at < len(lines):
        fence = FENCE.match(lines[at])
        if fence:
            end = next((i for i in range(at + 1, len(lines)) if lines[i].startswith("```")), len(lines))
            found.append(Block(at + 1, fence.group(1), "\n".join(lines[at + 1:end]) + "\n", notes))
            notes, at = [], end + 1
        elif lines[at].startswith("<!--"):
            end = next((i for i in range(at, len(lines)) if "-->" in lines[i]), len(lines) - 1)
            notes += COMMENT.findall("\n".join(lines[at:end + 1]))
            at = end + 1
        else:
            if lines[at].strip():
                notes = []
            at += 1
    return found


NUMBER = re.compile(r"\d[\d.,:]*\d|\d")
TIME = re.compile(r"# ?(?:ms|s|min|m|h|d)\b(?: # ?(?:s|m|h)\b)?")
SIZE = re.compile(r"# (?:B|KiB|MiB|GiB|TiB)\b")


def normal(line):
    """The line without what differs from run to run: numbers, times, sizes, widths."""
    line = " ".join(line.split())
    line = NUMBER.sub("#", line)
    return SIZE.sub("SIZE", TIME.sub("TIME", line))


def missing(expected, printed):
    """The first expected line that does not come (in this order) in what was printed; None where all do."""
    rest = iter([normal(line) for line in printed])
    for line in expected:
        if not line.strip() or line.strip() == "…" or "━" in line:
            continue
        if normal(line) not in rest:
            return line
    return None
