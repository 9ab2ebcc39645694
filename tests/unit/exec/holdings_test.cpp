#include "exec/holdings.hpp"

#include "exec/part_builder.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace kiln::exec {
namespace {

/// A text that grows, of a size that the test gives.
class TextHarvest final : public Harvest {
 public:
  explicit TextHarvest(std::string text, std::size_t bytes = 10) : text_(std::move(text)), bytes_(bytes) {}
  void absorb(Harvest& later) override {
    const auto& other = dynamic_cast<TextHarvest&>(later);
    if (other.text_ == "bad") throw std::runtime_error("cannot be joined");
    text_ += other.text_;
  }
  std::size_t bytes() const override { return bytes_; }
  void encode(ByteWriter& out) const override { out.put_text(text_); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::size_t bytes_;
};

HeldResults results(std::uint64_t unit, const std::string& text) {
  HeldResults one;
  one.units.insert(single(UnitId(unit)));
  one.rows.emplace_back(5);
  one.harvests.push_back(std::make_unique<TextHarvest>(text));
  one.bytes = 15;
  return one;
}

std::string texts(const HeldResults& held) {
  std::string all;
  for (const auto& harvest : held.harvests) all += dynamic_cast<const TextHarvest&>(*harvest).text() + "|";
  return all;
}

TEST(Holdings, JoinWhatIsHeld) {
  Holdings holdings;
  HeldResults taken;
  EXPECT_EQ(holdings.take(taken), Holdings::Taken::nothing);
  for (const auto& [unit, text] : {std::pair{1, "a"}, {2, "b"}, {3, "c"}}) {
    holdings.add(results(static_cast<std::uint64_t>(unit), text), Holdings::Join::now);
    holdings.publish();
  }
  EXPECT_EQ(holdings.bytes(), 3 * 5U + 10) << "one value of fixed size, not three";
  EXPECT_EQ(holdings.largest_part(), 15U);
  ASSERT_EQ(holdings.take(taken), Holdings::Taken::all);
  EXPECT_EQ(texts(taken), "abc|");
  EXPECT_EQ(taken.rows.size(), 3U);
  EXPECT_EQ(taken.units.count(), 3U);
  EXPECT_EQ(holdings.bytes(), 25U) << "until it is written";
  EXPECT_EQ(holdings.take(taken), Holdings::Taken::nothing);
  holdings.written();
  EXPECT_EQ(holdings.bytes(), 0U);
}

TEST(Holdings, KeepOneJoinedHarvestForTheNextUnits) {
  Holdings holdings;
  holdings.add(results(1, "a"), Holdings::Join::now);
  holdings.publish();
  EXPECT_EQ(holdings.take_spare(), nullptr);
  for (const char* const text : {"b", "c"}) {
    HeldResults more = results(2, text);
    const Harvest* const joined = more.harvests.front().get();
    holdings.add(std::move(more), Holdings::Join::now);
    holdings.publish();
    const auto spare = holdings.take_spare();
    EXPECT_EQ(spare.get(), joined);
    EXPECT_EQ(holdings.take_spare(), nullptr) << "given once";
  }
  holdings.add(results(3, "d"), Holdings::Join::now);
  holdings.publish();
  HeldResults taken;
  ASSERT_EQ(holdings.hand_over(taken), Holdings::Taken::all);
  EXPECT_EQ(texts(taken), "abcd|");
  EXPECT_EQ(holdings.take_spare(), nullptr) << "no unit will follow";
}

TEST(Holdings, GiveNothingWhileUnitsAreAdded) {
  Holdings holdings;
  holdings.add(results(1, "a"), Holdings::Join::now);
  HeldResults taken;
  EXPECT_EQ(holdings.take(taken), Holdings::Taken::later);
  holdings.publish();
  EXPECT_EQ(holdings.take(taken), Holdings::Taken::all);
  holdings.publish();  // of a part that rode
  EXPECT_EQ(holdings.take(taken), Holdings::Taken::nothing);
}

TEST(Holdings, JoinLaterWhatWasNotJoined) {
  Holdings holdings;
  for (const auto& [unit, text] : {std::pair{1, "a"}, {2, "b"}}) {
    holdings.add(results(static_cast<std::uint64_t>(unit), text), Holdings::Join::later);
    holdings.publish();
  }
  holdings.add(results(3, "c"), Holdings::Join::now);
  holdings.publish();
  HeldResults taken;
  ASSERT_EQ(holdings.take(taken), Holdings::Taken::all);
  EXPECT_EQ(texts(taken), "abc|");
}

TEST(Holdings, HoldAgainWhatCouldNotBeWritten) {
  Holdings holdings;
  holdings.add(results(1, "a"), Holdings::Join::now);
  holdings.publish();
  HeldResults taken;
  ASSERT_EQ(holdings.take(taken), Holdings::Taken::all);
  holdings.add(results(2, "b"), Holdings::Join::now);
  holdings.failed(std::move(taken));
  holdings.publish();
  EXPECT_EQ(holdings.bytes(), 30U);
  holdings.add(results(3, "c"), Holdings::Join::now);
  holdings.publish();
  HeldResults again;
  ASSERT_EQ(holdings.take(again), Holdings::Taken::all);
  EXPECT_EQ(texts(again), "abc|");
  EXPECT_EQ(again.units.count(), 3U);
  EXPECT_EQ(again.rows.size(), 3U);
}

TEST(Holdings, HoldAgainWhatAJoinHasNotTaken) {
  Holdings holdings;
  holdings.add(results(1, "a"), Holdings::Join::now);
  holdings.publish();
  HeldResults given;
  ASSERT_EQ(holdings.hand_over(given), Holdings::Taken::all);
  EXPECT_EQ(holdings.bytes(), 0U);
  holdings.take_back({});
  EXPECT_TRUE(holdings.joinable()) << "nothing came back";
  holdings.take_back(std::move(given));
  EXPECT_EQ(holdings.bytes(), 15U);
  EXPECT_FALSE(holdings.joinable()) << "there are rows";
  HeldResults again;
  ASSERT_EQ(holdings.take(again), Holdings::Taken::all);
  EXPECT_EQ(texts(again), "a|");
}

/// Counts may go into a join.
class CountsHarvest final : public Harvest {
 public:
  void absorb(Harvest&) override {}
  std::size_t bytes() const override { return 10; }
  void encode(ByteWriter&) const override {}
  bool joinable() const override { return true; }
};

TEST(Holdings, OfferAnotherJoinWhatOneHasNotTaken) {
  Holdings holdings;
  const auto add = [&](std::uint64_t unit) {
    HeldResults counts;
    counts.units.insert(single(UnitId(unit)));
    counts.harvests.push_back(std::make_unique<CountsHarvest>());
    holdings.add(std::move(counts), Holdings::Join::now);
    holdings.publish();
  };
  add(1);
  HeldResults given;
  ASSERT_EQ(holdings.hand_over(given), Holdings::Taken::all);
  holdings.take_back(std::move(given));
  EXPECT_TRUE(holdings.joinable());
  add(2);
  EXPECT_TRUE(holdings.joinable());
  ASSERT_EQ(holdings.take(given), Holdings::Taken::all);
  holdings.failed(std::move(given));
  EXPECT_FALSE(holdings.joinable()) << "it is to be written";
}

TEST(Holdings, TellWhatJoiningThrowsAndHoldNothingThen) {
  Holdings holdings;
  holdings.add(results(1, "a"), Holdings::Join::now);
  holdings.publish();
  EXPECT_THROW(holdings.add(results(2, "bad"), Holdings::Join::now), std::runtime_error);
  HeldResults taken;
  EXPECT_EQ(holdings.take(taken), Holdings::Taken::nothing) << "a value that was joined in part is none";
  EXPECT_EQ(holdings.bytes(), 0U);
}

TEST(PartBuilder, HoldsWhatIsTooLargeToRide) {
  const Tables tables{{"", {{"a", ColumnType::u64, "", ""}}}};
  for (const std::size_t ride : {std::size_t{17}, std::size_t{1000}}) {
    PartBuilder builder(tables, std::make_unique<TextHarvest>("a"));
    builder.rows().begin_row(UnitId(4));
    builder.rows().put(std::uint64_t{9});
    builder.succeeded(single(UnitId(4)));
    builder.failed({UnitId(5), protocol::FailureKind::failed, "no", {}});
    Holdings holdings;
    const protocol::Part part = builder.take_part(BatchId(1), ride, holdings, Holdings::Join::now);
    holdings.publish();
    EXPECT_EQ(part.held, ride == 17);
    EXPECT_EQ(part.rows.empty(), part.held);
    EXPECT_EQ(part.partials.empty(), part.held);
    EXPECT_EQ(part.failures.size(), 1U);
    HeldResults taken;
    EXPECT_EQ(holdings.take(taken), part.held ? Holdings::Taken::all : Holdings::Taken::nothing);
    EXPECT_EQ(taken.units.count(), part.held ? 1U : 0U);
  }
}

TEST(PartBuilder, OfFailuresAloneHoldsNothing) {
  PartBuilder builder({{"", {}}}, std::make_unique<TextHarvest>("", 1000));
  builder.failed({UnitId(5), protocol::FailureKind::failed, "no", {}});
  Holdings holdings;
  EXPECT_FALSE(builder.take_part(BatchId(1), 0, holdings, Holdings::Join::now).held);
}

}  // namespace
}  // namespace kiln::exec
