#include "support/random_flow.hpp"

#include <kiln/kiln.hpp>
#include <kiln/testing.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>

/// Random graphs of steps, held to the plainest of models: item by item, list by list.
namespace kiln {
namespace {

using testing::FlowOptions;
using testing::Items;
using testing::Known;
using testing::RandomFlow;
using ::testing::SizeIs;

template <class Result>
void expect_tables(const RandomFlow& flow, const Result& result, const std::string& where) {
  for (std::size_t i = 0; i < flow.pipes(); ++i) {
    Items rows = result.template rows<testing::Item>("t" + std::to_string(i)), expected = flow.model(i).all();
    if (flow.model(i).known == Known::items) {
      std::ranges::sort(rows);
      std::ranges::sort(expected);
    }
    ASSERT_TRUE(rows == expected) << where << " table " << i << ": " << rows.size() << " rows, not " << expected.size();
  }
  EXPECT_EQ(std::get<0>(result.values), flow.sum()) << where;
  if (const auto tree = flow.tree()) {
    EXPECT_EQ(std::get<1>(result.values), *tree) << where;
  }
}

void expect_model(bool troubled) {
  std::size_t failed = 0, rejected = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const RandomFlow flow(FlowOptions{.seed = seed, .troubled = troubled});
    const auto job = flow.job();
    EXPECT_THAT(job.stages().stages, SizeIs(1));
    for (const std::uint64_t batch : {1U, 7U, 1000U}) {
      const auto result = testing::run(job, {.batch = batch});
      EXPECT_EQ(result.counts.failed, flow.failed()) << "seed " << seed;
      EXPECT_EQ(result.counts.rejected, flow.rejected()) << "seed " << seed;
      expect_tables(flow, result, "seed " + std::to_string(seed) + " batch " + std::to_string(batch));
    }
    failed += flow.failed();
    rejected += flow.rejected();
  }
  if (troubled) {
    EXPECT_GT(failed, 5U);
    EXPECT_GT(rejected, 5U);
  }
}

TEST(RandomGraphs, GiveWhatTheModelDoes) { expect_model(false); }
TEST(RandomGraphs, WithUnitsThatFailAndRecordsThatAreRejected) { expect_model(true); }

TEST(RandomGraphs, WithStepsThatEndStages) {
  std::size_t stages = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const RandomFlow flow(FlowOptions{.seed = seed, .keyed = true, .ballast = seed % 3 == 0 ? 20U : 0U});
    const auto job = flow.job();
    stages += job.stages().stages.size();
    for (const std::uint64_t batch : {3U, 1000U}) {
      expect_tables(flow, testing::run(job, {.batch = batch}),
                    "seed " + std::to_string(seed) + " batch " + std::to_string(batch));
    }
  }
  EXPECT_GT(stages, 200U);
}

}  // namespace
}  // namespace kiln
