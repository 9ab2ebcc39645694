#include "flow/stage_runner.hpp"
#include "unit/temp_folder.hpp"

#include <kiln/codec.hpp>
#include <kiln/kiln.hpp>
#include "base/tables.hpp"
#include "exec/part_builder.hpp"
#include "flow/fold.hpp"
#include "flow/rejected_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

using namespace kiln;
using namespace kiln::flow;

namespace {

std::string id_text(std::uint64_t i) { return std::to_string(i) + ","; }
std::string concat(const std::string& a, const std::string& b) { return a + b; }

exec::Work work(Interval units, std::uint32_t attempt = 1) { return {BatchId(1), units, attempt, {}}; }

/// What becomes of these units in one claim.
protocol::Part run(StageRunner& runner, Interval units, bool cancelled = false) {
  exec::PartBuilder results(runner.tables(), runner.make_harvest());
  if (cancelled) results.set_cancelled();
  results.begin();
  runner.run(work(units), units, results);
  results.end();
  results.expect_complete(units);
  exec::Holdings holdings;
  return results.take_part(BatchId(1), std::size_t{1} << 30, holdings, exec::Holdings::Join::now);
}

std::string text_of(const std::optional<Bytes>& value) {
  ByteReader in(value.value(), "value");
  return Codec<std::string>::read(in);
}

TEST(StageRunner, HoldsByKeyWhatRunsGainFromAndNoMoreThanItMay) {
  const auto most_held = [](const auto& job, std::size_t may) {
    StageRunner::Options options;
    options.most_held = may;
    return StageRunner(job.stages().stages.front(), nullptr, options).most_held();
  };
  const std::size_t mib = std::size_t{1} << 20;
  const auto numbers = Flow("numbers").range(10).map([](std::uint64_t i) { return i; });
  EXPECT_EQ(most_held(numbers.rows("a"), 1000 * mib), 0U);
  const auto items = numbers.shard([](std::uint64_t i) { return i; }).rows("a");
  EXPECT_EQ(most_held(items, 1000 * mib), 64 * mib);
  EXPECT_EQ(most_held(items, 16 * mib), 16 * mib);
  EXPECT_EQ(most_held(numbers.distinct().rows("a"), 1000 * mib), 256 * mib);
  EXPECT_EQ(most_held(numbers.sort().rows("a"), 1000 * mib), 256 * mib);
}

TEST(StageRunner, AnExceptionWithoutATextIsNamed) {
  const auto step = [](std::uint64_t i) {
    if (i == 3) throw std::runtime_error("");
    return i;
  };
  const auto job = Flow("mute").range(4).map(step).rows("a");
  StageRunner runner(job.plan(), nullptr, {});  // the runner reads the job's plan: the job outlives it
  const protocol::Part part = run(runner, make_interval(0, 4));
  ASSERT_EQ(part.failures.size(), 1U);
  EXPECT_EQ(part.failures[0].reason, "exception: std::runtime_error without a text");
}

TEST(StageRunner, PartsHoldRowsPartialsAndWhatWasRejected) {
  const auto step = [](std::uint64_t i) {
    if (i == 3) throw std::runtime_error("three");
    if (i == 5) throw Rejected("five");
    return id_text(i);
  };
  const auto job = Flow("parts").range(10).map(step).into(to_rows("a"), to_reduce(concat), to_rows("b"));
  StageRunner runner(job.plan(), nullptr, {});
  ASSERT_EQ(runner.tables().size(), 3U);
  EXPECT_EQ(runner.tables()[2].name, kRejectedTable);

  const protocol::Part part = run(runner, make_interval(1, 9));
  EXPECT_EQ(part.done, (std::vector{make_interval(1, 3), make_interval(4, 9)}));
  ASSERT_EQ(part.failures.size(), 1U);
  EXPECT_EQ(part.failures[0].unit, UnitId(3));
  EXPECT_EQ(part.failures[0].kind, protocol::FailureKind::failed);
  EXPECT_EQ(part.failures[0].reason, "exception: three");

  ByteReader in(part.rows, "rows");
  const std::vector<Rows> tables = decode_tables(in, runner.tables());
  EXPECT_EQ(tables[0].units(), (std::vector<std::uint64_t>{1, 2, 4, 6, 7, 8}));
  EXPECT_EQ(tables[1].size(), 6U);
  ASSERT_EQ(tables[2].size(), 1U);
  EXPECT_EQ(tables[2].units()[0], 5U);
  EXPECT_EQ(tables[2].text_at(4, 0), "five");

  Fold fold(job.plan());
  fold.admit(part.partials);
  EXPECT_EQ(text_of(fold.values()[0]), "1,2,4,6,7,8,");
}

/// What a merge throws where these units are run in one claim.
Error error_of_merging(Interval units) {
  const auto largest = [](std::uint64_t a, std::uint64_t b) {
    if (a == 37) throw std::runtime_error("cannot be joined");
    return std::max(a, b);
  };
  const auto job = Flow("merges").range(128).reduce(largest);
  StageRunner runner(job.plan(), nullptr, {});
  try {
    run(runner, units);
  } catch (const Error& error) {
    return error;
  }
  return {ExitCode::ok, "nothing was thrown"};
}

TEST(StageRunner, AMergeThatThrowsIsTheProgramsFaultInBlocksAndOutsideThem) {
  for (const Interval units : {make_interval(0, 128), make_interval(35, 47)}) {
    const Error error = error_of_merging(units);
    EXPECT_EQ(error.code(), ExitCode::bad_input) << units.first.value();
    EXPECT_THAT(error.what(), testing::HasSubstr("cannot be joined"));
    EXPECT_THAT(error.what(), testing::HasSubstr("must not throw"));
  }
}

TEST(StageRunner, AStageWithoutReductionsHasNoHarvest) {
  const auto job = Flow("rows").range(10).rows("ids");
  StageRunner runner(job.plan(), nullptr, {});
  EXPECT_EQ(runner.make_harvest(), nullptr);
  EXPECT_TRUE(run(runner, make_interval(0, 10)).partials.empty());
}

TEST(StageRunner, WhatWasNotBegunIsCancelled) {
  const auto job = Flow("cancelled").range(100).map(id_text).reduce(concat);
  StageRunner runner(job.plan(), nullptr, {});
  const protocol::Part part = run(runner, make_interval(7, 12), true);
  EXPECT_TRUE(part.done.empty());
  ASSERT_EQ(part.failures.size(), 5U);
  EXPECT_EQ(part.failures[4].unit, UnitId(11));
  EXPECT_EQ(part.failures[4].kind, protocol::FailureKind::cancelled);
}

TEST(StageRunner, UnitsKnowTheirStageAndSeed) {
  const auto job = Flow("random").range(4).map([](std::uint64_t, Unit& unit) { return unit.random()(); }).rows("bits");
  StageRunner runner(job.plan(), nullptr, {.seed = 9, .stage = 3, .scratch = {}});
  const protocol::Part part = run(runner, make_interval(0, 4));
  ByteReader in(part.rows, "rows");
  EXPECT_EQ(decode_tables(in, runner.tables())[0].at<std::uint64_t>(0, 2), Random(9, 3, 2)());
}

TEST(StageRunner, ScratchDirectoriesLiveAsLongAsTheirUnits) {
  const TempFolder folder;
  const std::string root = folder.path().string();
  const auto job = Flow("scratch")
                       .range(2)
                       .map([](std::uint64_t, Unit& unit) {
                         return unit.scratch() == unit.scratch() && std::filesystem::is_directory(unit.scratch());
                       })
                       .rows("there");
  StageRunner runner(job.plan(), nullptr, {.seed = 0, .stage = 1, .scratch = root});
  const protocol::Part part = run(runner, make_interval(0, 2));
  ByteReader in(part.rows, "rows");
  EXPECT_EQ(decode_tables(in, runner.tables())[0].at<std::uint8_t>(0, 1), 1);
  EXPECT_TRUE(std::filesystem::is_empty(root));
}

TEST(StageRunner, ClaimsAboutTwoMilliseconds) {
  const auto job = Flow("claims").range(10).map(id_text).reduce(concat);
  const StageRunner runner(job.plan(), nullptr, {});
  EXPECT_EQ(runner.claim(0), 1U);
  EXPECT_EQ(runner.claim(1e-6), 2000U);
  EXPECT_EQ(runner.claim(10), 1U);
}

TEST(Fold, JoinedPartialsSayTheSameInAnyOrder) {
  const auto job = Flow("fold").range(20).map(id_text).reduce(concat);
  StageRunner runner(job.plan(), nullptr, {});
  std::vector<Bytes> partials;
  for (const Interval units : {make_interval(12, 20), make_interval(0, 5), make_interval(5, 12)}) {
    partials.push_back(run(runner, units).partials);
  }
  partials.emplace_back();  // of a part without any
  Fold fold(job.plan());
  const Bytes joined = fold.join(partials);
  EXPECT_FALSE(fold.values()[0].has_value());
  fold.admit(joined);
  std::string all;
  for (std::uint64_t i = 0; i < 20; ++i) all += id_text(i);
  EXPECT_EQ(text_of(fold.values()[0]), all);
  EXPECT_TRUE(fold.join({}).empty());
}

TEST(Fold, DamagedPartialsAreRefused) {
  const auto job = Flow("fold").range(20).map(id_text).reduce(concat);
  StageRunner runner(job.plan(), nullptr, {});
  const Bytes whole = run(runner, make_interval(0, 7)).partials;
  for (std::size_t size = 1; size < whole.size(); ++size) {
    Fold fold(job.plan());
    EXPECT_THROW(fold.admit(ByteView(whole).first(size)), Error) << size;
  }
  Bytes longer = whole;
  longer.push_back(std::byte{0});
  EXPECT_THROW(Fold(job.plan()).admit(longer), Error);
}

}  // namespace
