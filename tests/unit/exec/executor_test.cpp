#include "exec/executor.hpp"

#include "command_fixture.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <thread>

namespace kiln::exec {
namespace {

using namespace std::chrono_literals;

const Schema kSchema = {{"a", ColumnType::u64, "", ""}, {"b", ColumnType::u64, "", ""}};
const Tables kTables = {{"", kSchema}};

/// What the runner does; shared with the test, which outlives the executor.
struct Script {
  std::uint64_t claim = 16;
  std::atomic<bool> hold = false;      // units wait while it is set
  std::atomic<std::uint64_t> ran = 0;  // units begun
  std::atomic<int> cancels = 0, signals = 0;
  std::uint64_t fails_every = 0;     // each such unit fails
  std::uint64_t throws_at = ~0ULL;   // this unit throws
  std::uint64_t forgets_at = ~0ULL;  // of this unit nothing is said
};

class ScriptedRunner : public Runner {
 public:
  explicit ScriptedRunner(Script& script) : script_(script) {}
  const Tables& tables() const override { return kTables; }
  void run(const Work& work, Interval claimed, Results& results) override {
    EXPECT_EQ(intersect(work.units, claimed), claimed);
    for (UnitId unit = claimed.first; unit < claimed.last; unit = unit.next()) {
      script_.ran.fetch_add(1);
      while (script_.hold.load() && !results.cancelled()) std::this_thread::yield();
      if (unit.value() == script_.throws_at) throw std::runtime_error("no more clay");
      if (unit.value() == script_.forgets_at) continue;
      if (results.cancelled() || (script_.fails_every != 0 && unit.value() % script_.fails_every == 0)) {
        const auto kind = results.cancelled() ? protocol::FailureKind::cancelled : protocol::FailureKind::failed;
        results.failed({unit, kind, "because", {}});
        continue;
      }
      results.rows().begin_row(unit);
      results.rows().put(unit.value() * 2);
      results.rows().put(work.id.value());
      results.succeeded(single(unit));
    }
  }
  std::uint64_t claim(double) const override { return script_.claim; }
  void cancel() override { script_.cancels.fetch_add(1); }
  void signal() override { script_.signals.fetch_add(1); }

 private:
  Script& script_;
};

/// Counts every unit and every `last`.
class Tally {
 public:
  void add(const protocol::Part& part) {
    std::vector<std::uint64_t> units;
    UnitId after;
    for (const Interval& done : part.done) {
      EXPECT_LE(after, done.first);
      after = done.last;
      for (UnitId unit = done.first; unit < done.last; unit = unit.next()) {
        units.push_back(unit.value());
        ++done_[unit.value()];
      }
    }
    for (const protocol::UnitFailure& failure : part.failures) ++failed_[failure.unit.value()];
    if (part.rows.empty()) {
      EXPECT_TRUE(units.empty());
    } else {
      ByteReader in(part.rows, "rows");
      const Rows rows = Rows::decode(in, kSchema);
      in.expect_done();
      EXPECT_EQ(rows.units(), units);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        ASSERT_EQ(rows.at<std::uint64_t>(0, i), rows.units()[i] * 2);
        ASSERT_EQ(rows.at<std::uint64_t>(1, i), part.batch.value());
      }
    }
    end(part.batch, part.last);
  }
  void add(const std::vector<protocol::GivenBack::Piece>& pieces) {
    for (const auto& piece : pieces) {
      EXPECT_FALSE(piece.units.empty());
      for (UnitId unit = piece.units.first; unit < piece.units.last; unit = unit.next()) ++back_[unit.value()];
      end(piece.batch, piece.last);
    }
  }
  void end(BatchId batch, bool last) {
    EXPECT_FALSE(ended_[batch.value()]) << "something came after the last of batch " << batch.value();
    ended_[batch.value()] = ended_[batch.value()] || last;
  }
  std::size_t batches_ended() const {
    return static_cast<std::size_t>(
        std::count_if(ended_.begin(), ended_.end(), [](const auto& b) { return b.second; }));
  }
  std::size_t done() const { return done_.size(); }
  std::size_t failed() const { return failed_.size(); }
  std::size_t given_back() const { return back_.size(); }
  /// Each of 0..units-1 exactly once, somehow.
  void expect_each_once(std::uint64_t units) {
    for (std::uint64_t unit = 0; unit < units; ++unit) {
      ASSERT_EQ(done_[unit] + failed_[unit] + back_[unit], 1) << "unit " << unit;
    }
    EXPECT_EQ(done_.size(), units);  // operator[] filled it
  }

 private:
  std::map<std::uint64_t, int> done_, failed_, back_;
  std::map<std::uint64_t, bool> ended_;
};

Work batch(std::uint64_t id, std::uint64_t first, std::uint64_t last) {
  Work work;
  work.id = BatchId(id);
  work.units = make_interval(first, last);
  return work;
}

class ExecutorTest : public testing::Test {
 protected:
  Executor& executor() {
    if (executor_ == nullptr) {
      executor_ = std::make_unique<Executor>(std::make_unique<ScriptedRunner>(script_), options_, [this] { ++wakes_; });
    }
    return *executor_;
  }
  void poll_all() {
    protocol::Part part;
    while (executor().poll(part)) tally_.add(part);
  }
  bool ends(std::size_t batches) {
    return eventually([&] {
      poll_all();
      return tally_.batches_ended() >= batches;
    });
  }
  /// The first unit runs, the rest waits; `hold` and a claim of 1 were set before.
  void wait_for_first() {
    ASSERT_TRUE(eventually([&] { return script_.ran == 1; }));
  }

  Script script_;
  Executor::Options options_;
  std::atomic<int> wakes_ = 0;
  Tally tally_;
  std::unique_ptr<Executor> executor_;
};

TEST_F(ExecutorTest, WorksThroughBatchesInOrder) {
  executor().submit(batch(1, 0, 100));
  executor().submit(batch(2, 100, 101));
  executor().submit(batch(3, 101, 1000));
  ASSERT_TRUE(ends(3));
  tally_.expect_each_once(1000);
  EXPECT_GE(wakes_, 3);
}

TEST_F(ExecutorTest, ReportsFailuresBesideResults) {
  script_.fails_every = 3;
  executor().submit(batch(1, 0, 100));
  ASSERT_TRUE(ends(1));
  EXPECT_EQ(tally_.failed(), 34U);
  EXPECT_EQ(tally_.done(), 66U);
}

TEST_F(ExecutorTest, MeasuresTimes) {
  const double before = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  executor().submit(batch(1, 0, 10));
  protocol::Part part;
  ASSERT_TRUE(eventually([&] { return executor().poll(part); }));
  EXPECT_GE(part.start, before - 1e-3);
  EXPECT_GE(part.busy_seconds, 0.0);
  EXPECT_EQ(executor().seconds_ahead(), 0.0);
  script_.hold = true;
  executor().submit(batch(2, 10, 1000));
  EXPECT_GT(executor().seconds_ahead(), 0.0);
  executor().take_back(protocol::TakeBack::Share::all);
  EXPECT_EQ(executor().seconds_ahead(), 0.0);
}

TEST_F(ExecutorTest, GivesBackTheLaterHalfOfAll) {
  script_.hold = true;
  script_.claim = 1;
  executor().submit(batch(1, 0, 4));
  executor().submit(batch(2, 4, 8));
  wait_for_first();
  const auto pieces = executor().take_back(protocol::TakeBack::Share::half);  // of 7: 4
  ASSERT_EQ(pieces.size(), 1U);
  EXPECT_EQ(pieces[0].batch, BatchId(2));
  EXPECT_EQ(pieces[0].units, make_interval(4, 8));
  EXPECT_TRUE(pieces[0].last);
  const auto more = executor().take_back(protocol::TakeBack::Share::half);  // of 3: 2
  ASSERT_EQ(more.size(), 1U);
  EXPECT_EQ(more[0].units, make_interval(2, 4));
  EXPECT_FALSE(more[0].last);
  tally_.add(pieces);
  tally_.add(more);
  script_.hold = false;
  ASSERT_TRUE(ends(2));
  tally_.expect_each_once(8);
}

TEST_F(ExecutorTest, GivesBackFromADyadicBorder) {
  script_.hold = true;
  script_.claim = 1;
  options_.dyadic = true;
  executor().submit(batch(1, 0, 1101));
  wait_for_first();
  const auto pieces = executor().take_back(protocol::TakeBack::Share::half);  // of 1100 from unit 1
  ASSERT_EQ(pieces.size(), 1U);
  EXPECT_EQ(pieces[0].units, make_interval(512, 1101));
  tally_.add(pieces);
  tally_.add(executor().take_back(protocol::TakeBack::Share::all));
  EXPECT_EQ(tally_.given_back(), 1100U);
  script_.hold = false;
  ASSERT_TRUE(ends(1));
  tally_.expect_each_once(1101);
}

TEST_F(ExecutorTest, GivesBackAllThatWasNotBegun) {
  script_.hold = true;
  script_.claim = 1;
  executor().submit(batch(1, 0, 4));
  executor().submit(batch(2, 4, 8));
  wait_for_first();
  tally_.add(executor().take_back(protocol::TakeBack::Share::all));
  EXPECT_EQ(tally_.given_back(), 7U);
  EXPECT_TRUE(executor().take_back(protocol::TakeBack::Share::all).empty());
  script_.hold = false;
  ASSERT_TRUE(ends(2));
  tally_.expect_each_once(8);
  EXPECT_TRUE(executor().take_back(protocol::TakeBack::Share::half).empty());
}

/// A unit ends at once, the next one takes for ever: the first is reported all the same.
class OneLongUnit : public ScriptedRunner {
 public:
  OneLongUnit(Script& script) : ScriptedRunner(script), script_(script) {}
  void run(const Work& work, Interval claimed, Results& results) override {
    script_.hold = claimed.first.value() == 1;
    ScriptedRunner::run(work, claimed, results);
  }

 private:
  Script& script_;
};

TEST_F(ExecutorTest, DoesNotKeepResultsBehindALongUnit) {
  options_.report_every = 50ms;
  script_.claim = 1;
  executor_ = std::make_unique<Executor>(std::make_unique<OneLongUnit>(script_), options_, [] {});
  executor().submit(batch(1, 0, 2));
  protocol::Part part;
  ASSERT_TRUE(eventually([&] { return executor().poll(part); }));
  EXPECT_FALSE(part.last);
  EXPECT_THAT(part.done, testing::ElementsAre(make_interval(0, 1)));
  tally_.add(part);
  EXPECT_EQ(script_.ran, 2U);
  executor().cancel();
  ASSERT_TRUE(ends(1));
  EXPECT_EQ(tally_.failed(), 1U);
}

TEST_F(ExecutorTest, ReportsWhenRowsAreLarge) {
  options_.report_bytes = 24 * 32;
  script_.claim = 16;
  executor().submit(batch(1, 0, 64));
  std::size_t parts = 0;
  protocol::Part part;
  ASSERT_TRUE(eventually([&] {
    while (executor().poll(part)) {
      ++parts;
      tally_.add(part);
    }
    return tally_.batches_ended() == 1;
  }));
  EXPECT_EQ(parts, 2U);
}

TEST_F(ExecutorTest, CancelsWhatRunsOnly) {
  executor().cancel();
  EXPECT_EQ(script_.cancels, 0);
  script_.hold = true;
  script_.claim = 1;
  executor().submit(batch(1, 0, 3));
  wait_for_first();
  executor().signal_units();
  EXPECT_EQ(script_.signals, 1);
  script_.hold = false;
  ASSERT_TRUE(ends(1));
  script_.hold = true;
  executor().submit(batch(2, 3, 5));
  ASSERT_TRUE(eventually([&] { return script_.ran == 4; }));
  executor().cancel();
  EXPECT_EQ(script_.cancels, 1);
  ASSERT_TRUE(eventually([&] { return script_.ran == 5; })) << "the cancel held for a later unit";
  script_.hold = false;
  ASSERT_TRUE(ends(2));
  EXPECT_EQ(tally_.failed(), 1U);
  tally_.expect_each_once(5);
}

TEST_F(ExecutorTest, EndsWhileUnitsRun) {
  script_.hold = true;
  executor().submit(batch(1, 0, 1000));
  ASSERT_TRUE(eventually([&] { return script_.ran >= 1; }));
  executor_.reset();
  EXPECT_EQ(script_.cancels, 1);
  EXPECT_LE(script_.ran, 16U);
}

TEST_F(ExecutorTest, TellsOfAnExceptionThatLeftTheRunner) {
  script_.throws_at = 20;
  EXPECT_EQ(executor().fault(), "");
  executor().submit(batch(1, 0, 100));
  ASSERT_TRUE(eventually([&] { return !executor().fault().empty() && wakes_ > 0; }));
  EXPECT_EQ(executor().fault(), "no more clay");
}

TEST_F(ExecutorTest, SeesARunnerThatForgetsAUnit) {
  script_.forgets_at = 20;
  executor().submit(batch(1, 0, 100));
  ASSERT_TRUE(eventually([&] { return !executor().fault().empty(); }));
  EXPECT_THAT(executor().fault(), testing::HasSubstr("16 to 32"));
}

/// Between a part that was put out and the next claim, units can be taken back: the last word is then the part's while
/// it waits to be polled, else the given-back piece's.
TEST_F(ExecutorTest, SaysLastOnceWhenTheRestIsTakenBackBesideAReport) {
  for (const bool poll_first : {false, true}) {
    std::atomic<bool> in_wake = false, go_on = false;
    options_.report_bytes = 1;
    script_.claim = 4;
    executor_ = std::make_unique<Executor>(std::make_unique<ScriptedRunner>(script_), options_, [&] {
      in_wake = true;
      eventually([&] { return go_on.load(); });
    });
    executor().submit(batch(1, 0, 10));
    ASSERT_TRUE(eventually([&] { return in_wake.load(); }));
    protocol::Part part;
    if (poll_first) {
      EXPECT_TRUE(executor().poll(part));
    }
    const auto pieces = executor().take_back(protocol::TakeBack::Share::all);
    if (!poll_first) {
      EXPECT_TRUE(executor().poll(part));
    }
    ASSERT_EQ(pieces.size(), 1U);
    EXPECT_EQ(pieces[0].units, make_interval(4, 10));
    EXPECT_EQ(pieces[0].last, poll_first);
    EXPECT_EQ(part.last, !poll_first);
    go_on = true;
    executor().submit(batch(2, 10, 12));
    ASSERT_TRUE(eventually([&] { return executor().poll(part) && part.last; }));
    EXPECT_EQ(part.batch, BatchId(2));
    executor_.reset();
  }
}

TEST_F(ExecutorTest, LosesAndDoublesNothingWhenUnitsAreTakenBackWhileTheyRun) {
  std::mt19937_64 random(20240607);
  options_.report_every = 20us;
  options_.report_bytes = 2000;
  script_.claim = 3;
  std::uint64_t unit = 0, id = 0;
  for (int round = 0; round < 20'000; ++round) {
    for (std::uint64_t i = random() % 3; i-- > 0;) {
      const std::uint64_t size = 1 + random() % 40;
      executor().submit(batch(++id, unit, unit + size));
      unit += size;
    }
    for (std::uint64_t i = random() % 200; i-- > 0;) std::atomic_signal_fence(std::memory_order_seq_cst);
    const std::uint64_t what = random() % 8;
    if (what == 0) tally_.add(executor().take_back(protocol::TakeBack::Share::all));
    if (what == 1 || what == 2) tally_.add(executor().take_back(protocol::TakeBack::Share::half));
    if (what == 3) executor().cancel();
    if (what == 4 || what == 5) poll_all();
  }
  ASSERT_TRUE(ends(id));
  EXPECT_EQ(executor().fault(), "");
  const std::size_t back = tally_.given_back();
  EXPECT_GT(back, 0U);
  EXPECT_LT(back, unit);
  tally_.expect_each_once(unit);
}

}  // namespace
}  // namespace kiln::exec
