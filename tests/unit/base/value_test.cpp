#include "base/value.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace kiln {
namespace {

template <class T>
ListView list(ColumnType type, const T& values) {
  return {type, std::as_bytes(std::span(values))};
}

TEST(Value, ListsAreTextThatReadsBack) {
  using Limits = std::numeric_limits<double>;
  const std::array<double, 6> reals{1, 2.5, 0.1, Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()};
  EXPECT_EQ(list_text(list(ColumnType::f64, reals)), "[1,2.5,0.1,NaN,Infinity,-Infinity]");
  EXPECT_EQ(list_text(list(ColumnType::i8, std::array<std::int8_t, 2>{-128, 127})), "[-128,127]");
  EXPECT_EQ(list_text(list(ColumnType::u64, std::array<std::uint64_t, 1>{~0ULL})), "[18446744073709551615]");
  EXPECT_EQ(list_text({ColumnType::u16, {}}), "[]");
}

TEST(Value, AnF32HasItsOwnFewDigits) {
  const std::array<float, 4> numbers{0.1F, 1e-45F, 3.4028235e38F, -16777216.0F};
  const ListView view = list(ColumnType::f32, numbers);
  ASSERT_EQ(size(view), 4U);
  EXPECT_EQ(std::get<double>(number_in(view, 0)), 0.1);
  for (std::size_t i = 0; i < size(view); ++i) {
    EXPECT_EQ(static_cast<float>(std::get<double>(number_in(view, i))), numbers[i]);
  }
}

}  // namespace
}  // namespace kiln
