#include <kiln/kiln.hpp>
#include <kiln/testing.hpp>

#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

// Flows from end to end, in one process: what a user writes and what he gets.
namespace library_test {

struct Priced {
  double strike, maturity, price;
  friend bool operator==(const Priced&, const Priced&) = default;
};
KILN_COLUMNS(Priced, strike, maturity, price)

}  // namespace library_test

namespace {

using library_test::Priced;
using Strings = std::vector<std::string>;

std::string concat(const std::string& a, const std::string& b) { return a + b; }
/// The ids 0 … n-1 as text, one behind the other.
std::string ids(std::uint64_t n) {
  std::string text;
  for (std::uint64_t i = 0; i < n; ++i) text += std::to_string(i) + ",";
  return text;
}
std::string id_text(std::uint64_t i) { return std::to_string(i) + ","; }

TEST(Flow, AReductionIsInTheOrderOfTheUnits) {
  for (const std::uint64_t n : {1U, 2U, 3U, 15U, 16U, 17U, 1000U, 2500U}) {
    const auto report = kiln::testing::run(kiln::Flow("ids").range(n).map(id_text).reduce(concat));
    EXPECT_EQ(report.value, ids(n));
    EXPECT_TRUE(report.has_value);
    EXPECT_EQ(report.counts.done, n);
    EXPECT_EQ(report.exit_code(), 0);
  }
}

TEST(Flow, AnEmptySourceHasNoValueAndNoRows) {
  const kiln::Flow flow("nothing");
  const auto report = kiln::testing::run(flow.range(0).map(id_text).reduce(concat));
  EXPECT_EQ(report.value, "");
  EXPECT_FALSE(report.has_value);
  EXPECT_EQ(report.counts.units, 0U);
  EXPECT_TRUE(kiln::testing::run(flow.range(0).rows("ids")).rows<std::uint64_t>("ids").empty());
}

TEST(Flow, RowsAreInTheOrderOfTheUnits) {
  const auto result = kiln::testing::run(kiln::Flow("squares")
                                             .range(2500)
                                             .filter([](std::uint64_t i) { return i % 3 == 1; })
                                             .map([](std::uint64_t i) { return i * i; })
                                             .rows("squares"));
  const auto rows = result.rows<std::uint64_t>("squares");
  ASSERT_EQ(rows.size(), 833U);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i], (3 * i + 1) * (3 * i + 1));
    EXPECT_EQ(result.units("squares")[i], 3 * i + 1);
  }
}

TEST(Flow, AFilteredUnitIsEmptyAndNoHole) {
  const auto uneven = [](std::uint64_t i) { return i > 40 && i % 7 != 3; };
  std::string expected;
  for (std::uint64_t i = 0; i < 300; ++i) expected += uneven(i) ? id_text(i) : "";
  const auto report = kiln::testing::run(kiln::Flow("uneven").range(300).filter(uneven).map(id_text).reduce(concat));
  EXPECT_EQ(report.value, expected);
}

TEST(Flow, FlatMapGivesARangeOrEmits) {
  const kiln::Flow flow("many");
  const auto range = [](std::uint64_t i) { return Strings(i % 4, id_text(i)); };
  const auto emits = [](std::uint64_t i, auto& emit) {
    for (std::uint64_t k = 0; k < i % 4; ++k) emit(id_text(i));
  };
  std::string expected;
  for (std::uint64_t i = 0; i < 100; ++i) {
    for (std::uint64_t k = 0; k < i % 4; ++k) expected += id_text(i);
  }
  EXPECT_EQ(kiln::testing::run(flow.range(100).flat_map(range).reduce(concat)).value, expected);
  EXPECT_EQ(kiln::testing::run(flow.range(100).flat_map<std::string>(emits).reduce(concat)).value, expected);
  const auto rows = kiln::testing::run(flow.range(100).flat_map(range).rows("all")).rows<std::string>("all");
  EXPECT_EQ(rows.size(), 150U);
}

TEST(Flow, AnExceptionFailsItsUnitAlone) {
  const auto fragile = [](std::uint64_t i) {
    if (i % 100 == 17) throw std::runtime_error("no " + std::to_string(i));
    if (i == 50) throw 5;
    return id_text(i);
  };
  std::string expected;
  for (std::uint64_t i = 0; i < 400; ++i) expected += i % 100 == 17 || i == 50 ? "" : id_text(i);
  const auto result = kiln::testing::run(
      kiln::Flow("fragile").range(400).map(fragile).into(kiln::to_reduce(concat), kiln::to_rows("ids")));
  EXPECT_EQ(result.value, expected);
  EXPECT_EQ(result.rows<std::string>("ids").size(), 395U);
  EXPECT_EQ(result.counts.failed, 5U);
  EXPECT_EQ(result.counts.done, 395U);
  EXPECT_EQ(result.exit_code(), 1);
  ASSERT_EQ(result.dead_letters.size(), 5U);
  EXPECT_EQ(result.dead_letters[0].unit, 17U);
  EXPECT_EQ(result.dead_letters[0].reason, "exception: no 17");
  EXPECT_EQ(result.dead_letters[1].reason, "exception that is no std::exception");
}

TEST(Flow, ExceptionsInBlocksOfPlainNumbers) {
  const auto fragile = [](std::uint64_t i) {
    if (i % 100 == 17) throw std::runtime_error("no");
    if (i % 100 == 33) throw kiln::Rejected("odd one");
    return static_cast<double>(i);
  };
  const auto result = kiln::testing::run(
      kiln::Flow("numbers").range(1000).map(fragile).reduce([](double a, double b) { return a + b; }));
  EXPECT_EQ(result.value, 999.0 * 500 - (17 + 33) * 10 - 2 * 4500);
  EXPECT_EQ(result.dead_letters.size(), 10U);
  ASSERT_EQ(result.rejected.size(), 10U);
  EXPECT_EQ(result.rejected[1].unit, kiln::UnitId(133));
  EXPECT_EQ(result.rejected[1].reason, "odd one");
}

TEST(Flow, WhatAUnitGaveBeforeItFailedIsGone) {
  const auto half_way = [](std::uint64_t i, auto& emit) {
    emit(id_text(i));
    emit(id_text(i));
    if (i % 10 == 3) throw std::runtime_error("half-way");
    if (i % 10 == 4) throw kiln::Rejected("half-way");
  };
  std::string expected;
  for (std::uint64_t i = 0; i < 50; ++i) expected += i % 10 == 3 || i % 10 == 4 ? "" : id_text(i) + id_text(i);
  const auto result = kiln::testing::run(
      kiln::Flow("half").range(50).flat_map<std::string>(half_way).into(kiln::to_rows("ids"), kiln::to_reduce(concat)));
  EXPECT_EQ(result.value, expected);
  EXPECT_EQ(result.rows<std::string>("ids").size(), 80U);
  EXPECT_EQ(result.counts.failed, 5U);
  EXPECT_EQ(result.rejected.size(), 5U);
}

TEST(Flow, AttemptsAreCountedAndCanSucceed) {
  const auto second_time = [](std::uint64_t i, kiln::Unit& unit) {
    if (i % 50 == 7 && unit.attempt() < (i == 7 ? 3U : 2U)) throw std::runtime_error("not yet");
    return id_text(i);
  };
  const auto job = kiln::Flow("again").range(200).map(second_time).into(kiln::to_rows("ids"), kiln::to_reduce(concat));
  kiln::testing::Options options;
  options.attempts = 2;
  const auto result = kiln::testing::run(job, options);
  ASSERT_EQ(result.dead_letters.size(), 1U);
  EXPECT_EQ(result.dead_letters[0].unit, 7U);
  EXPECT_EQ(result.dead_letters[0].attempt, 2U);
  options.attempts = 3;
  const auto all = kiln::testing::run(job, options);
  EXPECT_EQ(all.value, ids(200));
  EXPECT_EQ(all.rows<std::string>("ids")[57], "57,");
}

TEST(Flow, BitsDoNotDependOnBatchesOrSinks) {
  const auto value = [](std::uint64_t, kiln::Unit& unit) { return std::exp(10 * unit.random().normal()); };
  const auto add = [](double a, double b) { return a + b; };
  const auto job = kiln::Flow("bits").range(5000).map(value).reduce(add);
  const double expected = kiln::testing::run(job).value;
  for (const std::uint64_t batch : {1U, 2U, 15U, 16U, 17U, 100U, 4999U, 5000U, 100'000U}) {
    kiln::testing::Options options;
    options.batch = batch;
    EXPECT_EQ(kiln::testing::run(job, options).value, expected) << batch;
  }
  const auto slow_path = kiln::Flow("bits").range(5000).map(value).into(kiln::to_rows("all"), kiln::to_reduce(add));
  EXPECT_EQ(kiln::testing::run(slow_path).value, expected);
  kiln::testing::Options other;
  other.seed = 1;
  EXPECT_NE(kiln::testing::run(job, other).value, expected);
}

TEST(Flow, SeveralSinksWithProjections) {
  const auto result = kiln::testing::run(kiln::Flow("several").range(100).into(
      kiln::to_reduce([](std::uint64_t a, std::uint64_t b) { return a + b; }, "sum"),
      kiln::to_rows("even", [](std::uint64_t i) { return i / 2; }), kiln::to_rows("all"),
      kiln::to_reduce(concat, id_text, "text")));
  EXPECT_EQ(std::get<0>(result.values), 4950U);
  EXPECT_EQ(std::get<1>(result.values), ids(100));
  EXPECT_EQ(result.has_value, (std::array<bool, 2>{true, true}));
  EXPECT_EQ(result.rows<std::uint64_t>("even")[99], 49U);
  EXPECT_EQ(result.rows<std::uint64_t>("all")[99], 99U);
}

TEST(Flow, AVectorOfRowStructsGivesARowEach) {
  const auto prices = [](std::uint64_t i) {
    if (i == 3) throw std::runtime_error("no");
    return std::vector<Priced>(i, Priced{static_cast<double>(i), 1, 2});
  };
  const auto result = kiln::testing::run(kiln::Flow("prices").range(5).map(prices).rows("all"));
  std::vector<double> strikes;
  for (const Priced& one : result.rows<Priced>("all")) strikes.push_back(one.strike);
  EXPECT_EQ(strikes, (std::vector<double>{1, 2, 2, 4, 4, 4, 4}));
  EXPECT_EQ(result.units("all"), (std::vector<std::uint64_t>{1, 2, 2, 4, 4, 4, 4}));
}

TEST(Flow, NanIsAValue) {
  const auto value = [](std::uint64_t i) {
    return i == 30 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(i);
  };
  const auto result = kiln::testing::run(kiln::Flow("nan").range(100).map(value).into(
      kiln::to_reduce([](double a, double b) { return a + b; }), kiln::to_rows("values")));
  EXPECT_TRUE(std::isnan(result.value));
  EXPECT_TRUE(std::isnan(result.rows<double>("values")[30]));
  EXPECT_EQ(result.counts.failed, 0U);
}

TEST(Flow, AGridGivesEveryPointOnce) {
  const auto result =
      kiln::testing::run(kiln::Flow("grid")
                             .grid({{"strike", kiln::linspace(80, 120, 41)}, {"maturity", {0.5, 1.0, 2.0}}})
                             .map([](const kiln::Point& point) {
                               return Priced{point["strike"], point["maturity"], 1};
                             })
                             .rows("results"));
  const auto rows = result.rows<Priced>("results");
  ASSERT_EQ(rows.size(), 123U);
  EXPECT_EQ(rows[0], (Priced{80, 0.5, 1}));
  EXPECT_EQ(rows[1], (Priced{80, 1.0, 1}));
  EXPECT_EQ(rows[122], (Priced{120, 2.0, 1}));
}

TEST(Flow, ItemsAreUnits) {
  const Strings words{"a", "bc", "", "d"};
  const auto result = kiln::testing::run(kiln::Flow("words").items(words).reduce(concat));
  EXPECT_EQ(result.value, "abcd");
  const auto lengths = kiln::testing::run(kiln::Flow("words").items(words).map(&std::string::size).rows("lengths"));
  EXPECT_EQ(lengths.rows<std::size_t>("lengths"), (std::vector<std::size_t>{1, 2, 0, 1}));
}

TEST(Flow, JoinHandsTheValueToTheNextJob) {
  const kiln::Flow flow("mean");
  const auto sum = [](double a, double b) { return a + b; };
  const auto numbers = flow.range(1000).map([](std::uint64_t i) { return static_cast<double>(i); });
  const auto result = kiln::testing::run(numbers.reduce(sum).join([=](double total) {
    const double mean = total / 1000;
    return numbers.map([=](double x) { return (x - mean) * (x - mean); }).reduce(sum, "squares");
  }));
  EXPECT_EQ(result.value, 1000.0 * (1000.0 * 1000.0 - 1) / 12);
}

TEST(Flow, AFailureBeforeTheJoinCounts) {
  const auto result =
      kiln::testing::run(kiln::Flow("first")
                             .range(3)
                             .map([](std::uint64_t i) { return i == 1 ? throw std::logic_error("x") : i; })
                             .rows("a")
                             .join([] { return kiln::Flow("second").range(2).rows("b"); }));
  EXPECT_EQ(result.counts.failed, 0U);
  EXPECT_EQ(result.failed_before, 1U);
  EXPECT_EQ(result.exit_code(), 1);
  EXPECT_EQ(result.rows<std::uint64_t>("a").size(), 2U);
}

TEST(Flow, UnitsHaveAScratchDirectoryAndAnId) {
  const auto result = kiln::testing::run(kiln::Flow("scratch")
                                             .range(3)
                                             .map([](std::uint64_t, kiln::Unit& unit) { return unit.scratch(); })
                                             .rows("folder"));
  const auto folders = result.rows<std::string>("folder");
  EXPECT_EQ(folders.size(), 3U);
  EXPECT_NE(folders[0], folders[1]);
}

TEST(Flow, TheUnitOfASequenceOfStepsIsOne) {
  const auto result = kiln::testing::run(kiln::Flow("unit")
                                             .range(40)
                                             .filter([](std::uint64_t, kiln::Unit& unit) { return unit.id() % 2 == 0; })
                                             .map([](std::uint64_t i, kiln::Unit& unit) { return i + unit.id(); })
                                             .rows("twice"));
  EXPECT_EQ(result.rows<std::uint64_t>("twice")[5], 20U);
}

TEST(Flow, OptionsAreInThePlan) {
  const auto job = kiln::Flow("options")
                       .range(10)
                       .priority([](std::uint64_t i) { return static_cast<int>(i) - 5; })
                       .recent_first()
                       .in_flight(3)
                       .rows("all");
  EXPECT_EQ(job.plan().priority(kiln::UnitId(7)), 2);
  EXPECT_TRUE(job.plan().descending);
  EXPECT_EQ(job.plan().most_in_flight, 3U);
  EXPECT_EQ(kiln::testing::run(job).rows<std::uint64_t>("all").size(), 10U);
  const auto by_point = kiln::Flow("grid").grid({{"x", {1.0, 5.0}}}).priority([](const kiln::Point& point) {
    return static_cast<int>(point["x"]);
  });
  EXPECT_EQ(
      by_point.map([](const kiln::Point& point) { return point["x"]; }).rows("x").plan().priority(kiln::UnitId(1)), 5);
}

TEST(Flow, PlansTellStagesApart) {
  const kiln::Flow flow("plan");
  const auto text = [](const auto& job) { return job.plan().description; };
  const std::string one = text(flow.range(10).map(id_text).rows("a"));
  EXPECT_EQ(one, "flow 4:plan range(10) map rows(a;value:6)");
  EXPECT_EQ(one, text(flow.range(10).map(id_text).rows("a")));
  for (const std::string& other :
       {text(kiln::Flow("other").range(10).map(id_text).rows("a")), text(flow.range(11).map(id_text).rows("a")),
        text(flow.range(10).map(id_text).rows("b")), text(flow.range(10).map(id_text).reduce(concat)),
        text(flow.range(10).rows("a")), text(flow.items(Strings{"a"}).rows("a"))}) {
    EXPECT_NE(one, other);
  }
  EXPECT_NE(text(flow.items(Strings{"ab", "c"}).rows("a")), text(flow.items(Strings{"a", "bc"}).rows("a")));
}

TEST(Flow, ReadyMonoidsAndWhatTheyShow) {
  const auto job = kiln::Flow("pi").range(1000).map([](std::uint64_t i) { return static_cast<double>(i % 7); });
  const auto mean = kiln::testing::run(job.reduce(kiln::Mean{}));
  EXPECT_NEAR(mean.value.mean(), 2997.0 / 1000, 1e-12);
  const auto plan = job.into(kiln::to_reduce(kiln::Count{}, "count"), kiln::to_reduce(kiln::ExactSum{}, "sum")).plan();
  ASSERT_EQ(plan.reduces.size(), 2U);
  kiln::ByteWriter count;
  kiln::Codec<std::uint64_t>::write(count, 41);
  const auto shown = plan.reduces[0].show(count.view());
  ASSERT_EQ(shown.size(), 1U);
  EXPECT_EQ(shown[0].second.at<std::uint64_t>(0, 0), 41U);
}

TEST(Flow, NamesOfSinksAreChecked) {
  const auto units = kiln::Flow("names").range(3);
  const auto why = [&](auto&&... sinks) {
    return kiln::refusal_of(kiln::ExitCode::usage, [&] { units.into(sinks...); });
  };
  EXPECT_THAT(why(kiln::to_rows("a/b")), testing::HasSubstr("'a/b' is no name"));
  EXPECT_THAT(why(kiln::to_rows("")), testing::HasSubstr("is no name"));
  EXPECT_THAT(why(kiln::to_rows("..")), testing::HasSubstr("is no name"));
  EXPECT_THAT(why(kiln::to_rows("rejected")), testing::HasSubstr("kiln's own table"));
  EXPECT_THAT(why(kiln::to_rows("a"), kiln::to_rows("a")), testing::HasSubstr("two rows sinks are called 'a'"));
  const auto op = [](std::uint64_t a, std::uint64_t) { return a; };
  EXPECT_THAT(why(kiln::to_reduce(op), kiln::to_reduce(op)), testing::HasSubstr("two reductions are called 'value'"));
}

TEST(Flow, AMergeThatThrowsEndsTheRunAndSaysWhere) {
  for (const std::size_t most : {4U, 16U}) {  // while units run; when they are joined at the end
    const auto job = kiln::Flow("bad").range(10).map(id_text).reduce([=](const std::string& a, const std::string& b) {
      if ((a + b).size() > most) throw std::runtime_error("too long");
      return a + b;
    });
    const std::string why = kiln::refusal_of(kiln::ExitCode::bad_input, [&] { kiln::testing::run(job); });
    EXPECT_THAT(why, testing::HasSubstr("too long"));
    EXPECT_THAT(why, testing::HasSubstr(most == 4 ? "of unit 3 with"
                                                  : "of units 0 to 7 with those of units 8 to 9 for 'value'"));
  }
}

}  // namespace
