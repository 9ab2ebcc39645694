#include <kiln/detail/fold.hpp>

#include "unit/library/naive_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <vector>

namespace kiln::detail {
namespace {

using kiln::testing::Draw;
using kiln::testing::encoded;
using kiln::testing::Ids;
using kiln::testing::naive_value;
using kiln::testing::Shape;
using kiln::testing::TreeSum;

TEST(TreeFold, AnUnalignedBeginKeepsItsPlaceInTheTree) {
  const Shape shape;
  TreeFold<Shape, std::uint64_t> fold(shape, UnitId(3));
  for (std::uint64_t unit = 3; unit < 11; ++unit) fold.push(unit);
  TreeForest<Shape> forest{shape};
  fold.finish(forest);
  EXPECT_EQ(forest.nodes(), 4U) << "3, 4-7, 8-9, 10";
  EXPECT_EQ(forest.typed_value(), "((3 ((4 5) (6 7))) ((8 9) 10))");
}

TEST(TreeFold, ItemsOfAUnitAreATreeOfTheirOwn) {
  const Shape shape;
  TreeFold<Shape, std::uint64_t> fold(shape, UnitId(0));
  fold.push(7);
  for (const std::uint64_t item : {1U, 2U, 3U}) fold.collect(item);
  fold.close();
  fold.collect(99);
  fold.drop();
  fold.close();
  for (const std::uint64_t item : {4U, 5U}) fold.collect(item);
  fold.close();
  TreeForest<Shape> forest{shape};
  fold.finish(forest);
  EXPECT_EQ(forest.typed_value(), "((7 ((1 2) 3)) (4 5))");
  EXPECT_EQ(forest.units(), (std::vector{make_interval(0, 2), make_interval(3, 5)})) << "unit 2 failed, 3 gave nothing";
}

TEST(TreeFold, NodesGiveTheBitsOfSingleUnits) {
  Draw draw(1);
  const TreeSum sum;
  std::map<std::uint64_t, double> leaves;
  TreeFold<TreeSum, double> fold(sum, UnitId(5));
  while (fold.next().value() < 5000) {
    const std::uint64_t unit = fold.next().value();
    if (unit % 16 != 0 || draw.one_in(5)) {
      fold.push(leaves[unit] = draw.wild());
      continue;
    }
    std::vector<double> values(16);
    for (std::size_t i = 0; i < values.size(); ++i) leaves[unit + i] = values[i] = draw.wild();
    for (std::size_t step = 1; step < values.size(); step *= 2) {
      for (std::size_t i = 0; i < values.size(); i += 2 * step) values[i] += values[i + step];
    }
    fold.push_node(4, values.front());
  }
  TreeForest<TreeSum> forest{sum};
  fold.finish(forest);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(*forest.typed_value()),
            std::bit_cast<std::uint64_t>(*naive_value(sum, leaves)));
}

struct UnitMax {
  using value_type = std::uint64_t;
  static constexpr bool exact = true;
  std::string describe() const { return "max"; }
  std::uint64_t lift(std::uint64_t item, UnitId unit) const { return item * 100 + unit.value(); }
  void merge(std::uint64_t& left, std::uint64_t right) const { left = std::max(left, right); }
};

TEST(ExactFold, NothingOfAFailedUnitIsInIt) {
  const UnitMax monoid;
  ExactFold<UnitMax, std::uint64_t> fold(monoid, UnitId(4));
  fold.push(3);
  fold.collect(50);
  fold.drop();
  fold.push_empty();
  fold.collect(5);
  fold.collect(4);
  fold.close();
  ExactForest<UnitMax> forest{monoid};
  fold.finish(forest);
  EXPECT_EQ(forest.typed_value(), 507U) << "unit 7 gave 5";
  EXPECT_EQ(forest.units(), (std::vector{make_interval(4, 5), make_interval(6, 8)}));
}

TEST(ExactFold, UnitsWithoutAnyValueAreDone) {
  const UnitMax monoid;
  ExactFold<UnitMax, std::uint64_t> fold(monoid, UnitId(0));
  fold.push_empty();
  ExactForest<UnitMax> forest{monoid};
  fold.finish(forest);
  EXPECT_FALSE(forest.value());
  EXPECT_EQ(forest.units(), std::vector{make_interval(0, 1)});
}

/// How often each remainder came; an item beyond them is refused.
struct Remainders {
  using value_type = std::vector<std::uint64_t>;
  static constexpr bool exact = true;
  static std::string describe() { return "remainders"; }
  static std::size_t counts() { return 4; }
  static value_type zero() { return value_type(4); }
  static value_type lift(std::uint64_t item) {
    value_type value = zero();
    ++value[item % 4];
    return value;
  }
  static void merge(value_type& left, const value_type& right) {
    for (std::size_t i = 0; i < left.size(); ++i) left[i] += right[i];
  }
};

// The memory of a value that was joined with another is used again: nothing of it may be seen.
TEST(ExactFold, WhatWasJoinedLeavesRoomAndNoNumbers) {
  using Forest = ExactForest<Remainders>;
  const Remainders monoid;
  Forest all{monoid}, later{monoid};
  const std::uint64_t* memory = nullptr;
  for (std::uint64_t unit = 0; unit < 12; unit += 2) {
    ExactFold<Remainders, std::uint64_t> fold(monoid, UnitId(unit));
    fold.begin(later);
    if (unit == 6) {
      fold.push_empty();
    } else {
      fold.collect(unit);
      fold.collect(3);
      fold.close();
    }
    fold.collect(2);
    fold.drop();
    fold.finish(later);
    EXPECT_EQ(later.typed_value().has_value(), unit != 6);
    if (unit == 2) memory = later.typed_value()->data();
    if (unit > 2 && unit != 6) {
      EXPECT_EQ(later.typed_value()->data(), memory) << unit;
    }
    all.absorb(later);
    EXPECT_EQ(later.nodes(), 0U);
    EXPECT_TRUE(later.units().empty());
  }
  EXPECT_EQ(all.typed_value(), (std::vector<std::uint64_t>{3, 0, 2, 5}));
  EXPECT_EQ(all.units().size(), 6U);
}

}  // namespace
}  // namespace kiln::detail
