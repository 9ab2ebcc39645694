#include "flow/counts.hpp"

#include <gtest/gtest.h>
#include <kiln/error.hpp>
#include <kiln/kiln.hpp>

#include <array>
#include <numeric>
#include <utility>

namespace kiln::flow {
namespace {

/// Counts, with a promise of their number that it may not keep.
struct Liar {
  using value_type = std::vector<std::uint64_t>;
  static constexpr bool exact = true;
  static std::string describe() { return "liar"; }
  static std::size_t counts() { return 3; }
  static value_type zero() { return value_type(3); }
  static value_type lift(std::uint64_t) { return value_type(2); }
  static void merge(value_type&, const value_type&) {}
};

template <class M>
detail::ReduceSink sink(M monoid) {
  detail::ReduceSink one;
  one.exact = M::exact;
  one.make_forest = [monoid] { return std::make_unique<detail::ForestOf<M>>(monoid); };
  return one;
}

class CountsTest : public testing::Test {
 protected:
  using Low = detail::ExactForest<Histogram>;

  const Histogram low_{0, 10, 7}, high_{0, 10, 100};
  const std::vector<detail::ReduceSink> sinks_{sink(low_), sink(Moments{}), sink(high_)};

  /// Units [first, last); only the first histogram gets those below 5.
  std::unique_ptr<StageHarvest> harvest(std::uint64_t first, std::uint64_t last) const {
    auto one = std::make_unique<StageHarvest>(sinks_);
    for (std::uint64_t unit = first; unit < last; ++unit) {
      const auto x = static_cast<double>(unit % 13);
      const Interval units = single(UnitId(unit));
      dynamic_cast<Low&>(*one->forests()[0]).add_exact(units, low_.lift(x));
      dynamic_cast<detail::TreeForest<Moments>&>(*one->forests()[1]).add({unit, 0}, Moments{}.lift(x));
      dynamic_cast<Low&>(*one->forests()[2]).add_exact(units, unit < 5 ? std::nullopt : std::optional(high_.lift(x)));
    }
    return one;
  }
  /// What a join makes of these: each is what a rank holds.
  std::unique_ptr<StageHarvest> joined(const std::vector<std::vector<StageHarvest*>>& ranks, std::size_t piece) const {
    auto sum = std::make_unique<StageHarvest>(sinks_);
    for (const auto& rank : ranks) {
      for (const StageHarvest* const one : rank) {
        ByteWriter out;
        one->encode_beside(out);
        EXPECT_LT(out.size(), 400U) << "no counts";
        ByteReader in(out.view(), "beside");
        sum->admit_beside(in);
        in.expect_done();
      }
    }
    SummedCounts target(*sum);
    const std::uint64_t length = count_length(sinks_);
    for (std::uint64_t first = 0; first < length; first += piece) {
      std::vector<std::uint64_t> all(std::min<std::uint64_t>(piece, length - first)), mine(all.size(), 99);
      for (const auto& rank : ranks) {
        HeldCounts(rank).give(first, mine);
        std::transform(all.begin(), all.end(), mine.begin(), all.begin(), std::plus<>());
      }
      target.take(first, all);
    }
    return sum;
  }
  static Bytes encoded(const StageHarvest& harvest) {
    ByteWriter out;
    harvest.encode(out);
    return out.take();
  }
};

TEST_F(CountsTest, AreTheNumbersOfAllSinksThatCount) {
  EXPECT_EQ(count_length(sinks_), 10U + 103U);
  EXPECT_EQ(count_length({sink(Moments{}), sink(Count{})}), 0U);
  EXPECT_TRUE(harvest(0, 3)->joinable());
  EXPECT_TRUE(StageHarvest(sinks_).joinable());
  EXPECT_FALSE(StageHarvest({sink(Moments{})}).joinable());
}

TEST_F(CountsTest, OfAllRanksGiveTheBitsOfOne) {
  const auto expected = encoded(*harvest(0, 40));
  const auto a = harvest(0, 7), b = harvest(7, 20), c = harvest(20, 33), d = harvest(33, 40);
  for (const std::size_t piece : {1U, 3U, 8U, 10U, 64U, 1000U}) {
    EXPECT_EQ(encoded(*joined({{a.get(), b.get()}, {}, {c.get()}, {d.get()}}, piece)), expected) << piece;
    EXPECT_EQ(encoded(*joined({{d.get()}, {c.get(), a.get(), b.get()}}, piece)), expected) << piece;
  }
  EXPECT_EQ(encoded(*harvest(0, 7)), encoded(*a)) << "what is held is as it was";
}

TEST_F(CountsTest, WhereNoUnitGaveAValueThereIsNone) {
  const auto some = harvest(0, 5);
  const auto sum = joined({{some.get()}}, 16);
  EXPECT_EQ(encoded(*sum), encoded(*some));
  EXPECT_FALSE(sum->forests()[2]->value());
  EXPECT_EQ(encoded(*joined({{}, {}}, 16)), encoded(StageHarvest(sinks_)));
}

TEST_F(CountsTest, AreCopiedOverWhatIsThere) {
  const auto from = harvest(0, 40), to = harvest(3, 9);
  copy_counts(*from, *to);
  const auto value = [](StageHarvest& one, std::size_t sink) { return one.forests()[sink]->value(); };
  EXPECT_EQ(value(*to, 0), value(*from, 0));
  EXPECT_EQ(value(*to, 2), value(*from, 2));
  StageHarvest nothing(sinks_);
  for (const auto& forest : nothing.forests()) forest->reserve_counts();
  EXPECT_EQ(encoded(nothing), encoded(StageHarvest(sinks_))) << "what is reserved is no value";
  copy_counts(*harvest(0, 5), nothing);
  EXPECT_EQ(value(nothing, 0), value(*harvest(0, 5), 0));
  EXPECT_FALSE(value(nothing, 2));
}

TEST_F(CountsTest, OfAMonoidThatBreaksItsPromiseAreNotTaken) {
  StageHarvest harvest({sink(Liar{})});
  EXPECT_TRUE(harvest.joinable());
  dynamic_cast<detail::ExactForest<Liar>&>(*harvest.forests()[0]).add_exact(single(UnitId(0)), Liar::lift(0));
  EXPECT_FALSE(harvest.joinable());
  EXPECT_THROW(HeldCounts({&harvest}), Error);
}

}  // namespace
}  // namespace kiln::flow
