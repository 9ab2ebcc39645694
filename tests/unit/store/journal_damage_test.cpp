#include "store/compaction.hpp"
#include "store/journal.hpp"
#include "unit/temp_folder.hpp"

#include "unit/store/journal_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace kiln::store {
namespace {

using namespace testing;

class JournalDamage : public ::testing::Test {
 protected:
  JournalDamage() {
    Journal journal = start();
    for (std::uint64_t i = 0; i < 8; ++i) journal.append(sample_commit(i * 10, i * 10 + 10), sample_schema());
  }
  Journal start() {
    Journal journal(folder_.path(), {"launch", 1000}, ops_);
    journal.begin_epoch({"launch", "here", 1, 0});
    return journal;
  }
  fs::path entry(int number) const { return folder_.path() / fmt_path(number); }
  static std::string fmt_path(int number) { return "journal/000/00000000" + std::to_string(number) + ".h5"; }

  /// A writer starts, repairs, and the next reader finds nothing wrong, but these units open.
  void expect_healed(std::uint64_t done) {
    Journal journal = start();
    const Picture before = read_picture(folder_.path());
    EXPECT_FALSE(before.scan.problems.empty());
    EXPECT_EQ(before.ledger.done.count(), done);
    journal.repair(before.scan);
    const Picture after = read_picture(folder_.path());
    EXPECT_TRUE(after.scan.problems.empty()) << after.scan.lines().front();
    expect_same(after, before);
    // The same start again has nothing left to do.
    const EntryNumber highest = after.scan.highest;
    Journal again = start();
    again.repair(read_picture(folder_.path()).scan);
    EXPECT_EQ(again.last(), highest.next());
  }

  TempFolder folder_;
  FaultyOps ops_;
};

TEST_F(JournalDamage, ACutEntryIsVoided) {
  fs::resize_file(entry(3), fs::file_size(entry(3)) - 7);
  EXPECT_THAT(read_picture(folder_.path()).scan.lines(), ::testing::SizeIs(1));
  expect_healed(70);
  EXPECT_TRUE(fs::exists(folder_.path() / "damaged/000000003.h5"));
  EXPECT_TRUE(fs::exists(entry(3))) << "a damaged entry stays under its name";
}

TEST_F(JournalDamage, AnEmptyEntryIsVoided) {
  fs::resize_file(entry(3), 0);
  expect_healed(70);
}

TEST_F(JournalDamage, AChangedByteIsVoided) {
  overwrite(entry(4), 2000, '\x55');
  const auto lines = read_picture(folder_.path()).scan.lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0], "journal/000/000000004.h5: checksum differs; what it said runs again");
  expect_healed(70);
}

TEST_F(JournalDamage, SwappedEntriesAreVoided) {
  fs::rename(entry(3), entry(0));
  fs::rename(entry(5), entry(3));
  fs::rename(entry(0), entry(5));
  expect_healed(60);
}

TEST_F(JournalDamage, AMissingNumberGetsAVoidLinkedThere) {
  fs::remove(entry(6));
  expect_healed(70);
  EXPECT_TRUE(fs::exists(entry(6)));
}

TEST_F(JournalDamage, AForeignFileIsNoEntry) {
  std::ofstream(entry(6), std::ios::trunc) << std::string(5000, 'x');
  std::ofstream(folder_.path() / "journal/000/notes.txt") << "mine";
  expect_healed(70);
}

TEST_F(JournalDamage, AVoidedEntryStaysVoidEvenIfItReadsAgain) {
  const Bytes good = read_file(entry(3));
  fs::resize_file(entry(3), 600);
  expect_healed(70);
  write_durably(ops_, entry(3), good);
  EXPECT_EQ(read_picture(folder_.path()).ledger.done.count(), 70u);
}

TEST_F(JournalDamage, ADamagedMergedFileIsReplacedByItsEntries) {
  Journal journal = start();
  const Picture whole = read_picture(folder_.path());
  Compactor compactor(journal, whole.scan, {3});
  ASSERT_TRUE(compactor.step());
  fs::path merged;
  for (const auto& item : fs::directory_iterator(folder_.path() / "merged")) merged = item.path();
  overwrite(merged, 3000, '\x55');
  Journal next = start();
  const Picture damaged = read_picture(folder_.path());
  EXPECT_TRUE(damaged.scan.merged_lost);
  EXPECT_EQ(damaged.ledger.done, whole.ledger.done);
  EXPECT_EQ(damaged.rows, whole.rows);
  next.repair(damaged.scan);
  const Picture healed = read_picture(folder_.path());
  EXPECT_TRUE(healed.scan.problems.empty());
  EXPECT_FALSE(healed.scan.merged_lost);
  expect_same(healed, damaged);
}

TEST_F(JournalDamage, ADamagedListLeavesTheEntries) {
  Journal journal = start();
  const Picture whole = read_picture(folder_.path());
  Compactor compactor(journal, whole.scan, {3});
  while (compactor.step()) {
  }
  const fs::path list =
      folder_.path() / "journal/000" / (std::string("0000000") + std::to_string(journal.last().value()) + ".h5");
  ASSERT_TRUE(fs::exists(list));
  overwrite(list, 1000, '\x55');
  const Picture damaged = read_picture(folder_.path());
  EXPECT_EQ(damaged.ledger.done, whole.ledger.done);
  EXPECT_EQ(damaged.rows, whole.rows);
}

TEST_F(JournalDamage, CompactionStopsAtDamageAndLosesNothing) {
  Journal journal = start();
  const Picture whole = read_picture(folder_.path());
  overwrite(entry(3), 2000, '\x55');
  Compactor compactor(journal, whole.scan, {3});
  EXPECT_FALSE(compactor.step());
  EXPECT_NE(compactor.blocked().find("000000003.h5"), std::string::npos) << compactor.blocked();
  EXPECT_EQ(read_picture(folder_.path()).ledger.done.count(), 70u);
}

TEST_F(JournalDamage, MergingLeavesOutWhatIsVoid) {
  overwrite(entry(3), 2000, '\x55');
  expect_healed(70);
  Journal journal = start();
  const Picture before = read_picture(folder_.path());
  Compactor compactor(journal, before.scan, {3});
  while (compactor.step()) {
  }
  EXPECT_EQ(compactor.blocked(), "");
  expect_same(read_picture(folder_.path()), before);
}

}  // namespace
}  // namespace kiln::store
