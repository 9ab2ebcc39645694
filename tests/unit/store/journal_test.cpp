#include "store/journal.hpp"
#include "unit/temp_folder.hpp"

#include "unit/store/journal_fixture.hpp"

#include <gtest/gtest.h>

namespace kiln::store {
namespace {

using namespace testing;

class JournalTest : public ::testing::Test {
 protected:
  Journal make(const std::string& launch, FileOps& ops) { return Journal(folder_.path(), {launch, 10}, ops); }
  Journal make(const std::string& launch) { return make(launch, ops_); }
  bool has(const std::string& name) const { return fs::exists(folder_.path() / name); }
  std::size_t temporaries() const {
    std::size_t count = 0;
    for (const auto& item : fs::recursive_directory_iterator(folder_.path())) {
      count += item.path().filename().native().starts_with("tmp-") ? 1 : 0;
    }
    return count;
  }

  TempFolder folder_;
  FaultyOps ops_;
  const EpochEntry owner_{"launch-a", "here", 1, 0};
};

TEST_F(JournalTest, TheFirstEntryIsOneAndEpochsRise) {
  Journal journal = make("a");
  const Entry first = journal.begin_epoch(owner_);
  EXPECT_EQ(first.number, EntryNumber(1));
  EXPECT_EQ(first.epoch, Epoch(1));
  EXPECT_EQ(journal.append(done_only(0, 5)), EntryNumber(2));
  EXPECT_TRUE(has("journal/000/000000002.h5"));
  Journal next = make("b");
  const Entry second = next.begin_epoch({"launch-b", "there", 2, 0});
  EXPECT_EQ(second.number, EntryNumber(3));
  EXPECT_EQ(second.epoch, Epoch(2));
  EXPECT_EQ(temporaries(), 0u);
}

TEST_F(JournalTest, ASecondWriterDeposesTheFirst) {
  Journal first = make("a");
  first.begin_epoch(owner_);
  Journal second = make("b");
  second.begin_epoch({"launch-b", "there", 2, 0});
  try {
    first.append(done_only(0, 5));
    FAIL() << "the first writer must not get through";
  } catch (const Deposed& deposed) {
    EXPECT_NE(std::string(deposed.what()).find("launch-b"), std::string::npos) << deposed.what();
  }
  EXPECT_EQ(second.append(done_only(0, 5)), EntryNumber(3));
}

TEST_F(JournalTest, TwoTakeoversAtOnceOneWins) {
  Journal first = make("a");
  first.begin_epoch(owner_);
  FaultyOps slow;
  Journal second = make("b", slow);
  slow.before_link = [&] { make("c").begin_epoch({"launch-c", "third", 3, 0}); };
  EXPECT_THROW(second.begin_epoch({"launch-b", "there", 2, 0}), Deposed);
}

TEST_F(JournalTest, ATakeoverGoesPastACommitThatCameBetween) {
  Journal first = make("a");
  first.begin_epoch(owner_);
  FaultyOps slow;
  Journal second = make("b", slow);
  slow.before_link = [&] { first.append(done_only(0, 5)); };
  const Entry epoch = second.begin_epoch({"launch-b", "there", 2, 0});
  EXPECT_EQ(epoch.number, EntryNumber(3));
  EXPECT_EQ(epoch.epoch, Epoch(2));
  EXPECT_EQ(read_picture(folder_.path(), 10).ledger.done.count(), 5u);
}

TEST_F(JournalTest, OnlyTheReignThatIsFollowedIsEnded) {
  Journal first = make("a");
  first.begin_epoch(owner_);
  Journal second = make("b");
  EXPECT_EQ(second.begin_epoch({"launch-a", "there", 2, 0}, Epoch(1)).epoch, Epoch(2));
  Journal third = make("c");
  EXPECT_THROW(third.begin_epoch({"launch-a", "late", 3, 0}, Epoch(1)), Deposed);
  second.append(done_only(0, 5));
  EXPECT_EQ(third.begin_epoch({"launch-a", "late", 3, 0}, Epoch(2)).epoch, Epoch(3));
}

// The listing of the one that is late did not show the entry of the other yet.
TEST_F(JournalTest, ACommitOfALaterReignEndsATakeoverToo) {
  Journal first = make("a");
  first.begin_epoch(owner_);
  FaultyOps slow;
  Journal late = make("b", slow);
  slow.before_link = [&] {
    slow.before_link = nullptr;
    Journal other = make("c");
    other.begin_epoch({"launch-a", "there", 2, 0}, Epoch(1));
    other.append(done_only(0, 5));
  };
  EXPECT_THROW(late.begin_epoch({"launch-a", "late", 3, 0}, Epoch(1)), Deposed);
}

TEST_F(JournalTest, AnswersOfNfsToOnesOwnLinkAreSuccess) {
  ops_.link_answers_eexist = true;
  Journal journal = make("a");
  journal.begin_epoch(owner_);
  EXPECT_EQ(journal.append(done_only(0, 5)), EntryNumber(2));
}

TEST_F(JournalTest, ShortWritesAreCompleted) {
  ops_.short_writes = 100;
  Journal journal = make("a");
  journal.begin_epoch(owner_);
  journal.append(sample_commit(0, 50), sample_schema());
  EXPECT_EQ(read_picture(folder_.path(), 10).rows.size(), 50u);
}

TEST_F(JournalTest, AFullDiskLeavesNothingAndCanBeTriedAgain) {
  Journal journal = make("a");
  journal.begin_epoch(owner_);
  ops_.fail_writes = 1;
  try {
    journal.append(done_only(0, 5));
    FAIL() << "the disk was full";
  } catch (const StorageError& error) {
    EXPECT_EQ(error.error_number(), ENOSPC);
    EXPECT_EQ(error.code(), ExitCode::stopped_early);
  }
  EXPECT_FALSE(has("journal/000/000000002.h5"));
  EXPECT_EQ(temporaries(), 0u);
  EXPECT_EQ(journal.append(done_only(0, 5)), EntryNumber(2));
}

TEST_F(JournalTest, AFailedFsyncGivesTheTemporaryUp) {
  Journal journal = make("a");
  journal.begin_epoch(owner_);
  ops_.fail_fsyncs = 1;
  EXPECT_THROW(journal.append(done_only(0, 5)), StorageError);
  EXPECT_FALSE(has("journal/000/000000002.h5"));
  EXPECT_EQ(temporaries(), 0u);
  EXPECT_EQ(journal.append(done_only(0, 5)), EntryNumber(2));
}

TEST_F(JournalTest, AFailedLinkLeavesNothing) {
  Journal journal = make("a");
  journal.begin_epoch(owner_);
  ops_.fail_links = 1;
  EXPECT_THROW(journal.append(done_only(0, 5)), StorageError);
  EXPECT_EQ(temporaries(), 0u);
  EXPECT_EQ(journal.append(done_only(0, 5)), EntryNumber(2));
}

TEST_F(JournalTest, AFolderThatIsNotSyncedIsSyncedBeforeTheNextEntry) {
  Journal journal = make("a");
  journal.begin_epoch(owner_);
  ops_.fail_folder_fsyncs = 2;
  EXPECT_THROW(journal.append(done_only(0, 5)), StorageError);
  EXPECT_TRUE(journal.has_unsynced());
  EXPECT_THROW(journal.append(done_only(0, 5)), StorageError);
  EXPECT_FALSE(has("journal/000/000000003.h5"));
  EXPECT_EQ(journal.append(done_only(0, 5)), EntryNumber(3));
  EXPECT_EQ(read_picture(folder_.path(), 10).ledger.done.count(), 5u);
}

TEST_F(JournalTest, FoldersAreMadeHalfAFolderAhead) {
  Journal journal = make("a");
  journal.begin_epoch(owner_);
  while (journal.last() < EntryNumber(4)) journal.append(done_only(0, 1));
  EXPECT_FALSE(has("journal/001"));
  journal.append(done_only(0, 1));
  EXPECT_TRUE(has("journal/001"));
  while (journal.last() < EntryNumber(25)) journal.append(done_only(0, 1));
  EXPECT_TRUE(has("journal/002/000000025.h5"));
  EXPECT_TRUE(read_picture(folder_.path(), 10).scan.problems.empty());
}

TEST_F(JournalTest, ARetiredFolderDeposesAStaleWriter) {
  Journal journal = make("a");
  journal.begin_epoch(owner_);
  fs::rename(folder_.path() / "journal/000", folder_.path() / "journal/old-000");
  EXPECT_THROW(journal.append(done_only(0, 5)), Deposed);
  std::ofstream(folder_.path() / "journal/000") << "a file";
  EXPECT_THROW(journal.append(done_only(0, 5)), Deposed);
}

TEST_F(JournalTest, LeftoversOfTheDeadAreRemoved) {
  Journal journal = make("a");
  journal.begin_epoch(owner_);
  std::ofstream(folder_.path() / "journal/000/tmp-x-1-1") << "half an entry";
  std::ofstream(folder_.path() / "merged/000000001-000000064-x.h5") << "half a merged file";
  Journal next = make("b");
  next.begin_epoch(owner_);
  const Picture picture = read_picture(folder_.path(), 10);
  EXPECT_TRUE(picture.scan.problems.empty());
  next.repair(picture.scan);
  EXPECT_EQ(temporaries(), 0u);
  EXPECT_FALSE(has("merged/000000001-000000064-x.h5"));
}

}  // namespace
}  // namespace kiln::store
