"""The C++ of the documents as one translation unit, so that a test compiles it at once.

Each document is a namespace, so that blocks "at top" are known further down, and each whole program one in it. What is
included is hoisted to the top, and each line is said to be the document's: the compiler's messages name it.
"""

import re

import doc_blocks

INCLUDE = re.compile(r"^\s*#\s*include\s*(<[^>]+>)", re.M)
BEGIN = ("[[maybe_unused]] inline int session_{line}([[maybe_unused]] kiln::Session& session) {{\n"
         "[[maybe_unused]] kiln::Flow flow(\"flow\");\n")
END = "return 0;\n}\n"

# What fragments may use; a whole program must include it itself.
HEADERS = {
    "<algorithm>": r"std::(?:min|max|sort|clamp|count|count_if|find|find_if|any_of|all_of|nth_element)\b(?=[<(])",
    "<array>": r"std::array\b",
    "<cmath>": r"std::(?:abs|exp|log|log1p|sqrt|pow|sin|cos|hypot|isnan|floor)\(",
    "<cstdint>": r"std::u?int(?:8|16|32|64)_t\b",
    "<cstdio>": r"std::(?:printf|puts|fopen|fprintf)\(",
    "<fstream>": r"std::[io]?fstream\b",
    "<functional>": r"std::(?:function\b|plus|greater|less\b)",
    "<iostream>": r"std::c(?:out|err)\b",
    "<string>": r"std::(?:string|to_string|stod|stoi)\b",
    "<string_view>": r"std::string_view\b",
    "<vector>": r"std::vector\b",
}


class Unit:
    def __init__(self):
        self.includes, self.parts, self.blocks = ["<kiln/kiln.hpp>", *HEADERS], [], 0

    def text(self):
        return "".join(f"#include {name}\n" for name in dict.fromkeys(self.includes)) + "".join(self.parts)

    def code_of(self, block, where):
        """A block's own lines, behind its hidden ones, under the document's name."""
        self.includes += INCLUDE.findall(block.setup) + INCLUDE.findall(block.text)
        self.blocks += 1
        hidden = INCLUDE.sub("", block.setup)
        return f'#line {block.line} "{where} (hidden lines)"\n{hidden}\n#line {block.line + 1} "{where}"\n{INCLUDE.sub("", block.text)}'

    def add(self, where, found):
        """The blocks of a document, in order."""
        inside = False
        self.parts.append(f"namespace {re.sub(r'[^A-Za-z0-9]', '_', where)} {{\n")
        for block in found:
            if not block.compiles:
                continue
            how = "compile" if block.file else block.order
            if inside and how != "compile on":
                self.parts.append(END)
                inside = False
            code = self.code_of(block, where)
            if how == "compile":
                code = f"namespace program_{block.line} {{\n{code}}}\n"
            elif how == "compile in session":
                code = BEGIN.format(line=block.line) + code
                inside = True
            elif how == "compile on" and not inside:
                raise ValueError(f"{where}:{block.line}: nothing to go on with: no block of 'compile in session' before it")
            self.parts.append(code)
        self.parts.append((END if inside else "") + "}\n")


def missing_headers(block):
    """What a whole program uses and does not include."""
    has = INCLUDE.findall(block.text)
    return [header for header, used in HEADERS.items() if re.search(used, block.text) and header not in has]


def unit_of(documents):
    """Of (name, text) of each document."""
    unit = Unit()
    for where, text in documents:
        unit.add(where, doc_blocks.blocks(text))
    return unit
