#include "results_text.hpp"

#include "result_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <nlohmann/json.hpp>

namespace kiln::cli {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::string_literals;
using namespace std::string_view_literals;

const std::vector<Field> kFields{{"unit", false, ""},      {"line", false, ""},      {"status", true, ""},
                                 {"attempts", false, ""},  {"reason", true, ""},     {"command", true, ""},
                                 {"exit_code", false, ""}, {"signal", false, ""},    {"seconds", false, "s"},
                                 {"stdout", true, ""},     {"stdout_cut", false, ""}};
constexpr std::size_t kReason = 4, kCommand = 5, kExit = 6, kSignal = 7, kSeconds = 8, kStdout = 9;

// The texts outlive the row.
std::vector<Value> row(std::string_view command, std::string_view output = "") {
  return {std::uint64_t{17}, std::int64_t{18}, "ok"sv, std::uint64_t{1}, Value(),         command,
          std::int64_t{0},   std::int64_t{-1}, 0.25,   output,           std::uint64_t{0}};
}

std::vector<Value> failed() {
  std::vector<Value> r = row("false");
  r[2] = "failed"sv;
  r[3] = std::uint64_t{3};
  r[kReason] = "exit code 1"sv;
  r[kExit] = std::int64_t{1};
  return r;
}

ResultTable table(ResultTable::Layout layout, std::size_t width = 0, std::size_t extra = 0) {
  return {kFields, {layout, width, 2000, extra}};
}

std::string csv_row(const std::vector<Value>& values) {
  std::string out;
  append_csv_row(out, values);
  return out;
}

std::string csv_field(std::string_view text) {
  std::string out;
  append_csv_text(out, text);
  return out;
}

nlohmann::json json_row(const std::vector<Value>& values) {
  std::string out;
  append_json_row(out, kFields, values);
  EXPECT_EQ(out.find('\n'), out.size() - 1);
  return nlohmann::json::parse(out);
}

std::size_t characters(const std::string& text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

TEST(ResultTable, RowsStandUnderTheirHeader) {
  const ResultTable all = table(ResultTable::Layout::all);
  EXPECT_EQ(all.header(), "unit  line  status      exit    seconds  tries  command\n");
  EXPECT_EQ(all.row(row("echo hello")), "  17    18  ok             0      0.250      1  echo hello\n");
  const ResultTable failures = table(ResultTable::Layout::failed);
  EXPECT_EQ(failures.header(), "unit  line  tries    seconds  reason                        command\n");
  EXPECT_EQ(failures.row(failed()), "  17    18      3      0.250  exit code 1                   false\n");
}

TEST(ResultTable, ColumnsFromOutputStandBeforeTheCommand) {
  std::vector<Field> fields = kFields;
  fields.push_back({"loss", false, ""});
  fields.push_back({"model", true, ""});
  const ResultTable all(fields, {ResultTable::Layout::all, 0, 2000, 2});
  std::vector<Value> values = row("train");
  values.insert(values.end(), {0.125, "large\nnet"sv});
  EXPECT_EQ(all.header(), "unit  line  status      exit    seconds  tries          loss  model             command\n");
  EXPECT_EQ(all.row(values),
            "  17    18  ok             0      0.250      1         0.125  large\\nnet        train\n");
  values[11] = Value();
  EXPECT_THAT(all.row(values), HasSubstr("             -  large"));
}

TEST(ResultTable, ChosenColumnsAsTheyAre) {
  const ResultTable chosen({kFields[kSeconds], kFields[kCommand]}, {ResultTable::Layout::chosen, 0, 2000, 0});
  EXPECT_EQ(chosen.header(), "     seconds  command\n");
  EXPECT_EQ(chosen.row(std::vector<Value>{0.25, "echo"sv}), "        0.25  echo\n");
  EXPECT_EQ(chosen.row(std::vector<Value>{Value(), Value()}), "           -\n");
}

TEST(ResultTable, SignalsRemovedLinesAndMissingRows) {
  const ResultTable all = table(ResultTable::Layout::all);
  std::vector<Value> r = failed();
  r[kExit] = std::int64_t{-1};
  r[kSignal] = std::int64_t{9};
  EXPECT_THAT(all.row(r), HasSubstr(" sig 9 "));
  r[1] = Value();
  std::fill(r.begin() + kCommand, r.end(), Value());
  EXPECT_EQ(all.row(r), "  17     -  failed         -          -      3\n");
}

TEST(ResultTable, CommandsAreCutToTheWidthAndStayOnOneLine) {
  const std::string command = "printf 'ä\n\xff\x1b[31m' " + std::string(200, 'x');
  for (std::size_t width = 10; width < 120; ++width) {
    for (const auto layout : {ResultTable::Layout::all, ResultTable::Layout::failed, ResultTable::Layout::chosen}) {
      const ResultTable one = table(layout, width);
      EXPECT_LE(characters(one.header()) - 1, width);
      const std::string line = one.row(row(command));
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
  EXPECT_EQ(csv_field("\"\""), "\"\"\"\"\"\"");
  EXPECT_EQ(csv_field("a\nb"), "\"a\nb\"");
  EXPECT_EQ(csv_field("a\rb"), "\"a\rb\"");
  EXPECT_EQ(csv_field(""), "");
}

TEST(Csv, RowsAndHeader) {
  std::string header;
  append_csv_header(header, kFields);
  EXPECT_EQ(header, "unit,line,status,attempts,reason,command,exit_code,signal,seconds,stdout,stdout_cut\r\n");
  EXPECT_EQ(csv_row(row("echo 'a,b'", "x\n\"y\"\n")), "17,18,ok,1,,\"echo 'a,b'\",0,-1,0.25,\"x\n\"\"y\"\"\n\",0\r\n");
  EXPECT_EQ(csv_row(row("c", "\xff\0z"sv)), "17,18,ok,1,,c,0,-1,0.25,\\xFF\\x00z,0\r\n");
  std::vector<Value> r = failed();
  r[1] = Value();
  std::fill(r.begin() + kCommand, r.end(), Value());
  r[kSeconds] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(csv_row(r), "17,,failed,3,exit code 1,,,,NaN,,\r\n") << "a NaN is a value, and not missing";
}

TEST(Csv, NumbersReadBackAsTheyWere) {
  EXPECT_EQ(
      csv_row({0.1, 1.0 / 3, 1.75e9 + 0.123456, std::numeric_limits<std::uint64_t>::max(), std::int64_t{-5}, 1e300}),
      "0.1,0.3333333333333333,1750000000.123456,18446744073709551615,-5,1e+300\r\n");
}

TEST(Cells, AreOnOneLine) {
  EXPECT_EQ(cell_text(Value()), "-");
  EXPECT_EQ(cell_text(0.1), "0.1");
  EXPECT_EQ(cell_text(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(cell_text("a\nb\xff"sv), "a\\nb\\xFF");
  EXPECT_EQ(cell_text(std::uint64_t{7}), "7");
}

TEST(Lists, AreOneFieldEverywhere) {
  const std::array<double, 3> numbers{1, 0.25, std::numeric_limits<double>::quiet_NaN()};
  const Value list = ListView{ColumnType::f64, std::as_bytes(std::span(numbers))};
  const std::vector<Field> fields{{"unit", false, ""}, {"place", false, "m", true}};
  const std::vector<Value> values{std::uint64_t{3}, list};
  EXPECT_EQ(csv_row(values), "3,\"[1,0.25,NaN]\"\r\n");
  EXPECT_EQ(csv_row({ListView{ColumnType::f64, {}}}), "[]\r\n");
  std::string json;
  append_json_row(json, fields, values);
  EXPECT_EQ(json, "{\"unit\":3,\"place\":[1.0,0.25,null]}\n");
  EXPECT_THAT(unit_text(fields, values, "DIR"), HasSubstr("place       [1,0.25,NaN]\n"));
  const ResultTable chosen(fields, {ResultTable::Layout::chosen, 0, 10, 0});
  EXPECT_THAT(chosen.row(values), EndsWith("[1,0.25,NaN]\n"));
}

TEST(Json, OneObjectALine) {
  const auto object = json_row(row("echo", "a\n\xff\0"sv));
  EXPECT_EQ(object["unit"], 17);
  EXPECT_EQ(object["stdout"], "a\n\\xFF\\x00");
  EXPECT_EQ(object["seconds"], 0.25);
  EXPECT_TRUE(object["reason"].is_null());
  std::vector<Value> r = failed();
  r[1] = Value();
  r[kSeconds] = std::numeric_limits<double>::infinity();
  r[kStdout] = Value();
  const auto missing = json_row(r);
  EXPECT_TRUE(missing["line"].is_null());
  EXPECT_TRUE(missing["seconds"].is_null());
  EXPECT_TRUE(missing["stdout"].is_null());
  EXPECT_EQ(missing["reason"], "exit code 1");
}

TEST(UnitText, OutputsComeLastAndLongOnesAreCut) {
  const std::string text = unit_text(kFields, row("echo hello", "hello"), "d.kiln");
  EXPECT_THAT(text, StartsWith("unit        17\nline        18\nstatus      ok\nattempts    1\ncommand"));
  EXPECT_THAT(text, HasSubstr("\nseconds     0.250000\n"));
  EXPECT_THAT(text, EndsWith("stdout (5 bytes):\nhello\n"));
  EXPECT_THAT(unit_text(kFields, failed(), "d.kiln"), HasSubstr("\nreason      exit code 1\n"));
  const std::string output(5000, 'x');
  EXPECT_THAT(unit_text(kFields, row("c", output), "d.kiln"),
              EndsWith("x\n… all of it: kiln results --unit 17 --stdout d.kiln\n"));
}

}  // namespace
}  // namespace kiln::cli
