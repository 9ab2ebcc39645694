#include "store/compaction.hpp"
#include "unit/temp_folder.hpp"

#include "unit/store/journal_fixture.hpp"
#include "unit/store/merge_properties.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <set>

namespace kiln::store {
namespace {

using namespace testing;

constexpr std::uint64_t kPerFolder = 8;
constexpr std::uint64_t kUnits = 24;

/// A run directory that lives through commits, failures, retries, restarts and merges; beside it all entries as they
/// were appended, which never see a merge.
class History {
 public:
  explicit History(std::uint64_t seed, bool small_files = true) : random_(seed) {
    options_.fan_in = 3 + random_() % 3;
    if (small_files && random_() % 3 == 0) options_.most_bytes = 20000 + random_() % 60000;
    restart();
  }

  void restart() {
    compactor_.reset();
    journal_ = std::make_unique<Journal>(folder_.path(), JournalOptions{"launch", kPerFolder}, ops_);
    entries_.push_back(journal_->begin_epoch({"launch", "host", 1, 0}));
    const Picture picture = read_picture(folder_.path(), kPerFolder);
    journal_->repair(picture.scan);
    compactor_ = std::make_unique<Compactor>(*journal_, picture.scan, options_);
  }

  void act() {
    switch (random_() % 10) {
      case 0:
        return append(ReopenEntry{schedule::IntervalSet(some_units())});
      case 1:
        append(SourceEntry{1, 0, kUnits, {}, {}});
        return append(EndEntry{"launch", protocol::Outcome::interrupted, 75, 0});
      case 2:
        return restart();
      default:
        return append(some_commit());
    }
  }

  bool step() { return compactor_->step(); }

  /// Merges until the process dies after so many system calls; true where it got to the end before.
  bool merge_until(long steps) {
    ops_.steps_left = steps;
    bool ended = false;
    try {
      while (compactor_->step()) {
      }
      ended = ops_.steps_left > 0;
    } catch (const Error&) {
      EXPECT_EQ(ops_.steps_left, 0);
    }
    ops_.steps_left = -1;
    return ended;
  }

  void check() const {
    const Picture is = read_picture(folder_.path(), kPerFolder);
    for (const std::string& line : is.scan.lines()) ADD_FAILURE() << line;
    EXPECT_FALSE(is.scan.merged_lost);
    expect_same(is, resolve(entries_));
  }

  std::size_t files() const { return files_below(folder_.path()); }
  bool has_retired_a_folder() const { return fs::is_regular_file(folder_.path() / "journal/000"); }
  std::uint64_t last() const { return journal_->last().value(); }
  const std::string& blocked() const { return compactor_->blocked(); }
  std::uint64_t draw(std::uint64_t below) { return random_() % below; }

 private:
  Interval some_units() {
    const std::uint64_t first = random_() % kUnits;
    return make_interval(first, std::min(kUnits, first + 1 + random_() % 8));
  }

  CommitEntry some_commit() {
    CommitEntry commit;
    commit.rows = Rows(sample_schema());
    const double start = static_cast<double>(++batches_);
    const Interval units = some_units();
    for (std::uint64_t unit = units.first.value(); unit < units.last.value(); ++unit) {
      const auto kind = random_() % 8;
      if (kind < 2) continue;
      if (kind <= 4) {
        commit.dead.push_back({{UnitId(unit), 2, "reason " + std::to_string(batches_)}, EntryNumber()});
      } else {
        commit.done.insert(single(UnitId(unit)));
      }
      put_row(commit.rows, unit, batches_);
    }
    commit.batches.push_back({BatchId(batches_), Rank(1), units, units.size(), start, 0.5});
    return commit;
  }

  void append(EntryBody body) {
    const EntryNumber number = journal_->append(body, sample_schema());
    if (auto* commit = std::get_if<CommitEntry>(&body)) {
      for (auto& dead : commit->dead) dead.number = number;
    }
    entries_.push_back({number, journal_->epoch(), StageId(0), 0, std::move(body)});
  }

  std::mt19937_64 random_;
  TempFolder folder_;
  FaultyOps ops_;
  CompactionOptions options_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Compactor> compactor_;
  std::vector<Entry> entries_;
  std::uint64_t batches_ = 0;
};

TEST(CompactionProperty, ReadersCannotTellWhatWasMerged) { expect_readers_cannot_tell<History>(8); }

TEST(CompactionProperty, ACrashAtAnyPointIsHarmless) {
  // The same history, dying one system call later each time, until the merging gets through.
  for (long steps = 0;; ++steps) {
    SCOPED_TRACE(::testing::Message() << "death after " << steps << " calls");
    History history(101, false);
    for (int i = 0; i < 12; ++i) history.act();
    const bool ended = history.merge_until(steps);
    const bool retired = history.has_retired_a_folder();
    history.check();
    history.restart();
    history.check();
    merge_all(history);
    history.check();
    if (::testing::Test::HasFailure()) return;
    if (ended) {
      EXPECT_TRUE(retired) << "the deaths must fall into retirement too";
      return;
    }
    ASSERT_LT(steps, 2000);
  }
}

TEST(CompactionProperty, TheNumberOfFilesStaysSmall) {
  History history(7, false);
  expect_few_files(history, 600, kPerFolder);
}

}  // namespace
}  // namespace kiln::store
