#!/usr/bin/python3
"""check_lengths.py ROOT: no source file over 400 lines, no function over 60. Prints each violation, exit 1 if any.

Reads C++ as clang-format leaves it; what begins a brace is told from the text in front of it.
"""

import pathlib
import re
import sys

FILE_LINES = 400
FUNCTION_LINES = 60
LEXEME = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"(?P<raw>[^()\\\s]*)\(.*?\)(?P=raw)"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])*'"""
    r"""|^[ \t]*\#(?:[^\n\\]|\\.)*""",
    re.S | re.M)
SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")


def blank(text):
    """The text without comments, literals and preprocessor lines; line breaks stay where they are."""
    return LEXEME.sub(lambda match: "\n" * match.group().count("\n") or " ", text)


def opens_function(head):
    """Whether a brace behind this text (since the last ; { or }) begins a function's body."""
    if "(" not in head:
        return False
    signature = head[: head.index("(")]
    while "<" in signature and signature != (shorter := re.sub(r"<[^<>]*>", "", signature)):
        signature = shorter  # `template <class F>` is no class
    return not SCOPE.search(signature) and not re.search(r"(?<![=!<>])=(?!=)", signature.replace("operator=", ""))


def functions(text):
    """(first line, number of lines, what stands before the parenthesis) of each function that is not in another."""
    found, stack, head, head_line = [], [], "", 1
    line = 1
    previous = ""
    for char in blank(text):
        if char == "\n":
            line += 1
        if char == "{":
            kind = "inner"
            if head.count("(") > head.count(")") or (previous and not previous.isspace() and head.strip()):
                kind = "literal"  # `: a_{1}, b_{2} {`, `void f(A a = {}) {`: the body is yet to come
            elif not stack or stack[-1][0] == "scope":
                kind = "function" if opens_function(head) else "scope" if SCOPE.search(head) else "inner"
            stack.append((kind, head_line, head))
            head, head_line = "", line
        elif char == "}":
            if stack:
                kind, first, opened = stack.pop()
                if kind == "function":
                    name = opened[: opened.index("(")].split()
                    found.append((first, line - first + 1, name[-1] if name else "?"))
                head, head_line = (opened + "{}", first) if kind == "literal" else ("", line)
        elif char == ";" and head.count("(") == head.count(")"):
            head, head_line = "", line
        else:
            if not head.strip():
                head, head_line = "", line
            head += char
        previous = char
    return found


def violations(root):
    """Lines that say what is too long, and the number of files that were read."""
    found, files = [], 0
    for folder in ("include", "src", "apps", "tests"):
        for path in sorted((root / folder).rglob("*")):
            if not path.is_file() or path.suffix not in (".hpp", ".cpp", ".py", ".sh"):
                continue
            files += 1
            name = path.relative_to(root).as_posix()
            text = path.read_text(encoding="utf-8", errors="replace")
            lines = text.count("\n")
            if lines > FILE_LINES:
                found.append(f"{name}: {lines} lines, at most {FILE_LINES}")
            if path.suffix in (".hpp", ".cpp"):
                for first, length, function in functions(text):
                    if length > FUNCTION_LINES:
                        found.append(f"{name}:{first}: {function} has {length} lines, at most {FUNCTION_LINES}")
    return found, files


def main():
    found, files = violations(pathlib.Path(sys.argv[1]))
    print("\n".join([*found, f"{files} files, {len(found)} violations"]))
    return 1 if found or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
