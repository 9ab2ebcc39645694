#!/usr/bin/python3
"""The checks of this folder find what they are there for, and nothing else."""

import pathlib
import tempfile
import unittest

import check_includes
import check_lengths


class Tree(unittest.TestCase):
    """A small source tree in a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="kiln-checks-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def put(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class Includes(Tree):
    def found(self, name, *targets):
        self.put(name, "".join(f"#include {target}\n" for target in targets))
        found, files = check_includes.violations(self.root)
        self.assertEqual(files, 1)
        return [target for _, _, target, _ in found]

    def test_a_layer_sees_itself_and_what_is_before_it(self):
        self.assertEqual(self.found("src/protocol/a.cpp", '"protocol/b.hpp"', '"base/bytes.hpp"', "<kiln/ids.hpp>",
                                    '"schedule/ledger.hpp"', "<vector>", "<fmt/core.h>"), [])

    def test_a_layer_does_not_see_what_comes_after_it(self):
        self.assertEqual(self.found("src/protocol/a.hpp", '"net/transport.hpp"', "<job/engine.hpp>", '"base/time.hpp"'),
                         ["net/transport.hpp", "job/engine.hpp"])

    def test_every_pair_of_layers_has_one_direction(self):
        for i, lower in enumerate(check_includes.LAYERS):
            for upper in check_includes.LAYERS[i + 1:]:
                self.assertIsNone(check_includes.judge(f"src/{upper}/x.cpp", f"{lower}/y.hpp"))
                self.assertIsNotNone(check_includes.judge(f"src/{lower}/x.cpp", f"{upper}/y.hpp"))

    def test_spacing_does_not_hide_an_include(self):
        self.put("src/base/a.cpp", '  #  include   "store/entry.hpp"\n')
        self.assertEqual(len(check_includes.violations(self.root)[0]), 1)

    def test_mpi_is_known_to_net_alone(self):
        for target in ("<mpi.h>", "<boost/mpi.hpp>", "<boost/mpi/communicator.hpp>", "<mpi-ext.h>"):
            self.assertEqual(self.found("src/job/a.cpp", target), [target[1:-1]])
            for may in ("src/net/a.cpp", "apps/bench/reference_dispatch.cpp", "tests/mpi/a.cpp"):
                self.assertIsNone(check_includes.judge(may, target[1:-1]))
        self.assertIsNotNone(check_includes.judge("apps/bench/kiln_dispatch.cpp", "mpi.h"))
        self.assertIsNotNone(check_includes.judge("tests/unit/job/a.cpp", "mpi.h"))

    def test_hdf5_is_known_to_store_alone(self):
        for target in ("hdf5.h", "H5Cpp.h", "H5public.h"):
            self.assertIsNotNone(check_includes.judge("src/observe/a.cpp", target))
            self.assertIsNotNone(check_includes.judge("apps/kiln/a.cpp", target))
            self.assertIsNone(check_includes.judge("src/store/a.cpp", target))

    def test_a_public_header_sees_public_headers_alone(self):
        self.assertEqual(self.found("include/kiln/a.hpp", "<kiln/ids.hpp>", "<string>", '"base/bytes.hpp"', "<mpi.h>"),
                         ["base/bytes.hpp", "mpi.h"])

    def test_no_climbing_and_no_folder_that_is_no_layer(self):
        self.assertIsNotNone(check_includes.judge("src/base/a.cpp", "../store/entry.hpp"))
        self.assertIsNotNone(check_includes.judge("src/misc/a.cpp", "base/bytes.hpp"))
        self.assertIsNotNone(check_includes.judge("src/base/a.cpp", "tests/support/x.hpp"))


def function(lines):
    return "int f(int a) {\n" + "  a += 1;\n" * (lines - 2) + "}\n"


class Lengths(Tree):
    def test_a_file_has_at_most_400_lines(self):
        self.put("src/base/a.hpp", "// x\n" * 400)
        self.put("src/base/b.hpp", "// x\n" * 401)
        self.assertEqual(check_lengths.violations(self.root), (["src/base/b.hpp: 401 lines, at most 400"], 2))

    def test_a_function_has_at_most_60_lines(self):
        self.put("src/base/a.cpp", "namespace kiln {\n" + function(60) + function(61) + "}\n")
        self.assertEqual(check_lengths.violations(self.root)[0],
                         ["src/base/a.cpp:62: f has 61 lines, at most 60"])

    def test_members_constructors_tests_and_operators_are_functions(self):
        body = "  x();\n" * 3
        for head in ("struct A {\n  A() : a_(1), b_{2} {\n", "class A final : public B {\n  bool f() const noexcept {\n",
                     "namespace {\nTEST(Suite, Case) {\n", "namespace a::b {\nA& A::operator=(const A& o) {\n",
                     "namespace {\ntemplate <class F, std::vector<int> v> void A::f(F f) const {\n",
                     "namespace {\nint f(A a = {}, B b = B{1}) {\n"):
            self.assertIn(5, [length for _, length, _ in check_lengths.functions(head + body + "}\n};\n")], head)

    def test_classes_enums_tables_and_literals_are_none(self):
        for text in ("class A {\n int a;\n};\n", "enum class E : int {\n a,\n};\n", "const T kTable[] = {\n {1},\n};\n",
                     'const char* s = "f() {";\n', "// f() {\n", "#define F(x) do { x(); } while (0)\n",
                     'auto r = R"(f() {)";\n'):
            self.assertEqual(check_lengths.functions(text), [], text)

    def test_a_digit_separator_is_no_quote(self):
        self.assertEqual([length for _, length, _ in check_lengths.functions("int f() {\n  return 1'000;\n}\nint b;\n")],
                         [3])


if __name__ == "__main__":
    unittest.main()
