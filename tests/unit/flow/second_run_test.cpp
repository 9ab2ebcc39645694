#include "flow/second_run.hpp"

#include <kiln/kiln.hpp>
#include "exec/part_builder.hpp"
#include "flow/stage_runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

using namespace kiln;
using namespace kiln::flow;

namespace {

using Differences = std::vector<std::pair<std::uint64_t, std::string>>;

/// Runs all units of a stage of 20, each of them twice.
Differences differences_of(const auto& job, protocol::Part* part = nullptr) {
  Differences found;
  StageRunner::Options options;
  options.units = 1;  // a stage of one unit: each is in the sample
  options.differs = [&](UnitId unit, const std::string& what) { found.emplace_back(unit.value(), what); };
  StageRunner runner(job.plan(), nullptr, options);
  exec::PartBuilder results(runner.tables(), runner.make_harvest());
  const Interval units = make_interval(0, 20);
  results.begin();
  runner.run({BatchId(1), units, 1, {}}, units, results);
  results.end();
  results.expect_complete(units);
  exec::Holdings holdings;
  auto taken = results.take_part(BatchId(1), std::size_t{1} << 30, holdings, exec::Holdings::Join::now);
  if (part != nullptr) *part = std::move(taken);
  return found;
}

std::uint64_t chosen(std::uint64_t seed, std::uint64_t units) {
  const Sample sample(seed, 0, units);
  std::uint64_t count = 0;
  for (std::uint64_t i = 0; i < units; ++i) count += sample.has(UnitId(i)) ? 1U : 0U;
  return count;
}

TEST(Sample, IsAboutOnePercentWithinItsBounds) {
  EXPECT_EQ(chosen(1, 16), 16U) << "all, where there are few";
  EXPECT_NEAR(static_cast<double>(chosen(1, 1000)), 16, 16);
  EXPECT_NEAR(static_cast<double>(chosen(1, 100'000)), 1000, 150);
  EXPECT_NEAR(static_cast<double>(chosen(1, 4'000'000)), 10'000, 500);
}

TEST(Sample, DependsOnSeedAndStage) {
  const Sample one(1, 0, 1000), two(2, 0, 1000), three(1, 1, 1000);
  int by_seed = 0, by_stage = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    by_seed += one.has(UnitId(i)) != two.has(UnitId(i)) ? 1 : 0;
    by_stage += one.has(UnitId(i)) != three.has(UnitId(i)) ? 1 : 0;
  }
  EXPECT_GT(by_seed, 0);
  EXPECT_GT(by_stage, 0);
}

TEST(SecondRun, OfAPureStageFindsNothingAndChangesNothing) {
  const auto step = [](std::uint64_t i, Unit& unit) {
    if (i == 3) throw std::runtime_error("three");
    if (i == 5) throw Rejected("five");
    return unit.random().uniform();
  };
  const auto job = Flow("pure").range(20).map(step).into(to_rows("a"), to_reduce(Sum<double>{}));
  protocol::Part verified;
  EXPECT_EQ(differences_of(job, &verified), Differences{});

  StageRunner plain(job.plan(), nullptr, {});
  exec::PartBuilder results(plain.tables(), plain.make_harvest());
  results.begin();
  plain.run({BatchId(1), make_interval(0, 20), 1, {}}, make_interval(0, 20), results);
  results.end();
  exec::Holdings holdings;
  const auto part = results.take_part(BatchId(1), std::size_t{1} << 30, holdings, exec::Holdings::Join::now);
  EXPECT_EQ(part.rows, verified.rows);
  EXPECT_EQ(part.partials, verified.partials);
  EXPECT_EQ(part.done, verified.done);
  ASSERT_EQ(verified.failures.size(), 1U);
  EXPECT_EQ(verified.failures[0].reason, part.failures[0].reason);
}

TEST(SecondRun, SaysWhichUnitAndSinkDiffers) {
  int calls = 0;
  const auto step = [&calls](std::uint64_t i) { return i == 7 ? ++calls : 0; };
  const auto job = Flow("impure").range(20).map(step).into(to_rows("a"), to_reduce(std::plus<>{}, "sum"));
  EXPECT_EQ(differences_of(job), (Differences{{7, "other rows for 'a'"}, {7, "another value for 'sum'"}}));
}

TEST(SecondRun, SaysThatAUnitFailsOnlySometimes) {
  int calls = 0;
  const auto step = [&calls](std::uint64_t i) {
    if (i == 7 && ++calls == 2) throw std::runtime_error("no more");
    return i;
  };
  const auto found = differences_of(Flow("fails").range(20).map(step).rows("a"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].first, 7U);
  EXPECT_THAT(found[0].second, testing::HasSubstr("first it succeeded, then 'exception: no more'"));
}

TEST(SecondRun, SaysThatOtherRecordsAreRejected) {
  int calls = 0;
  const auto step = [&calls](std::uint64_t i) {
    if (i == 7) throw Rejected(std::to_string(++calls));
    return i;
  };
  EXPECT_EQ(differences_of(Flow("rejects").range(20).map(step).rows("a")),
            (Differences{{7, "other records were rejected"}}));
}

}  // namespace
