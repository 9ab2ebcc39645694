#include <kiln/detail/fold.hpp>
#include <kiln/detail/forest.hpp>
#include <kiln/error.hpp>

#include "unit/library/naive_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <memory>

namespace kiln::detail {
namespace {

using kiln::testing::Draw;
using kiln::testing::encoded;
using kiln::testing::Ids;
using kiln::testing::naive_value;
using kiln::testing::Shape;
using kiln::testing::TreeSum;

template <class M>
TreeForest<M> units_forest(std::uint64_t first, std::uint64_t last) {
  TreeForest<M> forest{M{}};
  for (std::uint64_t unit = first; unit < last; ++unit) forest.add({unit, 0}, M{}.lift(unit));
  return forest;
}

TEST(TreeForest, JoinsSiblingsLeftBeforeRight) {
  TreeForest<Shape> forest{Shape{}};
  forest.add({1, 0}, "1");
  forest.add({3, 0}, "3");
  EXPECT_EQ(forest.nodes(), 2U);
  forest.add({2, 0}, "2");
  EXPECT_EQ(forest.nodes(), 2U) << "units 1 and 2 are neighbours, not siblings";
  forest.add({0, 0}, "0");
  EXPECT_EQ(forest.nodes(), 1U);
  EXPECT_EQ(forest.typed_value(), "((0 1) (2 3))");
  EXPECT_EQ(forest.units(), std::vector{make_interval(0, 4)});
}

TEST(TreeForest, TheValueKeepsTheShapeWhereUnitsAreMissing) {
  TreeForest<Shape> forest{Shape{}};
  for (const std::uint64_t unit : {9U, 4U, 6U, 0U, 13U}) forest.add({unit, 0}, std::to_string(unit));
  EXPECT_EQ(forest.typed_value(), "((0 (4 6)) (9 13))");
  EXPECT_EQ(forest.nodes(), 5U) << "the value is made from a copy";
  forest.add({5, 0}, std::nullopt);
  forest.add({7, 0}, std::nullopt);
  EXPECT_EQ(forest.nodes(), 4U) << "an empty unit is not a hole";
  EXPECT_EQ(forest.typed_value(), "((0 (4 6)) (9 13))");
  EXPECT_FALSE(TreeForest<Shape>{Shape{}}.typed_value());
  EXPECT_FALSE(TreeForest<Shape>{Shape{}}.value());
}

TEST(TreeForest, WhatIsContainedIsDroppedAndWhatContainsReplaces) {
  auto forest = units_forest<Ids>(0, 4);
  forest.add({2, 1}, "other");
  forest.add({0, 0}, "other");
  EXPECT_EQ(forest.typed_value(), "0,1,2,3,");
  TreeForest<Ids> pieces{Ids{}};
  pieces.add({1, 0}, "1,");
  pieces.add({2, 0}, "2,");
  pieces.add({4, 0}, "4,");
  pieces.absorb(forest);
  EXPECT_EQ(pieces.typed_value(), "0,1,2,3,4,");
  EXPECT_EQ(pieces.nodes(), 2U);
  EXPECT_EQ(forest.nodes(), 0U) << "what was absorbed is empty";
  EXPECT_EQ(forest.bytes(), 0U);
}

TEST(TreeForest, IdsUpToTheLast) {
  TreeForest<Shape> forest{Shape{}};
  const std::uint64_t half = std::uint64_t{1} << 63;
  forest.add({0, 63}, "low");
  forest.add({half, 62}, "high");
  forest.add({UINT64_MAX - 1, 0}, "last");
  EXPECT_EQ(forest.typed_value(), "(low (high last))");
  const Bytes bytes = encoded(forest);
  TreeForest<Shape> again{Shape{}};
  ByteReader in(bytes, "test");
  again.admit(in);
  EXPECT_EQ(encoded(again), bytes);
  forest.add({UINT64_MAX - 1, 0}, "last");
  EXPECT_EQ(forest.nodes(), 3U);
}

TEST(TreeForest, RefusesWhatIsNoForest) {
  const auto refuses = [](std::initializer_list<Place> places, std::uint8_t kind = 1, std::uint8_t flag = 0) {
    ByteWriter out;
    out.put(kind);
    out.put<std::uint64_t>(places.size());
    for (const Place& place : places) {
      out.put(place.first);
      out.put(place.level);
      out.put(flag);
    }
    const Bytes bytes = out.take();
    ByteReader in(bytes, "test");
    TreeForest<Ids> forest{Ids{}};
    try {
      forest.admit(in);
    } catch (const Error& error) {
      return error.code() == ExitCode::internal;
    }
    return false;
  };
  EXPECT_FALSE(refuses({{0, 1}, {2, 0}}));
  EXPECT_TRUE(refuses({{1, 1}})) << "not aligned";
  EXPECT_TRUE(refuses({{0, 64}})) << "no such level";
  EXPECT_TRUE(refuses({{0, 200}}));
  EXPECT_TRUE(refuses({{std::uint64_t{1} << 63, 63}})) << "past the last id";
  EXPECT_TRUE(refuses({{2, 0}, {0, 0}})) << "out of order";
  EXPECT_TRUE(refuses({{0, 2}, {2, 0}})) << "overlapping";
  EXPECT_TRUE(refuses({{0, 0}}, 2)) << "another kind";
  EXPECT_TRUE(refuses({{0, 0}}, 1, 2)) << "a flag that is none";
  EXPECT_TRUE(refuses({{0, 0}}, 1, 1)) << "the value is missing";
  const Bytes huge = [] {
    ByteWriter out;
    out.put(ForestKind::tree);
    out.put<std::uint64_t>(UINT64_MAX);
    return out.take();
  }();
  ByteReader in(huge, "test");
  TreeForest<Ids> forest{Ids{}};
  EXPECT_THROW(forest.admit(in), Error);
}

TEST(TreeForest, DoesNotTakeAForestOfAnotherReduction) {
  TreeForest<Ids> ids{Ids{}};
  TreeForest<TreeSum> sum{TreeSum{}};
  EXPECT_THROW(ids.absorb(sum), Error);
}

TEST(TreeForest, CountsWhatItHolds) {
  TreeForest<Ids> forest{Ids{}};
  forest.add({0, 0}, std::string(1000, 'x'));
  EXPECT_GT(forest.bytes(), 1000U);
  forest.add({1, 0}, std::string(1000, 'y'));
  EXPECT_GT(forest.bytes(), 2000U);
  EXPECT_LT(forest.bytes(), 2500U);
  forest.add({0, 2}, std::nullopt);
  EXPECT_LT(forest.bytes(), 200U);
}

struct Maximum {
  using value_type = std::uint64_t;
  static constexpr bool exact = true;
  std::string describe() const { return "max"; }
  std::uint64_t lift(std::uint64_t id) const { return id; }
  void merge(std::uint64_t& left, std::uint64_t right) const { left = std::max(left, right); }
};

TEST(ExactForest, OneValueAndTheSetOfItsUnits) {
  ExactForest<Maximum> forest{Maximum{}};
  forest.add_exact(make_interval(10, 20), 17);
  forest.add_exact(make_interval(0, 5), std::nullopt);
  EXPECT_EQ(forest.typed_value(), 17U);
  ExactForest<Maximum> other{Maximum{}};
  other.add_exact(make_interval(5, 10), 3);
  const Bytes bytes = encoded(other);
  forest.absorb(other);
  EXPECT_EQ(forest.units(), std::vector{make_interval(0, 20)});
  EXPECT_EQ(forest.typed_value(), 17U);
  EXPECT_EQ(forest.nodes(), 1U);
  EXPECT_TRUE(other.units().empty());
  EXPECT_FALSE(other.typed_value());
  other.add_exact(make_interval(19, 21), 99);
  EXPECT_THROW(forest.absorb(other), Error) << "unit 19 twice";
  ByteReader in(bytes, "test");
  EXPECT_THROW(forest.admit(in), Error) << "units 5 to 9 twice";
  EXPECT_EQ(forest.typed_value(), 17U);
}

TEST(ExactForest, TravelsAsItIs) {
  ExactForest<Maximum> forest{Maximum{}};
  forest.add_exact(make_interval(10, 20), 17);
  forest.add_exact(make_interval(30, 40), 5);
  const Bytes bytes = encoded(forest);
  ExactForest<Maximum> again{Maximum{}};
  ByteReader in(bytes, "test");
  again.admit(in);
  EXPECT_TRUE(in.done());
  EXPECT_EQ(encoded(again), bytes);
  EXPECT_EQ(again.units(), forest.units());
}

TEST(UnitSet, JoinsWhatTouchesAndRefusesWhatOverlaps) {
  UnitSet set;
  set.add(make_interval(4, 6));
  set.add(make_interval(8, 9));
  set.add(make_interval(6, 8));
  set.add(make_interval(3, 3));
  EXPECT_EQ(set.intervals(), std::vector{make_interval(4, 9)});
  EXPECT_FALSE(set.overlaps(make_interval(0, 4)));
  EXPECT_FALSE(set.overlaps(make_interval(9, 12)));
  for (const Interval& over : {make_interval(3, 5), make_interval(5, 6), make_interval(8, 10), make_interval(0, 20)}) {
    EXPECT_TRUE(set.overlaps(over));
    EXPECT_THROW(set.add(over), Error);
  }
  EXPECT_EQ(set.intervals(), std::vector{make_interval(4, 9)});
}

}  // namespace
}  // namespace kiln::detail
