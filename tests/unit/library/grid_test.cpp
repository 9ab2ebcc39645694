#include <kiln/error.hpp>
#include <kiln/grid.hpp>

#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

namespace kiln {
namespace {

using ::testing::HasSubstr;

std::vector<double> all(const Values& values) {
  std::vector<double> list;
  for (std::uint64_t i = 0; i < values.size(); ++i) list.push_back(values[i]);
  return list;
}

template <class F>
std::string why(F&& f) {
  return refusal_of(ExitCode::bad_input, std::forward<F>(f));
}

TEST(Values, RulesGiveTheirEndsExactly) {
  EXPECT_EQ(all(linspace(0, 1, 5)), (std::vector<double>{0, 0.25, 0.5, 0.75, 1}));
  EXPECT_EQ(all(linspace(3, 3, 1)), (std::vector<double>{3}));
  EXPECT_EQ(all(linspace(1, -1, 3)), (std::vector<double>{1, 0, -1}));
  EXPECT_EQ(all(steps(0, 1, 0.1)).size(), 11U);
  EXPECT_EQ(all(steps(0, 1, 0.3)).size(), 4U);
  EXPECT_EQ(all(steps(5, 1, -2)), (std::vector<double>{5, 3, 1}));
  EXPECT_EQ(all(steps(5, 5, 1)), (std::vector<double>{5}));
  EXPECT_EQ(all(logspace(0, 3, 4)), (std::vector<double>{1, 10, 100, 1000}));
  const auto ratios = all(geometric(-1, -16, 5));
  for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR(ratios[i], -std::pow(2.0, static_cast<double>(i)), 1e-12);
  EXPECT_EQ(ratios[4], -16);
}

TEST(Values, EndsFarApartDoNotOverflow) {
  const double most = std::numeric_limits<double>::max();
  EXPECT_EQ(all(linspace(-most, most, 3)), (std::vector<double>{-most, 0, most}));
}

TEST(Values, WhatGivesNoSenseIsSaid) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(why([] { linspace(0, 1, 0); }), HasSubstr("linspace(0, 1, 0): no values"));
  EXPECT_THAT(why([] { linspace(2, 2, 5); }), HasSubstr("a step of zero"));
  EXPECT_THAT(why([&] { linspace(nan, 2, 5); }), HasSubstr("finite"));
  EXPECT_THAT(why([&] { logspace(0, HUGE_VAL, 5); }), HasSubstr("finite"));
  EXPECT_THAT(why([] { geometric(0, 2, 5); }), HasSubstr("same sign"));
  EXPECT_THAT(why([] { geometric(-1, 2, 5); }), HasSubstr("same sign"));
  EXPECT_THAT(why([] { steps(0, 1, 0); }), HasSubstr("a number other than zero"));
  EXPECT_THAT(why([&] { steps(0, 1, nan); }), HasSubstr("a number other than zero"));
  EXPECT_THAT(why([] { steps(0, 1, -1); }), HasSubstr("leads away"));
  EXPECT_THAT(why([] { steps(0, 1, 1e-300); }), HasSubstr("2^53"));
}

TEST(Grid, EveryCombinationOnceTheLastFastest) {
  const Grid grid({{"a", {1, 2}}, {"b", {10, 20, 30}}});
  ASSERT_EQ(grid.size(), 6U);
  std::vector<double> sums;
  for (std::uint64_t i = 0; i < 6; ++i) sums.push_back(Point(grid, i)["a"] + Point(grid, i)["b"]);
  EXPECT_EQ(sums, (std::vector<double>{11, 21, 31, 12, 22, 32}));
  EXPECT_EQ(Point(grid, 4).index("b"), 1U);
  EXPECT_EQ(Point(grid, 4).value(0), 2);
}

TEST(Grid, LinkedAxesGoTogether) {
  const Grid grid({{"x", {1, 2}}, linked({{"a", {1, 2, 3}}, {"b", {10, 20, 30}}}), {"y", {0, 1}}});
  EXPECT_EQ(grid.size(), 12U);
  EXPECT_EQ(grid.names(), (std::vector<std::string>{"x", "a", "b", "y"}));
  std::set<std::vector<double>> seen;
  for (std::uint64_t i = 0; i < grid.size(); ++i) {
    const Point point(grid, i);
    EXPECT_EQ(point["b"], 10 * point["a"]);
    seen.insert({point["x"], point["a"], point["y"]});
  }
  EXPECT_EQ(seen.size(), 12U);
}

TEST(Grid, IsNotStored) {
  const Grid grid(
      {{"a", linspace(0, 1, 1'000'000)}, {"b", linspace(0, 1, 1'000'000)}, {"c", linspace(0, 1, 1'000'000)}});
  EXPECT_EQ(grid.size(), 1'000'000'000'000'000'000U);
  const Point last(grid, grid.size() - 1);
  EXPECT_EQ(last["a"] + last["b"] + last["c"], 3);
}

TEST(Grid, BadAxesAreSaid) {
  EXPECT_THAT(why([] { Grid({}); }), HasSubstr("no axes"));
  EXPECT_THAT(why([] { Grid({{"a", Values(std::vector<double>())}}); }), HasSubstr("axis 'a' of a grid has no values"));
  EXPECT_THAT(why([] { Grid({{"", {1.0}}}); }), HasSubstr("no name"));
  EXPECT_THAT(why([] { Grid({{"a", {1.0}}, {"a", {2.0}}}); }), HasSubstr("two axes of a grid are called 'a'"));
  EXPECT_THAT(why([] { linked({{"a", {1, 2}}, {"b", {1, 2, 3}}}); }), HasSubstr("'a' has 2 and 'b' has 3"));
  const Axis large("a", linspace(0, 1, 1ULL << 32));
  const Axis other("b", linspace(0, 1, 1ULL << 32));
  EXPECT_THAT(why([&] { Grid({large, other}); }), HasSubstr("more than 2^63 points"));
  EXPECT_THAT(refusal_of(ExitCode::usage,
                         [] {
                           Point(Grid({{"a", {1.0}}}), 0)["b"];
                         }),
              HasSubstr("no axis 'b': its axes are a"));
}

TEST(Grid, DescriptionsTellGridsApart) {
  const std::vector<Grid> grids{Grid({{"a", {1, 2}}, {"b", {1, 2}}}),
                                Grid({linked({{"a", {1, 2}}, {"b", {1, 2}}})}),
                                Grid({{"a", {1, 2}}, {"b", {1, 3}}}),
                                Grid({{"b", {1, 2}}, {"a", {1, 2}}}),
                                Grid({{"a", {1, 2}}, {"c", {1, 2}}}),
                                Grid({{"a", linspace(1, 2, 2)}, {"b", {1, 2}}}),
                                Grid({{"a", linspace(1, 2.5, 2)}, {"b", {1, 2}}}),
                                Grid({{"a", geometric(1, 2, 2)}, {"b", {1, 2}}})};
  std::set<std::string> texts;
  for (const Grid& grid : grids) texts.insert(grid.describe());
  EXPECT_EQ(texts.size(), grids.size());
  EXPECT_EQ(grids[0].describe(), Grid({{"a", {1, 2}}, {"b", {1, 2}}}).describe());
}

}  // namespace
}  // namespace kiln
