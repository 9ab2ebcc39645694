#!/usr/bin/python3
"""The same words, the same commands: `kiln run --dry-run WORDS` beside the installed GNU Parallel, case by case.

SAME must agree to the byte; DIFFERENT lists what kiln does otherwise, and why.
"""

import concurrent.futures
import contextlib
import os
import random
import shlex
import shutil
import subprocess
import unittest

from kiln_case import KILN, KilnCase

PARALLEL = shutil.which("parallel")


def parallel_year():
    if PARALLEL is None:
        return 0
    said = subprocess.run([PARALLEL, "--version"], check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout
    return int(said.split()[2][:4])


PARALLEL_VERSION = parallel_year()

FILES = {
    "two": b"a\nb\n", "unended": b"1\n2", "blank": b"a\n\nb c\n", "empty": b"", "three": b"x\ny z\n'q'\n",
    "paths": b"d/e.tar.gz\n/abs/f.c\n../g\n", "nuls": b"a\nb\0 c \0\0'd\\\xff\0", "bytes": b"\xff\xfe\n\xc3\xbc\n\x80{}\n",
    "csv": b"a,b\nc, d \n", "ragged": b"a,b,c\nd\n\n,\n", "tabs": b"p\tq r\ns\t\n", "headed": b"n,v.x\n1,2\n3,4.5/6.7\n",
    "every": b"\0".join(bytes([byte]) for byte in range(1, 256)) + b"\0",
}

VALUES = [b"a b", b"it's", b"''", b"'", b"x{}", b"{1}", b"{#}", b"-n", b"--", "ü".encode(), b"\xff\xfe", b"a\\b", b'"', b"$x",
          b"~", b"a=b", b"*", b"a;b|c&d", b"#", b"!", b"`ls`", b"$(ls)", b"\t", b" lead", b"trail ", b"{", b"}", b"",
          b"a/b.c", b"%s\\n", b"(", b"<>", b"@", b"?", b"[a]", b"^", b"+-._/", b"\r", b"\x01\x7f"]
PATHS = [b"a/b.c", b"/x.tar.gz", b"x", b"a/", b"/", b".", b"..", b"a.b/c", b"./x", b".hidden", b"a/.hid", b"b.", b"a//", b"//",
         b"///a", b"a//b", b"a/b//", b"/a/", b"a/b.c.d", b"...", b"a. b/c d.e f", b"", b"it's.a/b'c.d"]

# Words as they are typed behind `kiln run --dry-run` and `parallel -k --dry-run`.
SAME = {
    "appended": [b"echo", b":::", *VALUES],
    "in the middle": [b"echo <{}> x{}y", b":::", *VALUES],
    "two places": [b"cp", b"{}", b"{}.bak", b":::", b"a b", b"c"],
    "inside double quotes": [b'echo "{}"', b":::", b"a b", b"c"],
    "inside single quotes": [b"echo '{}'", b":::", b"a b", b"c"],
    "the value is the command": [b"{}", b":::", b"ls", b"a b", b"it's"],
    "the value begins the command": [b"{1} -l {2}", b":::", b"a b", b":::", b"c d", b"*"],
    "a value in the first word": [b"bin/x{1}; {2}", b":::", b"a b", b":::", b"c d"],
    "a number in the first word": [b"x{#} {}", b":::", b"a b"],
    "a value in an assignment": [b"X={1} env {2}", b":::", b"a b", b":::", b"c d"],
    "a value behind a blank": [b" {}", b":::", b"a b"],
    "a value behind an empty word": [b"", b"{}", b":::", b"a b"],
    "a value behind a tab": [b"x\t{}", b":::", b"a b"],
    "a value behind a newline": [b"x\n{}", b":::", b"a b"],
    "a named value is the command": [b"--header", b":", b"{n} y", b":::", b"n", b"a b"],
    "a column is the command": [b"--colsep", b",", b"{2} {1}", b":::", b"a,b c"],
    "every byte": [b"-0", b"echo", b"::::", b"every"],
    "paths": [b"echo {} {.} {/} {//} {/.}", b":::", *PATHS],
    "paths by position": [b"echo {1} {1.} {1/} {1//} {1/.}", b":::", *PATHS],
    "paths with newlines": [b"-0", b"echo {.} {/} {//} {/.}", b"::::", b"nuls"],
    "number": [b"echo {#}", b":::", b"a", b"b", b"c"],
    "number and value": [b"echo {#} {}", b":::", b"a", b"b"],
    "number of a product": [b"echo {#} {2}", b":::", b"a", b"b", b":::", b"c", b"d"],
    "values are not replaced again": [b"echo {1} {2} {}", b":::", b"{2}", b"{#}", b":::", b"{1}", b"{}"],
    "product": [b"echo {1} {2}", b":::", b"a", b"b", b":::", b"c", b"d"],
    "product appended": [b"echo", b":::", b"a", b"b", b":::", b"c", b"d"],
    "product of three": [b"echo {3}{1}{2}", b":::", b"a", b"b", b":::", b"c", b"d", b":::", b"e", b"f", b"g"],
    "all values, each part": [b"echo {} {.} {/} {//} {/.}", b":::", b"a.b/c.d", b":::", b"e f.g/h.i"],
    "negative positions": [b"echo {-1} {-2} {-1.} {-2/} {-1//} {-2/.}", b":::", b"a/b.c", b":::", b"d/e.f", b"g"],
    "zeros in front": [b"echo {01} {002}", b":::", b"a", b":::", b"b"],
    "an unused source": [b"echo {1}", b":::", b"a", b"b", b":::", b"c", b"d"],
    "equal values": [b"echo", b":::", b"a", b"a", b"a"],
    "linked": [b"echo {1}={2}", b":::", b"a", b"b", b":::+", b"1", b"2"],
    "linked by three": [b"echo", b":::", b"a", b"b", b":::+", b"1", b"2", b":::+", b"x y", b"z"],
    "link then product": [b"echo", b":::", b"a", b"b", b":::+", b"1", b"2", b":::", b"x", b"y"],
    "product then link": [b"echo", b":::", b"a", b"b", b":::", b"1", b"2", b":::+", b"x", b"y"],
    "link in the middle": [b"echo", b":::", b"a", b"b", b":::", b"1", b"2", b":::+", b"x", b"y", b":::", b"m", b"n"],
    "a link that links to nothing": [b"echo", b":::+", b"a", b"b"],
    "file": [b"echo", b"::::", b"two"],
    "file without a last newline": [b"echo", b"::::", b"unended"],
    "file with blank lines": [b"echo", b"::::", b"blank"],
    "file of bytes": [b"echo", b"::::", b"bytes"],
    "file of paths": [b"echo {/.} {//}", b"::::", b"paths"],
    "empty file": [b"echo", b"::::", b"empty"],
    "two files": [b"echo", b"::::", b"two", b"unended"],
    "file and values": [b"echo {2} {1}", b"::::", b"three", b":::", b"v", b"w"],
    "values and file": [b"echo {2} {1}", b":::", b"v", b"w", b"::::", b"three"],
    "linked files": [b"echo", b"::::", b"two", b"::::+", b"unended"],
    "linked file and values": [b"echo", b"::::", b"two", b":::+", b"1", b"2"],
    "linked values and file": [b"echo", b":::", b"1", b"2", b"::::+", b"two"],
    "several linked files": [b"echo", b"::::", b"two", b"::::+", b"unended", b"two"],
    "two files, one linked": [b"echo", b"::::", b"two", b"unended", b"::::+", b"two"],
    "-a": [b"-a", b"two", b"echo"],
    "-a twice": [b"-a", b"two", b"-a", b"unended", b"echo", b"{2}", b"{1}"],
    "--arg-file": [b"--arg-file", b"three", b"echo", b"{}"],
    "--arg-file=": [b"--arg-file=three", b"echo"],
    "-a and values": [b"-a", b"two", b"echo", b":::", b"x", b"y"],
    "-a and files": [b"-a", b"two", b"echo", b"::::", b"unended"],
    "-0": [b"-0", b"echo", b"::::", b"nuls"],
    "--null -a": [b"--null", b"-a", b"nuls", b"echo {} {}"],
    "colsep": [b"--colsep", b",", b"echo {1}:{2}", b"::::", b"csv"],
    "-C": [b"-C", b",", b"echo {2}", b"::::", b"csv"],
    "colsep of values": [b"--colsep", b",", b"echo {1}:{2}", b":::", b"a,b", b" c , d ", b",x"],
    "colsep appended": [b"--colsep", b",", b"echo", b"::::", b"ragged"],
    "colsep, some rows short": [b"--colsep", b",", b"echo {2} {} {1}.{3}", b"::::", b"ragged"],
    "colsep, from the end": [b"--colsep", b",", b"echo {-1} {1}", b"::::", b"ragged"],
    "colsep, all columns in parts": [b"--colsep", b",", b"echo {.} {/}", b":::", b"a.b,c/d.e"],
    "colsep, trailing": [b"--colsep", b",", b"echo {1}:{2}:{3}:", b":::", b"a,b,", b",,", b",a,"],
    "colsep tab": [b"--colsep", rb"\t", b"echo {1}-{2}", b"::::", b"tabs"],
    "colsep class": [b"--colsep", b"[,;]", b"echo {1}-{2}", b":::", b"a,b", b"c;d"],
    "colsep blanks": [b"--colsep", b" +", b"echo {1}-{2}-{3}", b":::", b"a   b", b"  a  b  "],
    "colsep white space": [b"--colsep", rb"\s+", b"echo {2}", b":::", b"a \t b"],
    "colsep one blank": [b"--colsep", b" ", b"echo {1}:{2}:{3}", b":::", b"a  b"],
    "colsep literal bar": [b"--colsep", rb"\|", b"echo {1}:{3}", b":::", b"a|b|c"],
    "colsep alternatives": [b"--colsep", b"--|::", b"echo {1}:{2}:{3}", b":::", b"a--b::c"],
    "colsep of bytes": [b"--colsep", b"\xff", b"echo {1}:{2}", b":::", b"a\xffb'\xfe"],
    "colsep utf-8": [b"--colsep", "ü".encode(), b"echo {1}:{2}", b":::", "aüb ö".encode()],
    "colsep lead dash": [b"--colsep", b"-", b"echo {1} {2}", b":::", b"a-b", b"-c"],
    "colsep that never occurs": [b"--colsep", b";", b"echo", b":::", b"a,b", b" c "],
    "colsep twice": [b"--colsep", b",", b"echo {1} {2} {3}", b"::::", b"csv", b":::", b"x", b"y"],
    "colsep by colsep": [b"--colsep", b",", b"echo {2}:{-1}:{4}", b"::::", b"csv", b"csv"],
    "colsep linked": [b"--colsep", b",", b"echo {1} {2} {3}", b"::::", b"csv", b"::::+", b"two"],
    "colsep -0": [b"-0", b"--colsep", b" ", b"echo {1}", b"::::", b"nuls"],
    "header": [b"--header", b":", b"echo {x} {y}", b":::", b"x", b"1", b"2", b":::", b"y", b"3", b"4"],
    "header and positions": [b"--header", b":", b"echo {2} {x}", b":::", b"x", b"1", b":::", b"y", b"3"],
    "header appended": [b"--header", b":", b"echo", b":::", b"x", b"1", b"2"],
    "header, unknown name": [b"--header", b":", b"echo {x} {z}", b":::", b"x", b"1"],
    "header, parts": [b"--header", b":", b"echo {x.} {x/} {x//} {x/.}", b":::", b"x", b"a/b.c", b"d e/f"],
    "header, names with blanks and dots": [b"--header", b":", b"echo {a b} {a.b} {a.b.}", b":::", b"a b", b"1", b":::", b"a.b",
                                           b"3.x"],
    "header linked": [b"--header", b":", b"echo {a}:{b}", b":::", b"a", b"1", b"2", b":::+", b"b", b"x", b"y"],
    "header, values like names": [b"--header", b":", b"echo {a} {b}", b":::", b"a", b"{b}", b":::", b"b", b"{a}"],
    "header with number": [b"--header", b":", b"echo {a}{#}", b":::", b"a", b"1", b"2"],
    "header of columns": [b"--colsep", b",", b"--header", b":", b"echo {v.x} {n}", b"::::", b"headed"],
    "header of columns, parts": [b"--colsep", b",", b"--header", b":", b"echo {v.x.} {v.x/} {1}", b"::::", b"headed"],
    "header of columns by header": [b"--colsep", b",", b"--header", b":", b"echo {a} {b} {c}", b":::", b"a,b", b"1,2", b":::",
                                    b"c", b"3", b"4"],
    "header in file": [b"--header", b":", b"-a", b"three", b"echo {x}"],
    "unknown braces": [b"echo {unknown} {} {2+3} { } {..} {...} {} {,} {a,b} {1..3} {##} {#.} {+1} {/..} {1= x =}", b":::",
                       b"a"],
    "unknown braces, appended": [b"echo {unknown} ${x} {-} {.a}", b":::", b"a"],
    "open braces": [b"echo {} { {1", b":::", b"a"],
    "braces in braces": [b"echo {{}} {{1}} {1}} {.}}", b":::", b"a b"],
    "backslashes": [rb"echo \{\} \\{} \n", b":::", b"a\\"],
    "an escaped {} is none": [rb"echo \{\}", b":::", b"a"],
    "shell of its own": [b"sh -c 'echo $0' {} | tr a-z A-Z > {/}.out && exit $?", b":::", b"a b", b"c/d"],
    "awk": [b"awk '{print $1}' {}", b":::", b"f g"],
    "words are joined by blanks": [b"a  b", b"", b"c'd", b"*", b"{}", b":::", b"x"],
    "command of bytes": [b"echo \xff{}\xfe", b":::", b"\xfd", "ö".encode()],
    "command of several lines": [b"echo a\necho {}\n", b":::", b"x y"],
    "command behind --": [b"--", b"-x", b"{}", b":::", b"a"],
    "-- in the command": [b"grep", b"--", b"{}", b"-v", b":::", b"a"],
    "options of the command": [b"gzip", b"-9", b"--keep", b":::", b"a.log", b"b c.log"],
    "separators inside words": [b"echo a:::b ::::", b":::", b"c", b"::::x", b":::x"],
    "-j": [b"-j", b"2", b"echo", b":::", b"a", b"b"],
    "-j2": [b"-j2", b"echo", b":::", b"a"],
    "--jobs": [b"--jobs", b"2", b"echo", b":::", b"a"],
    "many values": [b"echo {#}:{}", b":::", *(str(i).encode() for i in range(300))],
}
STDIN = {  # with what comes in on standard input
    "standard input": ([b"echo", b"::::", b"-"], b"a\nb c\n\nd"),
    "-a -": ([b"-a", b"-", b"echo", b"{}", b"{}"], b"a\nb\n"),
    "standard input -0": ([b"-0", b"echo", b"::::", b"-"], b"a\nb\0c\0"),
    "standard input and values": ([b"echo", b":::", b"x", b"y", b"::::", b"-"], b"a\nb\n"),
    "standard input linked": ([b"echo {2}{1}", b":::", b"x", b"y", b"::::+", b"-"], b"a\nb\n"),
    "standard input of columns": ([b"--colsep", b",", b"--header", b":", b"echo {b}", b"::::", b"-"], b"a,b\n1,2\n"),
}


class Different:
    """Words that kiln takes otherwise: GNU Parallel prints `gnu`; kiln prints `out`, or is `code` and says `said`."""

    def __init__(self, why, words, gnu, out=b"", code=0, said=""):
        self.why, self.words, self.gnu, self.out, self.code, self.said = why, words, gnu, out, code, said


DIFFERENT = [
    Different("a newline belongs to its value; GNU Parallel makes two values of it", [b"echo", b":::", b"a\nb"],
              b"echo a\necho b\n", b"echo 'a\nb'\n"),
    Different("linked sources must match: what GNU Parallel drops would be lost unsaid",
              [b"echo", b":::", b"a", b"b", b":::+", b"1"], b"echo a 1\n", code=3, said="differ in length"),
    Different("a position beyond all sources is a mistake", [b"echo {3}", b":::", b"a", b":::", b"b"], b"echo \n", code=2,
              said="{3}"),
    Different("so is one before the first", [b"echo {-3}", b":::", b"a", b":::", b"b"], b"echo b\n", code=2, said="{-3}"),
    Different("positions count from 1", [b"echo {0}", b":::", b"a", b":::", b"b"], b"echo a b\n", code=2, said="{0}"),
    Different(":::, but no values", [b"echo", b":::"], b"", code=2, said="nothing stands behind ':::'"),
    Different("the same for one source of two", [b"echo", b":::", b"a", b":::"], b"echo a ''\n", code=2,
              said="nothing stands behind ':::'"),
    Different("an empty file in a product: no combinations", [b"echo", b":::", b"a", b"::::", b"empty"], b"echo a ''\n"),
    Different("values that are whole commands belong into a task file", [b":::", b"echo a"], b"echo a\n", code=2,
              said="the command is missing"),
    Different("job slots have no numbers", [b"echo {%}", b":::", b"a"], b"echo 1\n", code=2, said="{%}"),
    Different("no Perl expressions", [b"echo {= $_ = 1 =}", b":::", b"a"], b"echo 1\n", code=2, said="Perl"),
    Different("no Perl expressions by position", [b"echo {=1 $_ = 2 =}", b":::", b"a"], b"echo 2\n", code=2, said="Perl"),
    Different("a header without values", [b"--header", b":", b"echo {x}", b":::", b"x"], b"", code=3, said="header"),
    Different("names of columns are trimmed as the columns are",
              [b"--colsep", b",", b"--header", b":", b"echo {a} {b}", b":::", b"a , b", b"1,2"], b"echo {a} {b} 1 2\n",
              b"echo 1 2\n"),
    Different("a name that is a number is a name",
              [b"--header", b":", b"echo {1} {2}", b":::", b"2", b"x", b":::", b"1", b"y"], b"echo y y\n", b"echo y x\n"),
    Different("a name that two columns have is none",
              [b"--colsep", b",", b"--header", b":", b"echo {a}", b":::", b"a,a", b"1,2"], b"echo 1\n", code=2,
              said="more than once"),
    Different("groups in --colsep only group", [b"--colsep", b"(,)", b"echo {1} {2}", b":::", b"a,b"], b"echo a ','\n",
              b"echo a b\n"),
    Different("a separator that matches nothing", [b"--colsep", b"|", b"echo {1} {2}", b":::", b"a|b"], b"echo a '|'\n", code=2,
              said="--colsep"),
    Different("a file whose lines all end in CR LF", [b"echo", b"::::", b"windows"], b"echo 'a\r'\necho 'b\r'\n",
              b"echo a\necho b\n"),
    Different("a blank in the braces means nothing", [b"echo {1 }", b":::", b"a"], b"echo a\n", b"echo {1 } a\n"),
    Different("::::+ links to the source before it, also behind -a",
              [b"-a", b"two", b"echo", b":::", b"x", b"y", b"::::+", b"unended"],
              b"echo a x 1\necho a x 2\necho b y 1\necho b y 2\n",
              b"echo a x 1\necho a y 2\necho b x 1\necho b y 2\n"),
    Different("standard input read twice", [b"echo", b"::::", b"-", b"-"], b"", code=2, said="once"),
]


def generated(count):
    """Words put together at random, from a seed; only such as the lists above say are the same."""
    pick = random.Random(20221122)
    pieces = [b"a", b"B9", b"x y", b"'", b'"', b"$", b"\\", b".", b"/", b"{}", b"{1}", "é".encode(), b"\xf0", b"-", b"\t", b"*",
              b"~", b"=", b"!", b"{", b"}", b"%", b"#", b"&", b";", b"(", b"`"]
    value = lambda: b"".join(pick.choices(pieces, k=pick.randint(0, 5)))
    parts = [b"", b".", b"/", b"//", b"/."]
    for number in range(count):
        sources, words = pick.randint(1, 3), []
        lengths = [pick.randint(1, 4)]
        for source in range(sources):
            linked = source > 0 and pick.random() < 0.4
            lengths.append(lengths[-1] if linked else pick.randint(1, 4))
            words += [b":::+" if linked else b":::", *(value() for _ in range(lengths[-1]))]
        command = [b"cmd"]
        for _ in range(pick.randint(0, 4)):
            position = pick.choice([b"", b"%d" % pick.randint(1, sources), b"-%d" % pick.randint(1, sources)])
            command.append(pick.choice([b"", b"x", b'"', b"$"]) + b"{" + position + pick.choice(parts) + b"}" +
                           pick.choice([b"", b".o", b"{"]))
        yield f"generated {number}", [pick.choice([b" ", b"  "]).join(command), *words]


@unittest.skipIf(PARALLEL is None, "GNU Parallel is not installed (Debian: parallel)")
class TheSameWords(KilnCase):
    def setUp(self):
        super().setUp()
        for name, content in FILES.items():
            (self.folder / name).write_bytes(content)
        (self.folder / "windows").write_bytes(b"a\r\nb\r\n")
        # Its quoting follows the user's shell; its settings are the user's, too.
        self.environment.update(SHELL="/bin/bash", HOME=str(self.temporary), PARALLEL_HOME=str(self.temporary))
        self.environment.pop("PARALLEL", None)

    def run_both(self, cases):
        """[(name, words, standard input)] -> [(name, what parallel did, what kiln did)]"""
        def run(program, words, text):
            return subprocess.run([*program, *words], input=text, cwd=self.folder, env=self.environment, capture_output=True,
                                  timeout=60, check=False)

        def both(case):
            name, words, text = case
            return (name, run([PARALLEL.encode(), b"-k", b"-j1", b"--dry-run"], words, text),
                    run([KILN.encode(), b"run", b"--dry-run"], words, text))

        with concurrent.futures.ThreadPoolExecutor(2) as pool:  # starting Perl takes most of the time
            return list(pool.map(both, cases))

    @staticmethod
    def as_a_shell_reads(commands):
        """GNU Parallel since 2023 quotes quotes in another way, to the same effect."""
        if PARALLEL_VERSION < 2023:
            return commands
        text = commands.decode("latin-1")
        for parts in text.splitlines(), [text]:  # commands may go over several lines
            with contextlib.suppress(ValueError):
                return [shlex.split(part) for part in parts]
        return text  # no shell would read it either

    def test_same_commands(self):
        cases = [(name, words, b"") for name, words in SAME.items()]
        cases += [(name, words, text) for name, (words, text) in STDIN.items()]
        cases += [(name, words, b"") for name, words in generated(30)]
        self.assertGreaterEqual(len(cases), 80)
        for name, gnu, kiln in self.run_both(cases):
            with self.subTest(name):
                self.assertEqual(self.as_a_shell_reads(kiln.stdout), self.as_a_shell_reads(gnu.stdout),
                                 (kiln.stderr, gnu.stderr))
                self.assertEqual((kiln.returncode, gnu.returncode), (0, 0), (kiln.stderr, gnu.stderr))
        print(f"{len(cases)} cases agree with {PARALLEL}")

    @unittest.skipIf(PARALLEL_VERSION >= 2023, "says what GNU Parallel 2022 does")
    def test_deliberate_differences(self):
        for case, (_, gnu, kiln) in zip(DIFFERENT, self.run_both([(one.why, one.words, b"") for one in DIFFERENT])):
            with self.subTest(case.why):
                self.assertEqual(gnu.stdout, case.gnu)
                self.assertEqual((kiln.returncode, kiln.stdout), (case.code, case.out), kiln.stderr)
                self.assertIn(case.said, kiln.stderr.decode())

    def test_the_same_effect(self):
        """What a program really gets, byte by byte: in kiln's results, and through parallel."""
        template = b"printf '%s\\0' {} {.} {/} {//} {/.} {#}"
        values = [value for value in VALUES + PATHS + [b"{%s}" % value for value in VALUES] if b"\n" not in value]
        done = self.kiln("run", "-n", "2", "-q", words=[os.fsencode(KILN), b"run", b"-n", b"2", b"-q", template, b":::",
                                                       *values])
        self.assertEqual(done.code, 0, done.err)
        gnu = subprocess.run([PARALLEL.encode(), b"-k", template, b":::", *values], cwd=self.folder, env=self.environment,
                             capture_output=True, timeout=60, check=True, stdin=subprocess.DEVNULL).stdout
        outputs = self.raw_outputs("printf.kiln", len(values))
        self.assertEqual(b"".join(outputs), gnu)
        self.assertEqual([output.split(b"\0")[0] for output in outputs], values)

    def raw_outputs(self, directory, count):
        """Standard output of each unit, as bytes, from the escaped text of results.h5."""
        import re
        columns = self.table(self.folder / directory, "output")
        self.assertEqual(len(columns["stdout"]), count)
        raw = []
        for text, escaped in zip(columns["stdout"], columns["stdout_escaped"]):
            data = text.encode()
            raw.append(re.sub(rb"\\(?:\\|x([0-9A-F]{2}))", lambda one: bytes.fromhex((one[1] or b"5C").decode()), data)
                       if escaped else data)
        return raw


if __name__ == "__main__":
    unittest.main()
