#include "joblog.hpp"

#include <gtest/gtest.h>

namespace kiln::cli {
namespace {

using namespace std::string_view_literals;

const std::vector<Field> kFields{{"unit", false, ""},      {"status", true, ""},    {"command", true, ""},
                                 {"exit_code", false, ""}, {"signal", false, ""},   {"host", true, ""},
                                 {"start", false, "s"},    {"seconds", false, "s"}, {"stdout", true, ""}};

std::string line(std::string_view status, std::int64_t exit_code, std::int64_t signal, std::string_view command) {
  const std::vector<Value> values{std::uint64_t{6}, status, command, exit_code, signal, "node"sv, 1e9, 0.1994, "abc"sv};
  std::string out;
  Joblog(kFields).append_row(out, values);
  return out;
}

TEST(Joblog, LinesAsGnuParallelWritesThem) {
  EXPECT_EQ(line("ok", 0, -1, "true"), "7\tnode\t1000000000.000\t     0.199\t0\t3\t0\t0\ttrue\n");
  EXPECT_EQ(line("failed", 3, -1, "exit 3"), "7\tnode\t1000000000.000\t     0.199\t0\t3\t3\t0\texit 3\n");
  EXPECT_EQ(line("signaled", -1, 9, "x"), "7\tnode\t1000000000.000\t     0.199\t0\t3\t0\t9\tx\n");
  EXPECT_EQ(line("timeout", -1, 15, "x"), "7\tnode\t1000000000.000\t     0.199\t0\t3\t-1\t15\tx\n");
  EXPECT_EQ(line("timeout", 0, -1, "x"), "7\tnode\t1000000000.000\t     0.199\t0\t3\t-1\t15\tx\n");
  EXPECT_EQ(line("failed", -1, -1, "x"), "7\tnode\t1000000000.000\t     0.199\t0\t3\t-1\t0\tx\n");
}

TEST(Joblog, CommandsKeepTheirBytes) {
  EXPECT_EQ(line("ok", 0, -1, "a\tb\n\xff\n").substr(37), "0\t0\ta\tb\0\xff\0\n"sv);
}

TEST(Joblog, ADeadLetterWithoutARow) {
  std::string out;
  Joblog(kFields).append_row(out, std::vector<Value>{std::uint64_t{0}, "failed"sv, {}, {}, {}, {}, {}, {}, {}});
  EXPECT_EQ(out, "1\t:\t0.000\t     0.000\t0\t0\t-1\t0\t\n");
}

}  // namespace
}  // namespace kiln::cli
