#include "schedule/batch_policy.hpp"

#include <gtest/gtest.h>
#include <kiln/error.hpp>

namespace kiln::schedule {
namespace {

constexpr BatchContext kPlenty{.units_left = 1'000'000'000, .workers = 4};

TEST(BatchPolicy, SaysInTheWordsOfTheOptionWhatItIs) {
  for (const char* text : {"adaptive", "guided", "100", "64KiB", "200ms", "1m"}) {
    EXPECT_EQ(make_batch_policy(text)->describe(), text);
  }
}

TEST(BatchPolicy, RefusesWhatMakesNoBatch) {
  for (const char* text : {"", "0", "0s", "0KiB", "-1", "fast", "10 000", "99999999999999999999999", "1x"}) {
    try {
      make_batch_policy(text);
      ADD_FAILURE() << text << " was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::usage);
      EXPECT_NE(std::string_view(error.what()).find("adaptive"), std::string_view::npos) << error.what();
    }
  }
}

TEST(BatchPolicy, FixedOnesAreFixed) {
  EXPECT_EQ(make_batch_policy("100")->next(kPlenty).units, 100U);
  const BatchLimit bytes = make_batch_policy("64KiB")->next(kPlenty);
  EXPECT_EQ(bytes.bytes, 65536U);
  EXPECT_GT(bytes.units, 1000U);
}

TEST(BatchPolicy, GuidedGivesAShareOfWhatIsLeft) {
  const auto guided = make_batch_policy("guided");
  EXPECT_EQ(guided->next({.units_left = 1000, .workers = 5}).units, 100U);
  EXPECT_EQ(guided->next({.units_left = 1001, .workers = 5}).units, 101U);
  EXPECT_EQ(guided->next({.units_left = 1, .workers = 100'000}).units, 1U);
  EXPECT_EQ(guided->next({.units_left = 0, .workers = 0}).units, 1U);
}

TEST(BatchPolicy, AdaptiveBeginsWithOneAndGrowsFourfoldToItsTime) {
  const auto adaptive = make_batch_policy("adaptive");
  BatchContext context = kPlenty;
  EXPECT_EQ(adaptive->next(context).units, 1U);
  context.unit_seconds = 0.001;
  for (const std::uint64_t expected : {4U, 16U, 64U, 100U, 100U}) {
    context.last_size = context.last_size == 0 ? 1 : context.last_size;
    context.last_size = adaptive->next(context).units;
    EXPECT_EQ(context.last_size, expected);
  }
  context.unit_seconds = 3600;
  EXPECT_EQ(adaptive->next(context).units, 1U) << "slower units shrink it at once";
}

TEST(BatchPolicy, AdaptiveKeepsTheCoordinatorUnderHalfLoad) {
  BatchContext context{.units_left = 1'000'000'000'000, .workers = 100'000};
  context.coordinator_seconds = 20e-6;
  context.unit_seconds = 0.001;
  context.last_size = 1'000'000;
  EXPECT_EQ(make_batch_policy("adaptive")->next(context).units, 4000U);  // 20 us * 100,000 / 0.5 = 4 s
  EXPECT_EQ(make_batch_policy("100ms")->next(context).units, 100U) << "a time that was asked for is kept";
}

TEST(BatchPolicy, TimedOnesShrinkNearTheEnd) {
  for (const char* text : {"adaptive", "10s"}) {
    BatchContext context{.units_left = 80, .workers = 4, .unit_seconds = 1e-6, .last_size = 1000};
    EXPECT_EQ(make_batch_policy(text)->next(context).units, 10U) << text;
    context.units_left = 1;
    EXPECT_EQ(make_batch_policy(text)->next(context).units, 1U) << text;
  }
}

TEST(BatchPolicy, ManyBatchesAreAheadOnlyWhereTheyTakeNoTime) {
  EXPECT_TRUE(may_have_ahead(1, 0.4));
  EXPECT_FALSE(may_have_ahead(1, 0.6));
  EXPECT_FALSE(may_have_ahead(2, 0.4));
  EXPECT_TRUE(may_have_ahead(2, 0.0001));
  EXPECT_TRUE(may_have_ahead(15, 0.0001));
  EXPECT_FALSE(may_have_ahead(16, 0.0001));
}

TEST(BatchPolicy, AlwaysGivesAtLeastOneUnitAndNeverOverflows) {
  for (const char* text : {"adaptive", "guided", "3", "1KiB", "50ms"}) {
    const auto policy = make_batch_policy(text);
    for (const double seconds : {0.0, 1e-12, 1e9}) {
      for (const std::uint64_t last : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
        for (const std::uint64_t left : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
          const BatchLimit limit = policy->next({left, 7, seconds, seconds, last});
          EXPECT_GE(limit.units, 1U) << text;
          EXPECT_GE(limit.bytes, 1U) << text;
        }
      }
    }
  }
}

}  // namespace
}  // namespace kiln::schedule
