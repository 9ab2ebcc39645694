#include "store/compaction.hpp"
#include "unit/temp_folder.hpp"

#include "unit/store/journal_fixture.hpp"

#include <gtest/gtest.h>

#include <set>

namespace kiln::store {
namespace {

using namespace testing;

class CompactionTest : public ::testing::Test {
 protected:
  CompactionTest() : journal_(folder_.path(), {"launch", 1000}, ops_) {
    journal_.begin_epoch({"launch", "here", 1, 0});
  }
  std::vector<CompactionEntry::Merged> merge_all(CompactionOptions options) { return merge_all(options, journal_); }
  std::vector<CompactionEntry::Merged> merge_all(CompactionOptions options, Journal& journal) {
    Compactor compactor(journal, scan_journal(folder_.path(), {}), options);
    while (compactor.step()) {
    }
    EXPECT_EQ(compactor.blocked(), "");
    return scan_journal(folder_.path(), {}).merged;
  }
  std::size_t merged_files() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& item : fs::directory_iterator(folder_.path() / "merged")) ++count;
    return count;
  }

  TempFolder folder_;
  FaultyOps ops_;
  Journal journal_;
};

TEST_F(CompactionTest, LargeFilesAreNotMergedOn) {
  for (std::uint64_t i = 0; i < 40; ++i) journal_.append(sample_commit(i * 500, i * 500 + 500), sample_schema());
  const Picture before = read_picture(folder_.path());
  const auto merged = merge_all({4, 100'000});
  ASSERT_GT(merged.size(), 5u);
  for (const auto& file : merged) EXPECT_LT(file.length, 110'000u);
  EXPECT_EQ(merged_files(), merged.size());
  expect_same(read_picture(folder_.path()), before);
}

TEST_F(CompactionTest, AnEntryBeyondTheLimitIsAFileOfItsOwn) {
  for (std::uint64_t i = 0; i < 6; ++i) journal_.append(sample_commit(i * 500, i * 500 + 500), sample_schema());
  const Picture before = read_picture(folder_.path());
  const auto merged = merge_all({3, 15'000});
  EXPECT_GE(merged.size(), 3u);
  expect_same(read_picture(folder_.path()), before);
}

TEST_F(CompactionTest, KeepsWhatWasGivenInFewEntries) {
  const auto given = [&] {
    LedgerBuilder builder;
    scan_journal(folder_.path(), {}, [&](const Visit& visit) { builder.add(visit.entry); });
    return builder.state().given.intervals();
  };
  journal_.append(GivenEntry{schedule::IntervalSet(make_interval(90, 95))});
  Journal next(folder_.path(), {"later", 1000}, ops_);
  journal_.append(EndEntry{"launch", protocol::Outcome::interrupted, 75, 0});
  next.begin_epoch({"later", "here", 1, 0});
  for (std::uint64_t i = 0; i < 20; ++i) {
    next.append(GivenEntry{schedule::IntervalSet(make_interval(i, i + 1))});
    if (i % 2 == 0) next.append(done_only(i, i + 1));
  }
  next.append(ReopenEntry{schedule::IntervalSet(make_interval(1, 2))});
  next.append(GivenEntry{schedule::IntervalSet(make_interval(50, 52))});
  const auto before = given();
  ASSERT_EQ(before.size(), 10u);
  const auto merged = merge_all({4}, next);
  ASSERT_FALSE(merged.empty());
  EXPECT_EQ(given(), before);
  std::size_t entries = 0;
  scan_journal(folder_.path(), {},
               [&](const Visit& visit) { entries += std::holds_alternative<GivenEntry>(visit.entry.body) ? 1U : 0U; });
  EXPECT_LT(entries, 10u);
}

TEST_F(CompactionTest, KeepsStagesRoundsAndColumnsApart) {
  const Schema other = {{"value", ColumnType::f64, "m", "a length"}};
  CommitEntry values = done_only(40, 41);
  values.rows = Rows(other);
  values.rows.begin_row(UnitId(40));
  values.rows.put(2.5);
  journal_.append(done_only(30, 31));
  journal_.append(sample_commit(0, 10), sample_schema());
  journal_.append(sample_commit(0, 5, 9), sample_schema(), StageId(1), 0);
  journal_.append(sample_commit(3, 8, 9), sample_schema(), StageId(1), 1);
  journal_.append(values, other);
  ASSERT_EQ(merge_all({6}).size(), 1u);
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> done;
  std::set<Schema::size_type> columns;
  scan_journal(folder_.path(), {}, [&](const Visit& visit) {
    const auto* commit = std::get_if<CommitEntry>(&visit.entry.body);
    if (commit == nullptr) return;
    done[{visit.entry.stage.value(), visit.entry.round}] += commit->done.count();
    const Schema schema = visit.in.schema(visit.part);
    if (visit.in.row_count(visit.part) > 0) columns.insert(schema.size());
    if (schema == other) {
      EXPECT_EQ(visit.in.rows(visit.part, 0, 1).at<double>(0, 0), 2.5);
    }
  });
  // Of stage 1 only the highest round counts; the other keeps its timeline.
  EXPECT_EQ(done,
            (std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t>{{{0, 0}, 12}, {{1, 0}, 0}, {{1, 1}, 5}}));
  EXPECT_EQ(columns, (std::set<Schema::size_type>{1, 8}));
}

TEST_F(CompactionTest, AFullDiskLeavesNoMergedFileBehind) {
  for (std::uint64_t i = 0; i < 6; ++i) journal_.append(sample_commit(i, i + 1), sample_schema());
  const Picture before = read_picture(folder_.path());
  Compactor compactor(journal_, before.scan, {3});
  ops_.fail_writes = 1;
  EXPECT_THROW(compactor.step(), StorageError);
  EXPECT_EQ(merged_files(), 0u);
  ops_.fail_links = 1;  // the merged file is there, its entry is not
  EXPECT_THROW(compactor.step(), StorageError);
  EXPECT_EQ(merged_files(), 0u);
  EXPECT_TRUE(compactor.step());
  EXPECT_EQ(merged_files(), 1u);
  expect_same(read_picture(folder_.path()), before);
}

TEST_F(CompactionTest, ALostMergedFileOfARetiredFolderIsReportedOnce) {
  const TempFolder folder;
  const auto start = [&] {
    Journal journal(folder.path(), {"launch", 8});
    journal.begin_epoch({"launch", "here", 1, 0});
    return journal;
  };
  Journal journal = start();
  for (std::uint64_t i = 0; i < 30; ++i) journal.append(sample_commit(i, i + 1), sample_schema());
  Compactor compactor(journal, scan_journal(folder.path(), {.numbers_per_folder = 8}), {4});
  while (compactor.step()) {
  }
  ASSERT_TRUE(fs::is_regular_file(folder.path() / "journal/000"));
  const auto merged = scan_journal(folder.path(), {.numbers_per_folder = 8}).merged;
  fs::remove(folder.path() / "merged" / merged.front().file);
  Journal next = start();
  const Picture found = read_picture(folder.path(), 8);
  EXPECT_TRUE(found.scan.merged_lost);
  EXPECT_FALSE(found.scan.lines().empty());
  EXPECT_LT(found.ledger.done.count(), 30u);
  next.repair(found.scan);
  const Picture healed = read_picture(folder.path(), 8);
  EXPECT_EQ(healed.ledger.done, found.ledger.done);
  Compactor again(next, healed.scan, {4});
  while (again.step()) {
  }
  EXPECT_EQ(again.blocked(), "");
  expect_same(read_picture(folder.path(), 8), healed);
  // Known by now: the list does not name it any more.
  EXPECT_TRUE(healed.scan.problems.empty()) << healed.scan.lines().front();
}

TEST_F(CompactionTest, AHalfRetiredFolderServesWhereTheMergedFileIsLost) {
  const TempFolder folder;
  Journal journal(folder.path(), {"launch", 8});
  journal.begin_epoch({"launch", "here", 1, 0});
  for (std::uint64_t i = 0; i < 10; ++i) journal.append(sample_commit(i, i + 1), sample_schema());
  const Picture before = read_picture(folder.path(), 8);
  Compactor compactor(journal, before.scan, {8});
  ASSERT_TRUE(compactor.step());  // merges 1 to 8; the next step would retire 000
  fs::rename(folder.path() / "journal/000", folder.path() / "journal/old-000");
  const auto merged = scan_journal(folder.path(), {.numbers_per_folder = 8}).merged;
  ASSERT_EQ(merged.size(), 1u);
  overwrite(folder.path() / "merged" / merged.front().file, 700, '\x55');
  Journal next(folder.path(), {"next", 8});
  next.begin_epoch({"next", "here", 2, 0});
  const Picture found = read_picture(folder.path(), 8);
  EXPECT_EQ(found.rows, before.rows);
  next.repair(found.scan);
  const Picture healed = read_picture(folder.path(), 8);
  EXPECT_EQ(healed.rows, before.rows);
  EXPECT_TRUE(healed.scan.problems.empty());
  // Merged anew, the folder goes for good.
  Compactor again(next, healed.scan, {3});
  while (again.step()) {
  }
  EXPECT_EQ(again.blocked(), "");
  EXPECT_FALSE(fs::exists(folder.path() / "journal/old-000"));
  EXPECT_TRUE(fs::is_regular_file(folder.path() / "journal/000"));
  expect_same(read_picture(folder.path(), 8), healed);
}

}  // namespace
}  // namespace kiln::store
