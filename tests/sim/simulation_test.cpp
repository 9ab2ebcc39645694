#include "sim/simulation.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace kiln::sim {
static void PrintTo(const NamedMutation& one, std::ostream* out) { *out << one.name; }

namespace {

Limits small() { return {.workers = 8, .units = 200, .restarts = 3}; }

TEST(Simulation, ASeedIsTheSameRunEveryTime) {
  std::uint64_t different = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const RunReport once = simulate(seed, small());
    const RunReport again = simulate(seed, small());
    EXPECT_EQ(once.digest, again.digest) << seed;
    EXPECT_EQ(once.events, again.events) << seed;
    different += once.digest != simulate(seed + 1, small()).digest ? 1U : 0U;
  }
  EXPECT_GE(different, 99U);
}

TEST(Simulation, TraceShowsWhatHappened) {
  std::string text;
  const RunReport report = simulate(3, small(), Mutation::none, [&](std::string_view line) {
    text += line;
    text += '\n';
  });
  EXPECT_TRUE(report.ok()) << report.violation;
  EXPECT_NE(text.find("seed 3:"), std::string::npos);
  EXPECT_NE(text.find("launch 1:"), std::string::npos);
}

TEST(Simulation, NamesTheCommandThatReplaysASeed) {
  EXPECT_EQ(replay_command(7, Limits{}), "build/bin/kiln_sim --seed 7 --trace");
  EXPECT_EQ(replay_command(7, small(), Mutation::drop_part),
            "build/bin/kiln_sim --seed 7 --scenario-limits 8,200,3 --mutation drop_part --trace");
}

class EveryMutation : public ::testing::TestWithParam<NamedMutation> {};

TEST_P(EveryMutation, IsFoundWithinAThousandSeeds) {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    for (const Limits& limits : {small(), Limits{}}) {  // some need long runs, others many
      if (simulate(seed, limits).ok() && !simulate(seed, limits, GetParam().mutation).ok()) return;
    }
  }
  FAIL() << "the invariants do not see " << GetParam().name;
}

INSTANTIATE_TEST_SUITE_P(Simulation, EveryMutation, ::testing::ValuesIn(kMutations),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace kiln::sim
