#include <kiln/detail/forest.hpp>
#include <kiln/detail/join_failure.hpp>
#include <kiln/detail/keyed/emitted.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace kiln::detail {
namespace {

/// The greatest; does not join 7 with a greater one.
template <bool kExact>
struct Picky {
  using value_type = std::uint64_t;
  static constexpr bool exact = kExact;
  static std::string describe() { return "picky"; }
  static std::uint64_t lift(std::uint64_t item) { return item; }
  static void merge(std::uint64_t& left, std::uint64_t right) {
    if (left == 7 && right > 7) throw std::runtime_error("seven");
    left = std::max(left, right);
  }
};

template <class F>
std::string where_of(F&& f) {
  try {
    f();
  } catch (const JoinFailure& failure) {
    return failure.where();
  }
  return "nothing was thrown";
}

TEST(JoinFailure, UnitsAsText) {
  const auto text = [](const std::vector<Interval>& units) { return units_text(units); };
  EXPECT_EQ(text({make_interval(7, 8)}), "unit 7");
  EXPECT_EQ(text({make_interval(512, 1024)}), "units 512 to 1,023");
  EXPECT_EQ(text({make_interval(0, 4), make_interval(8, 9)}), "units 0 to 3 and 8");
  EXPECT_EQ(text({make_interval(0, 4), make_interval(8, 9), make_interval(12, 14)}), "units 0 to 3, 8 and 12 to 13");
  EXPECT_EQ(text({make_interval(0, 4), make_interval(8, 9), make_interval(12, 14), make_interval(20, 30)}),
            "units 0 to 3, 8, …, 20 to 29");
}

TEST(JoinFailure, OfATreeNamesBothSiblings) {
  TreeForest<Picky<false>> forest{{}};
  forest.add({0, 3}, 7);
  EXPECT_EQ(where_of([&] { forest.add({8, 3}, 15); }), "of units 0 to 7 with those of units 8 to 15");
  TreeForest<Picky<false>> right{{}};
  right.add({512, 9}, 1023);
  EXPECT_EQ(where_of([&] { right.add({0, 9}, 7); }), "of units 0 to 511 with those of units 512 to 1,023");
}

TEST(JoinFailure, OfATreesValueNamesWhatWasJoined) {
  TreeForest<Picky<false>> forest{{}};
  forest.add({0, 2}, 7);
  forest.add({4, 1}, 6);
  forest.add({6, 0}, 8);
  EXPECT_EQ(where_of([&] { forest.value(); }), "of units 0 to 3 with those of units 4 to 6");
}

TEST(JoinFailure, OfAnExactOneNamesTheUnitsOfBothSides) {
  ExactForest<Picky<true>> forest{{}}, other{{}};
  forest.add_exact(make_interval(0, 4), 7);
  forest.add_exact(make_interval(10, 12), std::nullopt);
  other.add_exact(make_interval(4, 10), 9);
  EXPECT_EQ(where_of([&] { forest.absorb(other); }), "of units 0 to 3 and 10 to 11 with those of units 4 to 9");
}

TEST(JoinFailure, ByKeyNamesUnits) {
  using Forest = CombinedForest<std::string, Picky<true>, std::uint64_t>;
  Forest forest{{}}, other{{}};
  const auto emit = [](Forest& into, std::uint64_t unit, std::uint64_t value) {
    into.begin_unit(UnitId(unit));
    into.emit("key", value);
    into.end_unit();
    UnitSet done;
    done.add(make_interval(unit, unit + 1));
    into.add_units(done);
  };
  emit(forest, 3, 7);
  emit(other, 5, 8);
  EXPECT_EQ(where_of([&] { forest.absorb(other); }), "of unit 3 with those of unit 5");
}

}  // namespace
}  // namespace kiln::detail
