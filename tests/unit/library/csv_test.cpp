#include <kiln/kiln.hpp>
#include <kiln/testing.hpp>
#include "unit/library/record_file.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace kiln {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Sale {
  std::int32_t id = 0;
  double amount = 0;
  std::string item;
  friend bool operator==(const Sale&, const Sale&) = default;
};
KILN_COLUMNS(Sale, id, amount, item)

struct Perhaps {
  std::uint8_t id = 0;
  bool paid = false;
  std::optional<float> amount;
  std::optional<std::string> item;
};
KILN_COLUMNS(Perhaps, id, paid, amount, item)

struct Series {
  std::vector<double> values;
};
KILN_COLUMNS(Series, values)

auto sales_of(const std::string& path, CsvOptions options = {}) {
  return testing::run(Flow("sales").csv<Sale>(path, options).rows("sales"));
}

/// Why a line below "id,amount,item" is rejected; "" where it is not.
std::string reason_of(const std::string& line) {
  const RecordFiles files;
  const auto result = sales_of(files.write("id,amount,item\n" + line + "\n"));
  EXPECT_EQ(result.rejected.size() + result.rows<Sale>("sales").size(), 1U) << line;
  return result.rejected.empty() ? "" : result.rejected[0].reason;
}

/// What is said of a file that cannot be read at all.
std::string refusal_of(const std::string& text, CsvOptions options = {}) {
  const RecordFiles files;
  try {
    sales_of(files.write(text), options);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_input);
    EXPECT_THAT(error.what(), HasSubstr(files.path()));
    return error.what();
  }
  return "";
}

const std::vector<Sale> kThree{{1, 0.5, "one"}, {-2, 1e3, "a,\"b\""}, {3, 4, ""}};

TEST(Csv, ColumnsAreFoundByNameAndEachUnitKnowsThem) {
  const RecordFiles files;
  for (const std::string end : {"\n", "\r\n"}) {
    const std::string path =
        files.write(fmt::format("item,more,\"amount\",id{0}one,x,0.5,1{0}\"a,\"\"b\"\"\",\"\",1e3,-2{0}\n,,4,3",
                                end));  // the last line end is missing, one is another
    for (const std::uint64_t split : {1U, 10U, 30U, 1000000U}) {
      const auto result = sales_of(path, {.split = split});
      EXPECT_EQ(result.rows<Sale>("sales"), kThree) << split;
      EXPECT_THAT(result.rejected, IsEmpty());
    }
  }
}

TEST(Csv, TakesAnotherSeparatorAndAByteOrderMark) {
  const RecordFiles files;
  const std::string path = files.write("\xEF\xBB\xBFid;amount;item\n7;1.5;a,b\n");
  EXPECT_THAT(sales_of(path, {.separator = ';'}).rows<Sale>("sales"), ElementsAre(Sale{7, 1.5, "a,b"}));
}

TEST(Csv, AnEmptyFieldIsNoneOfAnOptional) {
  const RecordFiles files;
  const std::string path = files.write("id,paid,amount,item\n1,true,0.1,a\n2,0,,\n3,1,,\"\"\n");
  const auto text = [](const Perhaps& one) {
    return std::to_string(one.id) + (one.paid ? "+" : "-") + (one.amount == 0.1F ? "v" : "") +
           (one.item ? "n" + *one.item : "");
  };
  const auto result = testing::run(Flow("perhaps").csv<Perhaps>(path).map(text).rows("texts"));
  EXPECT_THAT(result.rows<std::string>("texts"), ElementsAre("1+vna", "2-", "3+n"));
}

TEST(Csv, AColumnOfAnOptionalMayBeMissing) {
  const RecordFiles files;
  const auto text = [](const Perhaps& one) {
    return std::to_string(one.id) + (one.amount ? "v" : "") + (one.item ? "n" + *one.item : "");
  };
  const auto some = files.write("id,paid,amount,item\n9,1,2,a\n", "some");
  const auto without = files.write("item,id,paid\na,1,1\n,2,1\n", "without");
  for (const std::string& path : {without, some}) {
    const auto result = testing::run(Flow("perhaps").csv<Perhaps>(path).map(text).rows("texts"));
    EXPECT_THAT(result.rejected, IsEmpty());
    EXPECT_EQ(result.rows<std::string>("texts"),
              path == some ? std::vector<std::string>{"9vna"} : (std::vector<std::string>{"1na", "2"}));
  }
}

TEST(Csv, EmptyLinesBeforeTheHeaderAreSkipped) {
  const RecordFiles files;
  const std::string text = "\xEF\xBB\xBF\n\r\n\nid,amount,item\n\n1,0.5,one\n-2,1e3,\"a,\"\"b\"\"\"\n3,4,\nx,4,\n";
  const std::string path = files.write(text);
  for (const bool multiline : {false, true}) {
    for (const std::uint64_t split : {1U, 3U, 7U, 12U, 1000000U}) {
      const auto result = sales_of(path, {.split = split, .multiline = multiline});
      EXPECT_EQ(result.rows<Sale>("sales"), kThree) << split;
      ASSERT_EQ(result.rejected.size(), 1U);
      EXPECT_EQ(result.rejected[0].line, 9);
      EXPECT_EQ(result.rejected[0].offset, text.size() - 5);
    }
  }
}

TEST(Csv, NumbersAreReadStrictly) {
  EXPECT_EQ(reason_of("1,2,"), "");
  EXPECT_EQ(reason_of("1,nan,"), "");
  EXPECT_EQ(reason_of("1,-inf,"), "");
  EXPECT_EQ(reason_of("\"1\",\"2\",x"), "");
  EXPECT_EQ(reason_of(" 1,2,"), "field 'id' is ' 1', not an integer of 32 bits");
  EXPECT_EQ(reason_of("1,2 ,"), "field 'amount' is '2 ', not a number");
  EXPECT_EQ(reason_of("+1,2,"), "field 'id' is '+1', not an integer of 32 bits");
  EXPECT_EQ(reason_of("1.0,2,"), "field 'id' is '1.0', not an integer of 32 bits");
  EXPECT_EQ(reason_of("1,0x10,"), "field 'amount' is '0x10', not a number");
  EXPECT_EQ(reason_of(",2,"), "field 'id' is empty, not an integer of 32 bits");
  EXPECT_EQ(reason_of("2147483648,2,"),
            "field 'id' is 2147483648, which is out of range: an integer of 32 bits is wanted");
  EXPECT_THAT(reason_of("1,1e999,"), HasSubstr("field 'amount' is 1e999, which is out of range"));
  EXPECT_THAT(reason_of("1,1e-400,"), HasSubstr("field 'amount' is 1e-400, which is out of range"));
  EXPECT_EQ(reason_of("-0,-0,"), "");
  EXPECT_EQ(reason_of("1,0e-400,"), "");
}

TEST(Csv, WhatIsNoRecordIsRejected) {
  EXPECT_EQ(reason_of("1,2"), "2 fields, where the file has 3 columns");
  EXPECT_EQ(reason_of("1,2,a,b"), "4 fields, where the file has 3 columns");
  EXPECT_EQ(reason_of("1,2,a\"b"), "a quote inside field 3, which does not begin with one");
  EXPECT_EQ(reason_of("1,2,\"a\"b"), "more behind the closing quote of field 3");
  EXPECT_EQ(reason_of("1,2,\xFF"), "not valid UTF-8");
  EXPECT_EQ(reason_of("1,2,\"a"),
            "the quote at the begin of field 3 is not closed in its line (fields with line ends are read with "
            ".multiline = true)");
}

TEST(Csv, AnUnsignedFieldTakesNoMinus) {
  const RecordFiles files;
  const auto result = testing::run(
      Flow("perhaps")
          .csv<Perhaps>(files.write("id,paid,amount,item\n-1,1,,\n256,1,,\n1,yes,,\n1,1,1e39,\n--1,1,,\n-0,1,,\n"))
          .map([](const Perhaps& one) { return one.id; })
          .rows("ids"));
  EXPECT_THAT(result.rows<std::uint8_t>("ids"), ElementsAre(0));
  ASSERT_EQ(result.rejected.size(), 5U);
  EXPECT_THAT(result.rejected[0].reason, HasSubstr("field 'id' is -1, which is out of range"));
  EXPECT_THAT(result.rejected[1].reason, HasSubstr("field 'id' is 256, which is out of range"));
  EXPECT_EQ(result.rejected[2].reason, "field 'paid' is 'yes', not true, false, 1 or 0");
  EXPECT_THAT(result.rejected[3].reason, HasSubstr("field 'amount' is 1e39, which is out of range"));
  EXPECT_THAT(result.rejected[4].reason, HasSubstr("field 'id' is '--1', not an integer"));
}

TEST(Csv, AFileWithAnotherHeaderIsRefusedBeforeTheStage) {
  EXPECT_THAT(refusal_of("id,item\n1,a\n"), HasSubstr("has no column 'amount'; its columns are id, item"));
  EXPECT_THAT(refusal_of("id,amount,item,id\n"), HasSubstr("has two columns 'id'"));
  EXPECT_THAT(refusal_of("\n\nid,item\n1,a\n"), HasSubstr("has no column 'amount'; its columns are id, item"));
  EXPECT_THAT(refusal_of("id,\"amount\n,item\n1,2,3\n"), HasSubstr("has no header in its first line"));
  EXPECT_EQ(refusal_of("id,amount,item,more\n"), "");
  EXPECT_THAT(refusal_of("id,amount,item,more\n", {.strict = true}),
              HasSubstr("has a column 'more', which is unknown"));
  for (const char* none : {"", "\n", "\xEF\xBB\xBF\r\n\n"})
    EXPECT_EQ(refusal_of(none), "") << "no records need no header";
}

TEST(Csv, FieldsMayGoOverLinesWhereFilesAreReadWhole) {
  const RecordFiles files;
  std::string text = "id,amount,item\r\n1,2,\"a\r\nb\n\"\n";
  const std::string big(300000, 'x');
  text += "2,3,\"" + big + "\n" + big + "\n" + big + "\"\nbad\n3,4,c";
  const std::string path = files.write(text);
  const auto result = sales_of(path, {.multiline = true});
  EXPECT_EQ(result.rows<Sale>("sales"),
            (std::vector<Sale>{{1, 2, "a\r\nb\n"}, {2, 3, big + "\n" + big + "\n" + big}, {3, 4, "c"}}));
  EXPECT_EQ(result.counts.units, 1U);
  ASSERT_EQ(result.rejected.size(), 1U);
  EXPECT_EQ(result.rejected[0].line, 8);
  EXPECT_EQ(result.rejected[0].offset, text.find("bad"));
  const auto lines = sales_of(path);
  EXPECT_THAT(lines.rows<Sale>("sales"), ElementsAre(Sale{3, 4, "c"}));
  EXPECT_EQ(lines.rejected.size(), 7U);
}

TEST(Csv, AQuoteThatIsNeverClosedIsRejectedWithAllBehindIt) {
  const RecordFiles files;
  const auto result = sales_of(files.write("id,amount,item\n1,2,\"a\n2,3,b\n"), {.multiline = true});
  ASSERT_EQ(result.rejected.size(), 1U);
  EXPECT_EQ(result.rejected[0].reason, "the quote at the begin of field 3 is not closed");
  EXPECT_EQ(result.rejected[0].line, 2);
}

TEST(Csv, OptionsThatMakeNoSenseAreRefused) {
  EXPECT_THROW(Flow("sales").csv<Sale>("x", {.separator = '"'}), Error);
  EXPECT_THROW(Flow("sales").csv<Sale>("x", {.separator = '\0'}), Error);
  EXPECT_THROW(Flow("sales").csv<Series>("x"), Error);
  EXPECT_THROW(Flow("sales").csv<Sale>("x", {.split = 0, .multiline = true}), Error);
}

}  // namespace
}  // namespace kiln
