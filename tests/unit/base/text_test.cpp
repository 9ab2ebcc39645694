#include "base/text.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <vector>

namespace kiln {
namespace {

TEST(Text, ValidTextStaysAsItIs) {
  bool changed = false;
  const std::string text = "plain, Grüße, 日本, \U0001F525, \t\n";
  EXPECT_EQ(to_utf8(text, &changed), text);
  EXPECT_FALSE(changed);
}

TEST(Text, WhatIsNotUtf8IsEscapedAndSaid) {
  struct Case {
    std::string bytes, shown;
  };
  const Case cases[] = {
      {std::string("a\0b", 3), "a\\x00b"},
      {"\xFF", "\\xFF"},
      {"caf\xE9 x", "caf\\xE9 x"},
      {"\xC0\xAF", "\\xC0\\xAF"},                    // overlong
      {"\xE0\x80\xAF", "\\xE0\\x80\\xAF"},           // overlong
      {"\xED\xA0\x80", "\\xED\\xA0\\x80"},           // a surrogate
      {"\xF4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"},  // above U+10FFFF
      {"\xE2\x82", "\\xE2\\x82"},                    // cut off
  };
  for (const Case& one : cases) {
    bool changed = false;
    EXPECT_EQ(to_utf8(one.bytes, &changed), one.shown);
    EXPECT_TRUE(changed) << one.shown;
  }
}

// What docs/file-format.md says of reading a text of a table.
std::string bytes_of(std::string_view text) {
  const std::regex one(R"(\\\\|\\x([0-9A-F]{2}))");
  std::string all(text), out;
  if (!std::regex_search(all, std::regex(R"(\\x[0-9A-F]{2})"))) return all;
  std::smatch found;
  for (; std::regex_search(all, found, one); all = found.suffix()) {
    out += found.prefix();
    out += found[1].matched ? static_cast<char>(std::stoi(found[1], nullptr, 16)) : '\\';
  }
  return out + all;
}

TEST(TableText, WhatNeedsNothingStaysAsItIs) {
  for (const std::string text :
       {"plain, Grüße\n", R"(C:\new\x)", R"(\xff\xff)", R"(\x0)", R"(\n\\)", R"(\xAg\x)", ""}) {
    bool escaped = false;
    EXPECT_EQ(table_text(text, &escaped), text);
    EXPECT_FALSE(escaped) << text;
    EXPECT_EQ(bytes_of(text), text);
  }
}

TEST(TableText, DifferentBytesStayDifferentAndCanBeHadBack) {
  const std::string cases[] = {"\xFF\xFF", R"(\xFF\xFF)", "\\xFF\xFF", "\xFF\\xFF", R"(\\xFF)",
                               "\\\xFF",   {"a\0\\b", 4}, R"(\x41)",   "\\\\\xFF",  "caf\xE9 \\xE9 \\n"};
  std::set<std::string> seen;
  for (const std::string& bytes : cases) {
    bool escaped = false;
    const std::string text = table_text(bytes, &escaped);
    EXPECT_TRUE(escaped) << text;
    EXPECT_TRUE(is_utf8(text)) << text;
    EXPECT_TRUE(seen.insert(text).second) << text;
    EXPECT_EQ(bytes_of(text), bytes) << text;
  }
  EXPECT_EQ(table_text("\\xFF\xFF"), R"(\\xFF\xFF)");
  EXPECT_EQ(table_text("\\n\xFF"), R"(\\n\xFF)");
}

TEST(TableText, AllShortStringsOfOddBytesDiffer) {
  const std::string_view alphabet = "\\xF\xFF";
  std::set<std::string> seen;
  std::vector<std::string> all = {""};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string text = table_text(all[i]);
    ASSERT_TRUE(seen.insert(text).second) << text;
    ASSERT_EQ(bytes_of(text), all[i]) << text;
    if (all[i].size() < 7) {
      for (const char c : alphabet) all.push_back(all[i] + c);
    }
  }
}

TEST(Text, MessagesAreOneShortLine) {
  EXPECT_EQ(for_message("a\nb\tc\x1B[31m"), "a\\nb\\tc\\x1B[31m");
  EXPECT_EQ(for_message("abcdef", 3), "abc…");
  EXPECT_EQ(for_message("abc", 3), "abc");
}

TEST(IsUtf8, KnowsWhatIsText) {
  for (const std::string_view yes : {"", "abc", "\xc3\xbc", "a\xe2\x82\xac b", "\xf0\x9f\x94\xa5"})
    EXPECT_TRUE(is_utf8(yes)) << yes;
  for (const std::string_view no : {"\xff", "abc\xc3", "\xc0\x80", "\xed\xa0\x80", "\xc3\xbc\xbc"})
    EXPECT_FALSE(is_utf8(no)) << no;
  EXPECT_TRUE(is_utf8(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace kiln
