#!/usr/bin/python3
"""What the compiler says of programs that ask streams for what cannot be: the words of kiln's static assertions.

The arguments are the compiler and the flags that a program is compiled with. All that is wrong is one translation unit, as
each assertion has words of its own.
"""

import subprocess
import sys
import unittest

COMPILER = sys.argv[1:]

BEGIN = """
#include <kiln/kiln.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>
struct Plain { std::uint64_t number; };
using Number = std::uint64_t;
using Map = std::unordered_map<Number, Number>;
kiln::Flow flow("flow");
auto numbers = flow.range(5);
auto words = flow.items(std::vector<std::string>{"a"});
std::pair<Number, Number> pair_of(Number n) { return {n, n}; }
std::pair<std::string, Number> count_of(const std::string& word) { return {word, 1}; }
"""

# What is said, what is wrong, and what is right.
CASES = [
    ("map(f): f is not callable (as const) with an item of the stream",
     "numbers.map([](const std::string& word) { return word; })",
     "words.map([](const std::string& word) { return word; })"),
    ("filter(f): f is not callable (as const) with an item of the stream",
     "numbers.filter([last = Number{0}](Number n) mutable { return std::exchange(last, n) < n; })",
     "numbers.filter([last = Number{0}](Number n) { return last < n; })"),
    ("reduce_by_key(op): items must be std::pairs of key and value, or structs with KILN_COLUMNS of two fields",
     "numbers.reduce_by_key(std::plus<>{})",
     "numbers.map(pair_of).reduce_by_key(std::plus<>{})"),
    ("join_by_key(right): the keys of both streams must be of one type",
     "numbers.map(pair_of).join_by_key(words.map(count_of))",
     "words.map(count_of).join_by_key(words.map(count_of))"),
    ("values of this type cannot be keys. Keys are numbers (not long double)",
     "numbers.map([](Number n) { return std::pair(static_cast<long double>(n), n); }).group_by_key()",
     "numbers.map([](Number n) { return std::pair(static_cast<double>(n), n); }).group_by_key()"),
    ("must own their text: map() a std::string_view to a std::string first",
     'flow.lines("x").map([](std::string_view line) { return line; }).copy<2>()',
     'flow.lines("x").map([](std::string_view line) { return std::string(line); }).copy<2>()'),
    ("merge(other…): the items of all streams must be of one type; map() makes them so",
     "numbers.merge(words)",
     "numbers.merge(words.map([](const std::string& word) { return Number{word.size()}; }))"),
    ("ranges() stands right behind sort() or top_k()",
     "numbers.sort().map(pair_of).ranges()",
     "numbers.map(pair_of).sort().ranges()"),
    ("rows of this type have no columns. Write KILN_COLUMNS(TheType, field, ...) behind the struct",
     'numbers.map([](Number n) { return Plain{n}; }).rows("table")',
     'numbers.map([](Number n) { return Plain{n}.number; }).rows("table")'),
    ("unordered(op) is for reduce_by_key(): reduce() keeps no value of each unit that it could save",
     "numbers.reduce(kiln::unordered([](Number a, Number b) { return a + b; }))",
     "numbers.map(pair_of).reduce_by_key(kiln::unordered([](Number a, Number b) { return a + b; }))"),
    ("the order of a hash table differs from place to place",
     "numbers.map([](Number n) { return Map{{n, n}}; }).reduce([](Map a, const Map&) { return a; })",
     "numbers.reduce([](Number a, Number) { return a; })"),
]


def said_of(snippets):
    """The compiler's exit code and words."""
    text = BEGIN + "".join(f"void use_{i}() {{ (void){snippet}; }}\n" for i, snippet in enumerate(snippets))
    done = subprocess.run([*COMPILER, "-fsyntax-only", "-x", "c++", "-"], input=text, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


class CompileErrors(unittest.TestCase):
    def test_what_is_right_compiles(self):
        code, said = said_of([right for _, _, right in CASES])
        self.assertEqual(code, 0, said)

    def test_what_is_wrong_is_said_in_words(self):
        code, said = said_of([wrong for _, wrong, _ in CASES])
        self.assertNotEqual(code, 0)
        for words, wrong, _ in CASES:
            with self.subTest(wrong=wrong):
                self.assertTrue(any("assert" in line and words in line for line in said.splitlines()), words)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
