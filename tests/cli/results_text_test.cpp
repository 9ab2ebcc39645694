#include "results_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace kiln::cli {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::string_literals;

const std::vector<std::string> kNames{"command", "exit_code", "signal", "seconds", "stdout", "stdout_cut"};

ResultRow row(const std::string& command, const std::string& output = "") {
  ResultRow r;
  r.unit = 17;
  r.line = 18;
  r.status = "ok";
  r.columns = {command, std::int64_t{0}, std::int64_t{0}, 0.25, output, std::uint64_t{0}};
  return r;
}

ResultRow failed() {
  ResultRow r = row("false");
  r.status = "failed";
  r.attempts = 3;
  r.reason = "exit code 1";
  r.columns[1] = std::int64_t{1};
  return r;
}

std::size_t characters(const std::string& text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

TEST(ResultTable, RowsStandUnderTheirHeader) {
  const ResultTable table(kNames, false, 0, 2000);
  EXPECT_EQ(table.header(), "unit  line  status      exit    seconds  tries  command\n");
  EXPECT_EQ(table.row(row("echo hello")), "  17    18  ok             0      0.250      1  echo hello\n");
  const ResultTable failures(kNames, true, 0, 2000);
  EXPECT_EQ(failures.header(), "unit  line  tries    seconds  reason                        command\n");
  EXPECT_EQ(failures.row(failed()), "  17    18      3      0.250  exit code 1                   false\n");
}

TEST(ResultTable, SignalsRemovedLinesAndMissingRows) {
  const ResultTable table(kNames, false, 0, 2000);
  ResultRow r = failed();
  r.columns[1] = std::int64_t{-1};
  r.columns[2] = std::int64_t{9};
  EXPECT_THAT(table.row(r), HasSubstr(" sig 9 "));
  r.line = -1;
  r.columns.assign(kNames.size(), Value());
  EXPECT_EQ(table.row(r), "  17     -  failed         -          -      3\n");
}

TEST(ResultTable, CommandsAreCutToTheWidthAndStayOnOneLine) {
  for (std::size_t width = 10; width < 120; ++width) {
    for (const bool only_failed : {false, true}) {
      const ResultTable table(kNames, only_failed, width, 2000);
      EXPECT_LE(characters(table.header()) - 1, width);
      const std::string line = table.row(row("printf 'ä\n\xff\x1b[31m' " + std::string(200, 'x')));
      EXPECT_LE(characters(line) - 1, width) << line;
      EXPECT_EQ(line.find('\n'), line.size() - 1);
      EXPECT_THAT(line, Not(HasSubstr("\x1b")));
    }
  }
}

TEST(Csv, FieldsAreQuotedWhereTheyMustBe) {
  EXPECT_EQ(csv_field("plain text"), "plain text");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(csv_field("a\nb"), "\"a\nb\"");
  EXPECT_EQ(csv_field("a\rb"), "\"a\rb\"");
  EXPECT_EQ(csv_field(""), "");
}

TEST(Csv, RowsAndHeader) {
  EXPECT_EQ(csv_header(kNames),
            "unit,line,status,attempts,reason,command,exit_code,signal,seconds,stdout,stdout_cut\r\n");
  EXPECT_EQ(csv_row(row("echo 'a,b'", "x\n\"y\"\n")), "17,18,ok,1,,\"echo 'a,b'\",0,0,0.25,\"x\n\"\"y\"\"\n\",0\r\n");
  EXPECT_EQ(csv_row(row("c", "\xff\0z"s)), "17,18,ok,1,,c,0,0,0.25,\\xFF\\x00z,0\r\n");
  ResultRow r = failed();
  r.line = -1;
  r.columns = {Value(), Value(), Value(), std::numeric_limits<double>::quiet_NaN(), Value(), Value()};
  EXPECT_EQ(csv_row(r), "17,,failed,3,exit code 1,,,,,,\r\n");
}

TEST(Csv, NumbersReadBackAsTheyWere) {
  ResultRow r = row("c");
  r.columns = {0.1, 1.0 / 3, 1.75e9 + 0.123456, std::numeric_limits<std::uint64_t>::max(), std::int64_t{-5}, 1e300};
  EXPECT_EQ(csv_row(r), "17,18,ok,1,,0.1,0.3333333333333333,1750000000.123456,18446744073709551615,-5,1e+300\r\n");
}

TEST(Json, OneObjectALine) {
  const std::string text = json_row(kNames, row("echo", "a\n\xff\0"s));
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  const auto object = nlohmann::json::parse(text);
  EXPECT_EQ(object["unit"], 17);
  EXPECT_EQ(object["stdout"], "a\n\\xFF\\x00");
  EXPECT_EQ(object["seconds"], 0.25);
  EXPECT_TRUE(object["reason"].is_null());
  ResultRow r = failed();
  r.line = -1;
  r.columns[3] = std::numeric_limits<double>::infinity();
  r.columns[4] = Value();
  const auto missing = nlohmann::json::parse(json_row(kNames, r));
  EXPECT_TRUE(missing["line"].is_null());
  EXPECT_TRUE(missing["seconds"].is_null());
  EXPECT_TRUE(missing["stdout"].is_null());
  EXPECT_EQ(missing["reason"], "exit code 1");
}

TEST(UnitText, OutputsComeLastAndLongOnesAreCut) {
  const std::string text = unit_text(kNames, row("echo hello", "hello"), "d.kiln");
  EXPECT_THAT(text, StartsWith("unit        17\nline        18\nstatus      ok\n"));
  EXPECT_THAT(text, HasSubstr("\nseconds     0.250000\n"));
  EXPECT_THAT(text, EndsWith("stdout (5 bytes):\nhello\n"));
  EXPECT_THAT(unit_text(kNames, row("c", std::string(5000, 'x')), "d.kiln"),
              EndsWith("x\n… all of it: kiln results --unit 17 --stdout d.kiln\n"));
}

}  // namespace
}  // namespace kiln::cli
