#include "unit/library/naive_tree.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <kiln/detail/keyed/groups.hpp>
#include <map>
#include <string>

namespace kiln::testing {
namespace {

TEST(KeyedGroups, TheDyadicFoldHasTheShapeOfTheTree) {
  for (std::uint64_t seed = 0; seed < 500 && !HasFailure(); ++seed) {
    Draw draw(seed);
    const Shape monoid;
    std::map<std::uint64_t, std::string> leaves;
    const std::uint64_t range = std::uint64_t{1} << draw.below(64);
    for (std::uint64_t n = 1 + draw.below(60); n != 0; --n) {
      const std::uint64_t unit = draw.below(range);
      leaves.emplace(unit, std::to_string(unit));
    }
    detail::DyadicFold<Shape> fold;
    for (const auto& [unit, value] : leaves) fold.push(monoid, unit, value);
    ASSERT_EQ(fold.take(monoid), naive_value(monoid, leaves));
  }
}

}  // namespace
}  // namespace kiln::testing
