#include "exec/result_column.hpp"

#include "exec/column_extractor.hpp"
#include "exec/command_setup.hpp"
#include "exec/output_tail.hpp"

#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kiln/error.hpp>

#include <cmath>

namespace kiln::exec {
namespace {

using testing::HasSubstr;

std::string refusal(const std::vector<std::string>& texts) {
  return refusal_of(ExitCode::usage, [&] { parse_result_columns("--columns", texts); });
}

std::size_t caret(const std::string& text) {
  const std::string message = refusal({text});
  return message.size() - 1 - (message.rfind('\n') + 1) - 2;
}

Value value_of(const std::string& definition, std::string_view out, std::string_view err = "") {
  return ColumnExtractor(parse_result_columns("--columns", {definition})).value(0, out, err);
}

TEST(ResultColumn, DefinitionsAreTakenApart) {
  const auto columns = parse_result_columns(
      "--columns", {"loss=float:/loss ([0-9.]+)/", "n_2=int@stderr:/a\\/b=(.)/c/", "who=text@stdout:/./"});
  const std::vector<ResultColumn> expected{
      {"loss", ResultColumn::Type::real, ResultColumn::Stream::out, "loss ([0-9.]+)"},
      {"n_2", ResultColumn::Type::integer, ResultColumn::Stream::err, "a\\/b=(.)/c"},
      {"who", ResultColumn::Type::text, ResultColumn::Stream::out, "."}};
  EXPECT_EQ(columns, expected);
  EXPECT_EQ(to_text(columns[0]), "loss=float:/loss ([0-9.]+)/");
  EXPECT_EQ(to_text(columns[1]), "n_2=int@stderr:/a\\/b=(.)/c/");
  for (const ResultColumn& column : columns) {
    EXPECT_EQ(parse_result_columns("", {to_text(column)}).front(), column);
  }
}

TEST(ResultColumn, FaultsPointAtTheCharacter) {
  EXPECT_EQ(refusal({"loss=float:/a(/"}),
            "--columns: the regular expression is not one: missing ): a(\n"
            "  loss=float:/a(/\n"
            "              ^");
  EXPECT_EQ(caret(""), 0U);
  EXPECT_EQ(caret("1a=int:/x/"), 0U);
  EXPECT_EQ(caret("a b=int:/x/"), 1U);
  EXPECT_EQ(caret("a"), 1U);
  EXPECT_EQ(caret("a=real:/x/"), 2U);
  EXPECT_EQ(caret("a=int@out:/x/"), 6U);
  EXPECT_EQ(caret("a=int/x/"), 5U);
  EXPECT_EQ(caret("a=int:x/"), 6U);
  EXPECT_EQ(caret("a=int:/x"), 8U);
  EXPECT_EQ(caret("a=int:/"), 7U);
  EXPECT_EQ(caret("a=int://"), 7U);
  EXPECT_EQ(caret("a=int:/\xff/"), 0U);
  EXPECT_EQ(caret("a_escaped=int:/x/"), 1U);
  EXPECT_THAT(refusal({"a=flaot:/x/"}), HasSubstr("Did you mean float?"));
}

TEST(ResultColumn, NamesThatAreTaken) {
  for (const char* name :
       {"unit", "id", "line", "status", "stdout", "seconds", "exit_code", "host", "reason", "missing"}) {
    EXPECT_THAT(refusal({std::string(name) + "=int:/x/"}), HasSubstr("is a column of every run"));
  }
  EXPECT_THAT(refusal({"a=int:/x/", "b=int:/x/", "a=int:/y/"}), HasSubstr("two columns 'a'"));
  std::vector<std::string> many;
  for (std::size_t i = 0; i <= kMostResultColumns; ++i) many.push_back("c" + std::to_string(i) + "=int:/x/");
  EXPECT_THAT(refusal(many), HasSubstr("64 is the most"));
  many.pop_back();
  EXPECT_NO_THROW(parse_result_columns("--columns", many));
}

TEST(ColumnExtractor, TheLastMatchCounts) {
  EXPECT_EQ(value_of("loss=float:/loss (\\S+)/", "loss 1\nloss 0.25\n"), Value(0.25));
  EXPECT_EQ(value_of("n=int:/\\d+/", "1 2 33"), Value(std::int64_t{33}));
  EXPECT_EQ(value_of("who=text:/who=(.*)/", "who=a\nwho= b c \n"), Value(std::string_view(" b c ")));
  EXPECT_EQ(value_of("n=int@stderr:/\\d+/", "1", "2"), Value(std::int64_t{2}));
}

TEST(ColumnExtractor, NumbersAsProgramsWriteThem) {
  for (const char* text : {"0.001", "1e-3", "1E-3", "+1.0e-03", "1.0D-3", " 1.0d-03\t"}) {
    EXPECT_EQ(value_of("x=float:/x=(.*)/", std::string("x=") + text + "\n"), Value(1e-3)) << text;
  }
  EXPECT_EQ(value_of("x=float:/x=(.*)/", "x=-inf"), Value(-HUGE_VAL));
  EXPECT_EQ(value_of("x=int:/x=(.*)/", "x=+42"), Value(std::int64_t{42}));
  for (const char* text : {"", "a", "1.2.3", "0.5,", "--1", "1e999"}) {
    EXPECT_EQ(value_of("x=float:/x=(.*)/", std::string("x=") + text), Value()) << text;
  }
  for (const char* text : {"1.0", "9223372036854775808", "-9223372036854775808", "0x1"}) {
    EXPECT_EQ(value_of("x=int:/x=(.*)/", std::string("x=") + text), Value()) << text;
  }
}

TEST(ColumnExtractor, RowsHoldWhatStandsForMissing) {
  const ColumnExtractor extractor(parse_result_columns("", {"a=float:/a(\\d)/", "b=int:/b(\\d)/", "c=text:/c(\\d)/"}));
  const Schema schema{column_of(extractor.columns()[0]), column_of(extractor.columns()[1]),
                      column_of(extractor.columns()[2])};
  Rows rows(schema);
  rows.begin_row(UnitId(1));
  extractor.put(rows, "a1b2c3", "");
  rows.begin_row(UnitId(2));
  extractor.put(rows, "", "");
  EXPECT_EQ(rows.at<double>(0, 0), 1);
  EXPECT_EQ(rows.at<std::int64_t>(1, 0), 2);
  EXPECT_EQ(rows.text_at(2, 0), "3");
  EXPECT_TRUE(std::isnan(rows.at<double>(0, 1)));
  EXPECT_EQ(rows.at<std::int64_t>(1, 1), missing_integer(schema[1]));
  EXPECT_EQ(rows.text_at(2, 1), "");
  EXPECT_EQ(missing_integer(command_schema()[11]), std::nullopt) << "max_rss keeps its -1";
}

TEST(CommandSetup, ColumnsGoOverTheWire) {
  CommandSetup setup;
  setup.columns = parse_result_columns("", {"loss=float:/loss (.)/", "n=int@stderr:/n/"});
  EXPECT_EQ(decode_command_setup(encode(setup)).columns, setup.columns);
  const Schema schema = command_schema(setup.columns);
  ASSERT_EQ(schema.size(), command_schema().size() + 2);
  EXPECT_EQ(schema.back().name, "results/n");
  EXPECT_EQ(schema.back().type, ColumnType::i64);
}

TEST(OutputTail, HoldsTheLastBytesInOrder) {
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 50U}) {
    OutputTail tail;
    tail.begin(10);
    std::string all;
    for (int i = 0; i < 40; ++i) {
      const std::string more(piece, static_cast<char>('a' + i % 26));
      tail.append(more);
      all += more;
      const auto pieces = tail.pieces();
      const std::string held = std::string(pieces[0]) + std::string(pieces[1]);
      EXPECT_EQ(held, all.substr(all.size() - std::min<std::size_t>(10, all.size())));
      EXPECT_EQ(tail.size(), held.size());
    }
  }
  OutputTail none;
  none.begin(0);
  none.append("abc");
  EXPECT_EQ(none.size(), 0U);
}

}  // namespace
}  // namespace kiln::exec
