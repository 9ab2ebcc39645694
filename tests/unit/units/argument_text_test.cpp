#include "units/argument_text.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>

namespace kiln::units {
namespace {

std::string shell_form(std::string_view value) {
  std::string out;
  append_quoted(out, value);
  return out;
}

TEST(Quoting, PlainValuesStayAsTheyAre) {
  EXPECT_EQ(shell_form("aZ09+-./_"), "aZ09+-./_");
  EXPECT_EQ(shell_form(""), "''");
  EXPECT_EQ(shell_form("a b"), "'a b'");
  EXPECT_EQ(shell_form("ü"), "'ü'");
  EXPECT_EQ(shell_form("~"), "'~'");
}

TEST(Quoting, SingleQuotesStandInDoubleOnes) {
  EXPECT_EQ(shell_form("it's"), R"('it'"'"'s')");
  EXPECT_EQ(shell_form("'"), R"("'")");
  EXPECT_EQ(shell_form("''"), R"("'"''"'")");
  EXPECT_EQ(shell_form("'a"), R"("'"'a')");
  EXPECT_EQ(shell_form("a'"), R"('a'"'")");
}

// What a shell makes of it, for every byte beside every other kind of byte.
TEST(Quoting, TheShellGivesTheValueBack) {
  std::string all;
  for (int byte = 1; byte < 256; ++byte) all += static_cast<char>(byte);
  std::string command = "printf '%s\\0' " + shell_form(all);
  std::string expected = all + '\0';
  for (const char* value : {"", "'", "''", "'''", "a''b", "\n", "'\n'", "\\'", "$'x'", "\"'\"'", "-n", "{a,b}"}) {
    command += ' ' + shell_form(value);
    expected += std::string(value) + '\0';
  }
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  ASSERT_NE(pipe, nullptr);
  std::string got;
  std::array<char, 4096> buffer{};
  while (const std::size_t size = fread(buffer.data(), 1, buffer.size(), pipe.get())) got.append(buffer.data(), size);
  EXPECT_EQ(got, expected);
}

TEST(Parts, OfPaths) {
  EXPECT_EQ(without_extension("a/b.tar.gz"), "a/b.tar");
  EXPECT_EQ(without_extension("a.b/c"), "a.b/c");
  EXPECT_EQ(without_extension(".hidden"), "");
  EXPECT_EQ(without_extension("x"), "x");
  EXPECT_EQ(without_extension(""), "");
  EXPECT_EQ(base_name("a/b.c"), "b.c");
  EXPECT_EQ(base_name("a/"), "");
  EXPECT_EQ(base_name("a"), "a");
  EXPECT_EQ(directory_name("a/b.c"), "a");
  EXPECT_EQ(directory_name("/a"), "/");
  EXPECT_EQ(directory_name("a"), ".");
  EXPECT_EQ(directory_name("a//b//"), "a");
  EXPECT_EQ(directory_name("///"), "/");
  EXPECT_EQ(directory_name(""), ".");
}

}  // namespace
}  // namespace kiln::units
