#include "base/text.hpp"

#include <gtest/gtest.h>

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
