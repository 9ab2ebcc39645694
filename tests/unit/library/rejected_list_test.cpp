#include <gtest/gtest.h>
#include <kiln/detail/rejected_list.hpp>

using namespace kiln;
using detail::RejectedList;

TEST(RejectedList, OfAUnitTheFirstTenThousandAreKeptAndTheOthersCounted) {
  RejectedList rejected;
  std::vector<detail::RejectedRecord> list;
  for (std::uint64_t i = 0; i < 12'345; ++i)
    rejected.add(list, UnitId(7), "a.txt", i, "text", "bad", static_cast<std::int64_t>(i) + 1);
  ASSERT_EQ(list.size(), 10'001U);
  EXPECT_EQ(list[9'999].offset, 9'999U);
  EXPECT_EQ(list[9'999].text, "text");
  EXPECT_EQ(list.back().offset, 10'000U);
  EXPECT_EQ(list.back().line, 10'001);
  EXPECT_EQ(list.back().text, "");
  EXPECT_EQ(list[9'999].count, 1U);
  EXPECT_EQ(list.back().count, 2345U);
  EXPECT_EQ(list.back().reason, "from here on 2345 more records of this unit were rejected");
  rejected.add(list, UnitId(8), "b.txt", 3, std::string(300, 'x'), "long");
  ASSERT_EQ(list.size(), 10'002U);
  EXPECT_EQ(list.back().unit, UnitId(8));
  EXPECT_EQ(list.back().text, std::string(300, 'x'));
}

TEST(RejectedList, TextsOfAUnitAreKeptWholeUpToAMebibyte) {
  RejectedList rejected;
  std::vector<detail::RejectedRecord> list;
  const std::string text(100'000, 'x');
  for (std::uint64_t i = 0; i < 20; ++i) rejected.add(list, UnitId(1), "a", i, text, "bad");
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(list[i].text.size(), i < 16 ? 65'536U : 200U) << i;
  rejected.add(list, UnitId(2), "a", 0, text, "bad");
  EXPECT_EQ(list.back().text.size(), 65'536U) << "another unit";
}

TEST(RejectedList, AUnitThatFailedAndWentBeginsAnew) {
  RejectedList rejected;
  std::vector<detail::RejectedRecord> list;
  for (int i = 0; i < 10'001; ++i) rejected.add(list, UnitId(1), "", 0, "", "bad");
  list.clear();
  rejected.add(list, UnitId(1), "", 0, "", "bad");
  EXPECT_EQ(list.back().reason, "bad");
}
