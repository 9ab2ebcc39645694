#include <kiln/kiln.hpp>
#include <kiln/testing.hpp>
#include "unit/library/record_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kiln {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

enum class Color : std::uint8_t { red = 1, blue = 2 };

struct Event {
  std::int32_t id = 0;
  double value = 0;
  std::string name;
  friend bool operator==(const Event&, const Event&) = default;
};
KILN_COLUMNS(Event, id, value, name)

struct Everything {
  std::uint8_t u8 = 0;
  std::int8_t i8 = 0;
  std::uint16_t u16 = 0;
  std::int16_t i16 = 0;
  std::uint32_t u32 = 0;
  std::int64_t i64 = 0;
  std::uint64_t u64 = 0;
  float f32 = 0;
  bool yes = false;
  Color color = Color::red;
  std::array<double, 2> pair{};
  int three[3] = {};
  std::vector<std::int16_t> list;
};
KILN_COLUMNS(Everything, u8, i8, u16, i16, u32, i64, u64, f32, yes, color, pair, three, list)

struct Sparse {
  std::int32_t id = 0;
  std::optional<double> value;
  std::optional<std::string> name;
  std::optional<std::vector<int>> list;
};
KILN_COLUMNS(Sparse, id, value, name, list)

auto events_of(const std::string& path, JsonOptions options = {}) {
  return testing::run(Flow("events").json_lines<Event>(path, options).rows("events"));
}

/// Why a line alone is rejected; "" where it is not.
std::string reason_of(std::string_view line, JsonOptions options = {}) {
  const RecordFiles files;
  const auto result = events_of(files.write(line), options);
  EXPECT_EQ(result.dead_letters.size(), 0U);
  EXPECT_EQ(result.rejected.size() + result.rows<Event>("events").size(), 1U) << line;
  return result.rejected.empty() ? "" : result.rejected[0].reason;
}

TEST(JsonLines, AreObjectsInAnyOrderOfFields) {
  const RecordFiles files;
  const std::string text =
      "{\"id\":1,\"value\":0.5,\"name\":\"one\"}\n"
      " { \"name\" : \"\\u00e4\\n\\\"\" , \"more\":{\"id\":[1,{\"id\":2}]}, \"value\":-2e3, \"id\":-7 } \r\n"
      "\n \t\r\n"
      "{\"\\u0069d\":3,\"value\":4,\"name\":\"last\"}";
  for (const std::uint64_t split : {1U, 7U, 40U, 1000000U}) {
    const auto result = events_of(files.write(text), {.split = split});
    EXPECT_EQ(result.rows<Event>("events"),
              (std::vector<Event>{{1, 0.5, "one"}, {-7, -2000, "\u00e4\n\""}, {3, 4, "last"}}))
        << split;
    EXPECT_EQ(result.rejected.size(), 0U);
  }
}

TEST(JsonLines, GiveEveryTypeOfField) {
  const RecordFiles files;
  const std::string path = files.write(
      R"({"u8":255,"i8":-128,"u16":65535,"i16":-32768,"u32":4294967295,"i64":-9223372036854775808,)"
      R"("u64":18446744073709551615,"f32":0.1,"yes":true,"color":2,"pair":[1,2.5],"three":[1,2,3],"list":[]})"
      "\n"
      R"({"u8":0,"i8":127,"u16":0,"i16":32767,"u32":0,"i64":9223372036854775807,)"
      R"("u64":0,"f32":1.00000005960464477539062500001,"yes":false,"color":1,"pair":[0,0],)"
      R"("three":[0,0,0],"list":[1,-2,3]})");
  const auto result = testing::run(Flow("all").json_lines<Everything>(path).rows("all"));
  EXPECT_THAT(result.rejected, IsEmpty());
  const auto rows = result.rows<Everything>("all");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].u8, 255);
  EXPECT_EQ(rows[0].i8, -128);
  EXPECT_EQ(rows[0].u16, 65535);
  EXPECT_EQ(rows[0].i16, -32768);
  EXPECT_EQ(rows[0].u32, 4294967295U);
  EXPECT_EQ(rows[0].i64, INT64_MIN);
  EXPECT_EQ(rows[0].u64, UINT64_MAX);
  EXPECT_EQ(rows[0].f32, 0.1F);
  EXPECT_TRUE(rows[0].yes);
  EXPECT_EQ(rows[0].color, Color::blue);
  EXPECT_THAT(rows[0].pair, ElementsAre(1, 2.5));
  EXPECT_THAT(rows[0].list, IsEmpty());
  EXPECT_EQ(rows[1].i64, INT64_MAX);
  EXPECT_EQ(rows[1].f32, 1.00000011920928955078F) << "rounded once";
  EXPECT_FALSE(rows[1].yes);
  EXPECT_THAT(rows[1].list, ElementsAre(1, -2, 3));
  EXPECT_EQ(rows[0].three[2], 3);
}

TEST(JsonLines, AnOptionalFieldMayBeMissingOrNull) {
  const RecordFiles files;
  const std::string path = files.write(
      "{\"id\":1,\"value\":2,\"name\":\"a\",\"list\":[7]}\n"
      "{\"id\":2,\"value\":null}\n"
      "{\"id\":3,\"name\":\"\"}\n"
      "{\"id\":4,\"value\":\"x\"}\n");
  const auto text = [](const Sparse& one) {
    return std::to_string(one.id) + (one.value ? "v" : "") + (one.name ? "n" + *one.name : "") +
           (one.list ? "l" + std::to_string(one.list->size()) : "");
  };
  const auto result = testing::run(Flow("sparse").json_lines<Sparse>(path).map(text).rows("texts"));
  EXPECT_THAT(result.rows<std::string>("texts"), ElementsAre("1vnal1", "2", "3n"));
  ASSERT_EQ(result.rejected.size(), 1U);
  EXPECT_EQ(result.rejected[0].reason, "field 'value' is a text, not a number");
}

TEST(JsonLines, WhatDoesNotFitIsRejectedByName) {
  EXPECT_EQ(reason_of(R"({"id":1,"value":2})"), "field 'name' is missing");
  EXPECT_EQ(reason_of(R"({"id":1,"value":2,"name":"","id":1})"), "field 'id' is there twice");
  EXPECT_EQ(reason_of(R"({"id":1,"value":2,"name":null})"), "field 'name' is null, not a text");
  EXPECT_EQ(reason_of(R"({"id":1,"value":2,"name":5})"), "field 'name' is a number, not a text");
  EXPECT_EQ(reason_of(R"({"id":"1","value":2,"name":""})"), "field 'id' is a text, not an integer of 32 bits");
  EXPECT_EQ(reason_of(R"({"id":1.5,"value":2,"name":""})"), "field 'id' is 1.5, not an integer of 32 bits");
  EXPECT_EQ(reason_of(R"({"id":2147483648,"value":2,"name":""})"),
            "field 'id' is 2147483648, which is out of range: an integer of 32 bits is wanted");
  EXPECT_THAT(reason_of(R"({"id":99999999999999999999,"value":2,"name":""})"), HasSubstr("out of range"));
  EXPECT_THAT(reason_of(R"({"id":1,"value":1e999,"name":""})"), HasSubstr("field 'value' is 1e999, which is out of"));
  EXPECT_THAT(reason_of(R"({"id":1,"value":-1e-400,"name":""})"), HasSubstr("'value' is -1e-400, which is out of"));
  EXPECT_EQ(reason_of(R"({"id":-0,"value":-0.0e-400,"name":""})"), "");
  EXPECT_EQ(reason_of(R"({"id":1,"value":true,"name":""})"), "field 'value' is true or false, not a number");
  EXPECT_EQ(reason_of(R"({"id":1,"value":[2],"name":""})"), "field 'value' is an array, not a number");
  EXPECT_EQ(reason_of(R"({"id":1,"value":{},"name":""})"), "field 'value' is an object, not a number");
  EXPECT_EQ(reason_of("[1]"), "not a JSON object");
  EXPECT_EQ(reason_of("17"), "not a JSON object");
  EXPECT_EQ(reason_of("null"), "not a JSON object");
  EXPECT_EQ(reason_of(R"({"id":1,"value":2,"name":""} 7)"), "not a JSON object that ends with its }");
  EXPECT_EQ(reason_of(R"({"id":1,"value":2,"name":""}{"id":2,"value":2,"name":""})"),
            "there is more behind the JSON object");
  EXPECT_EQ(reason_of("{\"id\":1,\"value\":2,\"name\":\"\xFF\"}"), "not valid UTF-8");
  EXPECT_THAT(reason_of(R"({"id":1,"value":2,"name":"\ud800"})"), StartsWith("field 'name': not valid JSON"));
  for (const char* const broken :
       {R"({"id":1,"value":2,"name":"x)", R"({"id":1,"value":2,"name":"x")", R"({"id":1,"value":2 "name":"x"})", "{",
        "}", R"({"id":01,"value":2,"name":""})", R"({"id":1,"value":2.,"name":""})",
        R"({"id":1,"value":nul,"name":""})", R"({"id":1,"value":+2,"name":""})", R"({"id":1,"value":NaN,"name":""})",
        R"({id:1,"value":2,"name":""})", R"({"id":1,"value":2,"name":"",})", "plain text",
        "{\"id\":1,\"value\":2,\"name\":\"a\tb\"}"}) {
    EXPECT_NE(reason_of(broken), "") << broken;
  }
}

TEST(JsonLines, StrictRefusesUnknownFields) {
  constexpr std::string_view line = R"({"id":1,"value":2,"name":"","mo\u0072e":3})";
  EXPECT_EQ(reason_of(line), "");
  EXPECT_EQ(reason_of(line, {.strict = true}), "unknown field 'more'");
}

TEST(JsonLines, ArraysHaveTheirLength) {
  const RecordFiles files;
  std::string line =
      R"({"u8":1,"i8":1,"u16":1,"i16":1,"u32":1,"i64":1,"u64":1,"f32":1,"yes":true,"color":1,"pair":[1],"three":[1,2,3],"list":[]})";
  const auto reason = [&] {
    const auto result = testing::run(Flow("all").json_lines<Everything>(files.write(line)).rows("all"));
    return result.rejected.empty() ? "" : result.rejected[0].reason;
  };
  EXPECT_EQ(reason(), "field 'pair' has 1 values, not 2");
  line.replace(line.find("[1]"), 3, "[1,\"2\"]");
  EXPECT_EQ(reason(), "field 'pair' is a text, not an array, each value a number");
  line.replace(line.find("[1,\"2\"]"), 7, "[1,2]");
  line.replace(line.find("[]"), 2, "[32768]");
  EXPECT_THAT(reason(), HasSubstr("field 'list' is 32768, which is out of range"));
  line.replace(line.find("[32768]"), 7, "7");
  EXPECT_EQ(reason(), "field 'list' is a number, not an array, each value an integer of 16 bits");
}

TEST(JsonLines, ARejectedRecordHasItsFileOffsetAndLine) {
  const RecordFiles files;
  std::string text;
  std::vector<std::uint64_t> offsets;
  for (int i = 0; i < 200; ++i) {
    if (i % 50 == 49) {
      offsets.push_back(text.size());
      text += "{\"id\":\n";
    } else {
      text += i % 20 == 0 ? "\n"
                          : "{\"id\":" + std::to_string(i) + ",\"value\":1,\"name\":\"" +
                                std::string(static_cast<std::size_t>(i), 'x') + "\"}\n";
    }
  }
  const std::string path = files.write(text);
  for (const std::uint64_t split : {10U, 100U, 1000000U}) {
    const auto result = events_of(path, {.split = split});
    ASSERT_EQ(result.rejected.size(), 4U);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(result.rejected[i].file, path);
      EXPECT_EQ(result.rejected[i].offset, offsets[i]);
      EXPECT_EQ(result.rejected[i].line, static_cast<std::int64_t>(50 * (i + 1))) << split;
      EXPECT_EQ(result.rejected[i].text, "{\"id\":");
    }
    EXPECT_EQ(result.rows<Event>("events").size(), 200U - 4 - 10);
  }
}

TEST(JsonLines, AByteOrderMarkIsSkippedAndAnEmptyFileHasNoRecords) {
  const RecordFiles files;
  const std::string path = files.write("\xEF\xBB\xBF{\"id\":1,\"value\":2,\"name\":\"\"}\nx\n");
  const auto result = events_of(path);
  EXPECT_EQ(result.rows<Event>("events").size(), 1U);
  ASSERT_EQ(result.rejected.size(), 1U);
  EXPECT_EQ(result.rejected[0].line, 2);
  EXPECT_EQ(events_of(files.write("")).counts.units, 0U);
  EXPECT_EQ(events_of(files.write("\xEF\xBB\xBF")).rejected.size(), 0U);
  EXPECT_EQ(events_of(files.write("\n\n\r\n")).rejected.size(), 0U);
}

TEST(JsonLines, AVeryLongLineIsARejectedRecord) {
  const RecordFiles files;
  const std::string path = files.write("{\"id\":1,\"value\":2,\"name\":\"a\"}\n");
  std::filesystem::resize_file(path, std::uint64_t{1} << 28);  // zeros
  std::ofstream(path, std::ios::app) << "\n{\"id\":2,\"value\":2,\"name\":\"b\"}\n";
  const auto result = events_of(path, {.split = 64 << 20});
  EXPECT_THAT(result.dead_letters, IsEmpty());
  EXPECT_THAT(result.rows<Event>("events"), ElementsAre(Event{1, 2, "a"}, Event{2, 2, "b"}));
  ASSERT_EQ(result.rejected.size(), 1U);
  EXPECT_EQ(result.rejected[0].reason, "the line is longer than 64 MiB");
  EXPECT_EQ(std::tuple(result.rejected[0].offset, result.rejected[0].line), std::tuple(30U, 2));
  EXPECT_EQ(result.rejected[0].text, std::string(std::size_t{64} << 10, '\0'));
}

TEST(JsonLines, AFileThatShrinksOrVanishesFailsItsUnits) {
  for (const bool vanish : {false, true}) {
    const RecordFiles files;
    const std::string first = files.write("{\"id\":1,\"value\":2,\"name\":\"a\"}\n", "a");
    const std::string second = files.write("{\"id\":2,\"value\":2,\"name\":\"a\"}\n", "b");
    const auto spoil = [&](const Event& event) {
      if (event.id == 1 && vanish) std::filesystem::remove(second);
      if (event.id == 1 && !vanish) std::filesystem::resize_file(second, 5);
      return event.value;
    };
    const auto result =
        testing::run(Flow("events").json_lines<Event>(files.path("?")).map(spoil).reduce(std::plus<>{}));
    EXPECT_EQ(result.value, 2);
    ASSERT_EQ(result.dead_letters.size(), 1U);
    EXPECT_THAT(result.dead_letters[0].reason, HasSubstr(vanish ? "cannot open " + second : second + " has 5 bytes"));
  }
}

}  // namespace
}  // namespace kiln
