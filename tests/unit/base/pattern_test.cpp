#include "base/pattern.hpp"

#include <gtest/gtest.h>

namespace kiln {
namespace {

using namespace std::string_view_literals;

std::size_t fault_at(std::string_view text) {
  try {
    const Pattern pattern(text);
  } catch (const Pattern::Fault& fault) {
    return fault.at;
  }
  return std::string_view::npos;
}

TEST(Pattern, TheLastMatchCounts) {
  EXPECT_EQ(Pattern("loss ([0-9.]+)").last_match("loss 1.5\nloss 0.25\n"), "0.25");
  EXPECT_EQ(Pattern("[0-9]+").last_match("a 1 b 22 c"), "22");
  EXPECT_EQ(Pattern("x").last_match("abc"), std::nullopt);
  EXPECT_EQ(Pattern("a(x)?").last_match("ax a"), "");
  EXPECT_EQ(Pattern("(?:a)(b)(c)").last_match("abc"), "b");
}

TEST(Pattern, LinesHaveBeginAndEnd) {
  EXPECT_EQ(Pattern("^x=(.*)$").last_match("ax=1\nx=2\nx=3 \nyx=4"), "3 ");
  EXPECT_EQ(Pattern("^").last_match("a\nb"), "");
  EXPECT_TRUE(Pattern("^b$").occurs_in("a\nb\nc"));
  EXPECT_EQ(Pattern("a|b").last_match("b a"), "a");
}

TEST(Pattern, EmptyMatchesComeToAnEnd) {
  EXPECT_EQ(Pattern("z*").last_match("zza"), "");
  EXPECT_EQ(Pattern("").last_match(""), "");
}

TEST(Pattern, BytesThatAreNotText) {
  EXPECT_EQ(Pattern("loss ([0-9]+)").last_match("\xff\xfe\0 loss 7 \xff"sv), "7");
  EXPECT_EQ(Pattern("\xc3\xbc=(.)").last_match("\xc3\xbc=\xc3\xa4"), "\xc3\xa4");
  EXPECT_EQ(Pattern("\xff(.)").last_match("a\xff\xfe"), "\xfe");
  EXPECT_EQ(Pattern("x=(.*)").last_match("x=\xff\xc3\xbc\n"), "\xff\xc3\xbc");
  EXPECT_EQ(Pattern("\xc3\xbc=(.)").last_match("\xff\xc3\xbc=\xfe"), "\xfe");
}

TEST(Pattern, FaultsSayWhere) {
  EXPECT_EQ(fault_at("ab[z-a]"), 3U);
  EXPECT_EQ(fault_at("a(b"), 0U);
  EXPECT_EQ(fault_at("ab\\y"), 2U);
  EXPECT_EQ(fault_at("a{2000}"), 1U);
  EXPECT_EQ(fault_at("a)(b"), 0U);
  EXPECT_EQ(fault_at("(ok)"), std::string_view::npos);
}

}  // namespace
}  // namespace kiln
