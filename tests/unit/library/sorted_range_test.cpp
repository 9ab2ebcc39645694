#include <kiln/kiln.hpp>
#include <kiln/testing.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace kiln {
namespace {

using Row = std::pair<std::uint64_t, std::uint64_t>;

TEST(SortedRange, KnowsItsPlaceWhereRunsHaveManyPieces) {
  constexpr std::uint64_t kUnits = 300, kEach = 200;
  const auto numbers = Flow("many").range(kUnits).flat_map([](std::uint64_t unit) {
    std::vector<std::uint64_t> all;
    for (std::uint64_t i = 0; i < kEach; ++i) all.push_back((unit * kEach + i) * 7919 % (kUnits * kEach));
    return all;
  });
  const auto placed = numbers.sort().ranges().flat_map([](auto& range) {
    std::vector<Row> rows;
    for (const std::uint64_t number : range) rows.emplace_back(range.first() + rows.size(), number);
    return rows;
  });
  for (const std::uint64_t batch : {30U, 300U}) {
    const auto rows = testing::run(placed.rows("t"), {.batch = batch}).rows<Row>("t");
    ASSERT_EQ(rows.size(), kUnits * kEach);
    for (std::uint64_t i = 0; i < rows.size(); ++i) ASSERT_EQ(rows[i], Row(i, i));
  }
}

}  // namespace
}  // namespace kiln
