#include "base/quantity.hpp"

#include <gtest/gtest.h>

namespace kiln {
namespace {

using namespace std::chrono_literals;

TEST(Quantity, DurationsTakeUnits) {
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("30s"), 30s);
  EXPECT_EQ(parse_duration("30"), 30s);
  EXPECT_EQ(parse_duration("1.5m"), 90s);
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("2d"), 48h);
  EXPECT_EQ(parse_duration("0"), 0s);
}

TEST(Quantity, WhatIsNoDurationIsNone) {
  for (const char* text :
       {"", "-1s", "s", "1x", "1s2", "1h30", " 1s", "1s ", "1e3", "1..5s", "nan", "inf", "99999999999d"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Quantity, SizesTakeUnits) {
  EXPECT_EQ(parse_size("4096"), 4096U);
  EXPECT_EQ(parse_size("64KiB"), 65536U);
  EXPECT_EQ(parse_size("64K"), 65536U);
  EXPECT_EQ(parse_size("10MB"), 10'000'000U);
  EXPECT_EQ(parse_size("1.5GiB"), 1'610'612'736U);
}

TEST(Quantity, WhatIsNoSizeIsNone) {
  for (const char* text : {"", "-1", "KiB", "1 KiB", "1Kib", "1KiB2", "99999999TiB", "0x10"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(Quantity, CountsAreDigitsInRange) {
  EXPECT_EQ(parse_count("18446744073709551615"), UINT64_MAX);
  for (const char* text : {"", "-1", "+1", "1.0", "18446744073709551616", "1 "})
    EXPECT_FALSE(parse_count(text)) << text;
}

TEST(Quantity, PeopleReadShortTexts) {
  EXPECT_EQ(format_duration(12ms), "12 ms");
  EXPECT_EQ(format_duration(99ms + 600us), "0.1 s");
  EXPECT_EQ(format_duration(12345ms), "12.3 s");
  EXPECT_EQ(format_duration(245s), "4m 05s");
  EXPECT_EQ(format_duration(3h + 12min), "3h 12m");
  EXPECT_EQ(format_duration(52h), "2d 04h");
  EXPECT_EQ(format_size(512), "512 B");
  EXPECT_EQ(format_size(65536), "64.0 KiB");
  EXPECT_EQ(format_size((1U << 30) - 1), "1.0 GiB");
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1'234'567), "1,234,567");
}

}  // namespace
}  // namespace kiln
