#include "store/journal.hpp"
#include "unit/store/journal_fixture.hpp"
#include "unit/temp_folder.hpp"

#include <gtest/gtest.h>

namespace kiln::store {
namespace {

using namespace testing;

/// Reads the ledger as a restart does.
LedgerState read_ledger(const fs::path& root) {
  LedgerBuilder builder;
  EXPECT_TRUE(scan_journal(root, {}, [&](const Visit& visit) { builder.add(visit.entry); }).problems.empty());
  return builder.state();
}

TEST(JournalScale, TenMillionDoneUnitsAreRead) {
  const TempFolder folder;
  Journal journal(folder.path(), {"launch", 1000});
  journal.begin_epoch({"launch", "here", 1, 0});
  constexpr std::uint64_t kUnits = 10'000'000;
  constexpr std::uint64_t kRows = 1'000'000;  // enough to be more than is held in memory
  CommitEntry commit = done_only(0, kUnits);
  const Schema schema = {{"value", ColumnType::f64, "", ""}, {"note", ColumnType::text, "", ""}};
  commit.rows = Rows(schema);
  for (std::uint64_t unit = 0; unit < kRows; ++unit) {
    commit.rows.begin_row(UnitId(unit));
    commit.rows.put(static_cast<double>(unit));
    commit.rows.put_text(unit % 2 == 0 ? "even" : "odd");
  }
  const EntryNumber number = journal.append(commit, schema);
  EXPECT_EQ(read_ledger(folder.path()).done.count(), kUnits);
  // And the rows of it, from the file, in ranges.
  const EntryFile file(folder.path() / "journal/000" / ("00000000" + std::to_string(number.value()) + ".h5"));
  EXPECT_EQ(file.row_count(), kRows);
  const Rows some = file.rows(0, kRows - 3, 3);
  EXPECT_EQ(some.at<double>(0, 2), static_cast<double>(kRows - 1));
  EXPECT_EQ(some.text_at(1, 1), "even");
  EXPECT_EQ(encoded(file.rows(0, 0, kRows)), encoded(commit.rows));
}

TEST(JournalScale, ManyIntervalsAreRead) {
  const TempFolder folder;
  Journal journal(folder.path(), {"launch", 1000});
  journal.begin_epoch({"launch", "here", 1, 0});
  CommitEntry commit;
  for (std::uint64_t i = 0; i < 500'000; ++i) commit.done.insert(make_interval(i * 20, i * 20 + 10));
  journal.append(commit);
  EXPECT_EQ(read_ledger(folder.path()).done, commit.done);
}

}  // namespace
}  // namespace kiln::store
