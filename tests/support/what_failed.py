#!/usr/bin/python3
"""What failed, in few lines, for the end of a long log: what_failed.py FILE…

A FILE is what CTest wrote for JUnit (*.xml), or what a step printed: of that the lines with FAILED, and those behind,
and what compilers and linters found.
"""

import re
import sys
import xml.etree.ElementTree as xml

MOST = 60  # lines in all
OF_TEST = 14  # the last ones of each
BEHIND = 8
COLUMNS = 180
FOUND = re.compile(r": (error|warning): |^lint: .* is not clean$")


def of_tests(path):
    for case in xml.parse(path).iter("testcase"):
        if case.find("failure") is None:
            continue
        yield f"-- {case.get('name')}"
        said = [line for line in (case.findtext("system-out") or "").splitlines() if line.strip()]
        yield from said[-OF_TEST:]


def of_log(path):
    left = 0
    with open(path, encoding="utf-8", errors="replace") as log:
        for line in log:
            left = BEHIND + 1 if "FAILED" in line else left - 1
            if left > 0 or FOUND.search(line):
                yield line.rstrip()


def lines(paths):
    for path in paths:
        try:
            yield from of_tests(path) if path.endswith(".xml") else of_log(path)
        except (OSError, xml.ParseError) as error:
            yield f"-- {path}: {error}"


def main():
    for number, line in enumerate(lines(sys.argv[1:])):
        if number == MOST:
            print("-- and more: see above")
            break
        print(line[:COLUMNS])


if __name__ == "__main__":
    main()
