#include "job/so_far_keeper.hpp"

#include "job/clock.hpp"
#include "store/so_far.hpp"
#include "unit/store/program_fixture.hpp"

#include <kiln/detail/fold.hpp>
#include <kiln/monoids.hpp>

#include <stdexcept>

namespace kiln::job {
namespace {

using namespace std::chrono_literals;
using store::StageEndEntry;

/// A stage of 100 units with two reductions, of which so many bytes are held.
class SoFarKeeperTest : public store::ProgramFixture {
 protected:
  using Forest = detail::ExactForest<Histogram>;

  void SetUp() override {
    ProgramFixture::SetUp();
    store_ = open();
    keeper_.emplace(*store_);
    store::PlanEntry entry = ProgramFixture::plan("a", 100);
    entry.reduces = {{"count", "count", true}, {"tree", "mean", false}};
    store_->stages().begin(StageId(0), entry);
    plan_.reduces.push_back(sink("count", true));
    plan_.reduces.push_back(sink("tree", false));
  }

  detail::ReduceSink sink(const std::string& name, bool exact) {
    detail::ReduceSink sink;
    sink.name = name;
    sink.exact = exact;
    sink.make_forest = [this] { return std::make_unique<detail::ExactForest<Histogram>>(Histogram(0, 1, bins_)); };
    sink.show = [this](ByteView value) {
      ++shown_;
      if (broken_) throw std::runtime_error("no");
      Schema schema{{"value", ColumnType::u64, "", ""}};
      Rows rows(schema);
      rows.begin_row(UnitId(0));
      rows.put(std::uint64_t{value.size()});
      return std::vector<std::pair<Table, Rows>>{{{"", schema}, rows}};
    };
    return sink;
  }

  void begin() {
    fold_.emplace(plan_);
    keeper_->begin_stage(plan_, begun_);
  }
  void admit(std::uint64_t first, std::uint64_t last) {
    flow::StageHarvest harvest(plan_.reduces);
    for (const auto& forest : harvest.forests()) {
      const Histogram histogram(0, 1, bins_);
      dynamic_cast<Forest&>(*forest).add_exact(make_interval(first, last), histogram.lift(0.5));
    }
    fold_->absorb(harvest);
    keeper_->note_news();
  }
  std::optional<store::SoFar> there() const { return store::read_so_far(path()); }

  std::unique_ptr<store::RunStore> store_;
  std::optional<SoFarKeeper> keeper_;
  detail::StagePlan plan_;
  std::optional<flow::Fold> fold_;
  const Instant begun_ = now();
  std::size_t bins_ = 4;
  int shown_ = 0;
  bool broken_ = false;
};

TEST_F(SoFarKeeperTest, WritesNowAndThenWhereThereIsNews) {
  begin();
  admit(10, 30);
  keeper_->write_if_due(*fold_, begun_ + 1900ms);
  EXPECT_FALSE(there()) << "short stages leave nothing";
  keeper_->write_if_due(*fold_, begun_ + 2s);
  ASSERT_TRUE(there());
  EXPECT_EQ(there()->state.counts.done, 20u);
  EXPECT_EQ(there()->state.counts.units, 100u);
  EXPECT_TRUE(there()->state.values.at(0));
  EXPECT_FALSE(there()->state.values.at(1)) << "along the tree";
  EXPECT_EQ(shown_, 1);
  keeper_->write_if_due(*fold_, begun_ + 1h);
  EXPECT_EQ(shown_, 1) << "no news";
  admit(40, 45);
  keeper_->write_if_due(*fold_, begun_ + 3900ms);
  EXPECT_EQ(there()->state.counts.done, 20u) << "too early";
  keeper_->write_if_due(*fold_, begun_ + 1h);
  EXPECT_EQ(there()->state.counts.done, 25u);
  admit(50, 51);
  keeper_->write_last(*fold_);
  EXPECT_EQ(there()->state.counts.done, 26u);
  keeper_->end_stage();
  EXPECT_FALSE(std::filesystem::exists(path() / store::kSoFarName));
}

TEST_F(SoFarKeeperTest, LargeValuesAreLeftOut) {
  bins_ = 200'000;
  begin();
  admit(10, 30);
  keeper_->write_last(*fold_);
  EXPECT_FALSE(there());
  EXPECT_EQ(shown_, 0);
}

TEST_F(SoFarKeeperTest, AValueThatCannotBeShownIsNotTriedAgain) {
  broken_ = true;
  begin();
  admit(10, 30);
  keeper_->write_if_due(*fold_, begun_ + 3s);
  admit(30, 40);
  keeper_->write_if_due(*fold_, begun_ + 1h);
  EXPECT_FALSE(there());
  EXPECT_EQ(shown_, 1);
}

TEST_F(SoFarKeeperTest, WhatIsThereStaysForItsOwnStageOnly) {
  begin();
  admit(10, 30);
  keeper_->write_last(*fold_);
  ASSERT_TRUE(there());
  SoFarKeeper next(*store_);
  next.begin_stage(plan_, begun_);
  EXPECT_TRUE(there());
  store::SoFar other = *there();
  other.round = 5;
  store::write_so_far(path(), Epoch(1), other, store_->stages().plan().reduces);
  SoFarKeeper another(*store_);
  another.begin_stage(plan_, begun_);
  EXPECT_FALSE(there());
}

}  // namespace
}  // namespace kiln::job
