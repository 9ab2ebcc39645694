#include "job/so_far_teller.hpp"

#include "unit/store/program_fixture.hpp"

#include <kiln/detail/fold.hpp>
#include <kiln/monoids.hpp>

#include <stdexcept>

namespace kiln::job {
namespace {

using namespace std::chrono_literals;

/// A stage with three reductions: two have a function, every second and every minute.
class SoFarTellerTest : public store::ProgramFixture {
 protected:
  using Forest = detail::ExactForest<Histogram>;

  void SetUp() override {
    ProgramFixture::SetUp();
    store_ = open();
    teller_.emplace(*store_);
    plan_.reduces = {sink("often", 1s, &often_), sink("silent", 0s, nullptr), sink("seldom", 60s, &seldom_)};
    fold_.emplace(plan_);
    teller_->begin_stage(plan_, begun_);
  }
  detail::ReduceSink sink(const std::string& name, std::chrono::nanoseconds every, std::vector<std::uint64_t>* told) {
    detail::ReduceSink sink;
    sink.name = name;
    sink.exact = true;
    sink.make_forest = [] { return std::make_unique<detail::ExactForest<Histogram>>(Histogram(0, 1, 4)); };
    sink.tell_every = every;
    if (told == nullptr) return sink;
    sink.tell_so_far = [this, told](ByteView, std::uint64_t units) {
      if (throws_) throw std::runtime_error("no");
      told->push_back(units);
    };
    return sink;
  }
  void admit(std::uint64_t first, std::uint64_t last) {
    flow::StageHarvest harvest(plan_.reduces);
    for (const auto& forest : harvest.forests()) {
      dynamic_cast<Forest&>(*forest).add_exact(make_interval(first, last), Histogram(0, 1, 4).lift(0.5));
    }
    fold_->absorb(harvest);
    teller_->note_news();
  }
  void at(Duration passed) { teller_->tell_if_due(*fold_, begun_ + passed); }

  std::unique_ptr<store::RunStore> store_;
  std::optional<SoFarTeller> teller_;
  detail::StagePlan plan_;
  std::optional<flow::Fold> fold_;
  const Instant begun_{100s};
  std::vector<std::uint64_t> often_, seldom_;
  bool throws_ = false;
};

using Told = std::vector<std::uint64_t>;

TEST_F(SoFarTellerTest, EachIsToldAtItsTime) {
  admit(10, 30);
  at(900ms);
  EXPECT_EQ(often_, Told{});
  at(1s);
  EXPECT_EQ(often_, Told{20});
  EXPECT_EQ(seldom_, Told{});
  admit(40, 45);
  at(60s);
  EXPECT_EQ(often_, (Told{20, 25}));
  EXPECT_EQ(seldom_, Told{25});
}

TEST_F(SoFarTellerTest, NothingIsToldTwice) {
  admit(10, 30);
  at(1s);
  at(30s);
  EXPECT_EQ(often_, Told{20});
  admit(30, 31);
  at(59s);
  EXPECT_EQ(often_, (Told{20, 21}));
}

TEST_F(SoFarTellerTest, AFunctionThatThrowsIsCalledNoMoreInThisStage) {
  admit(10, 30);
  throws_ = true;
  at(1s);
  throws_ = false;
  admit(30, 40);
  at(70s);
  EXPECT_EQ(often_, Told{});
  EXPECT_EQ(seldom_, Told{30}) << "the others are";
  teller_->begin_stage(plan_, begun_);
  at(2s);
  EXPECT_EQ(often_, Told{30});
}

TEST_F(SoFarTellerTest, AfterTheStageNobodyIsTold) {
  admit(10, 30);
  teller_->end_stage();
  at(1h);
  EXPECT_EQ(often_, Told{});
  EXPECT_EQ(seldom_, Told{});
}

}  // namespace
}  // namespace kiln::job
