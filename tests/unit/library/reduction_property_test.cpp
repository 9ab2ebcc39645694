#include "unit/library/reduction_play.hpp"

#include <gtest/gtest.h>

#include <bit>

namespace kiln::testing {
namespace {

template <class M, class Make>
void play(std::uint64_t seed, Make make) {
  SCOPED_TRACE(seed);
  const M monoid;
  Play<M> play(seed, 1 + seed % 257, make);
  auto all = play.run(monoid);
  ASSERT_EQ(all.typed_value(), play.expected(monoid, false));
  play.run_failed(monoid, all);
  ASSERT_EQ(all.typed_value(), play.expected(monoid, true));
  EXPECT_EQ(all.units(), std::vector{make_interval(0, play.given.size())});
  EXPECT_EQ(all.nodes(), detail::places_of(make_interval(0, play.given.size())).size());
}

std::string number_of(std::uint64_t unit, std::uint64_t item) {
  return std::to_string(unit) + "." + std::to_string(item) + ",";
}

TEST(Reduction, ConcatenationGivesTheSequentialText) {
  for (std::uint64_t seed = 0; seed < 1500 && !HasFailure(); ++seed) {
    play<Ids>(seed, [](std::uint64_t unit, std::uint64_t item, Draw&) { return number_of(unit, item); });
  }
}

TEST(Reduction, TheShapeOfTheTreeNeverChanges) {
  for (std::uint64_t seed = 0; seed < 1500 && !HasFailure(); ++seed) {
    play<Shape>(seed, [](std::uint64_t unit, std::uint64_t item, Draw&) { return number_of(unit, item); });
  }
}

TEST(Reduction, SumsOfDoublesHaveTheSameBits) {
  for (std::uint64_t seed = 0; seed < 1500 && !HasFailure(); ++seed) {
    play<TreeSum>(seed, [](std::uint64_t, std::uint64_t, Draw& draw) { return draw.wild(); });
  }
}

}  // namespace
}  // namespace kiln::testing
