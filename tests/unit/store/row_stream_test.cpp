#include "store/row_stream.hpp"

#include "store/entry_file.hpp"
#include "unit/temp_folder.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <map>
#include <random>

namespace kiln::store {
namespace {

const Schema kSchema = {{"results/number", ColumnType::u64, "", ""}, {"results/text", ColumnType::text, "", ""}};

struct Seen {
  std::uint64_t unit, number;
  std::string text;
  friend bool operator==(const Seen&, const Seen&) = default;
};

// Every unit's rows lie in some files, and count in at most one of them.
class Model {
 public:
  explicit Model(unsigned seed) : random_(seed) {}

  void build(const TempFolder& scratch) {
    const std::uint64_t units = 1 + random_() % 400;
    const std::size_t files = 1 + random_() % 8;
    std::vector<std::map<std::uint64_t, std::vector<Seen>>> content(files);
    std::vector<schedule::IntervalSet> take(files);
    const bool clustered = random_() % 2 == 0;
    for (std::uint64_t unit = 0; unit < units; ++unit) {
      if (random_() % 10 == 0) continue;
      const std::size_t winner = clustered ? unit * files / units : random_() % files;
      for (std::size_t file = 0; file < files; ++file) {
        if (file != winner && random_() % 5 != 0) continue;
        const std::size_t rows = random_() % 20 == 0 ? 30 : random_() % 3;
        for (std::size_t i = 0; i < rows; ++i) {
          content[file][unit].push_back({unit, random_(), std::string(random_() % 50, 'x')});
        }
      }
      if (content[winner].contains(unit)) {
        take[winner].insert(single(UnitId(unit)));
        for (const Seen& seen : content[winner][unit]) expected.push_back(seen);
      } else {
        without.emplace_back(unit);
      }
    }
    for (std::size_t file = 0; file < files; ++file) write(scratch, file, content[file], take[file]);
  }

  std::vector<RowsPart> parts;
  std::vector<Seen> expected;
  std::vector<UnitId> without;

 private:
  void write(const TempFolder& scratch, std::size_t file, const std::map<std::uint64_t, std::vector<Seen>>& content,
             const schedule::IntervalSet& take) {
    CommitEntry commit;
    commit.rows = Rows(kSchema);
    for (const auto& [unit, rows] : content) {
      for (const Seen& row : rows) {
        commit.rows.begin_row(UnitId(unit));
        commit.rows.put(row.number);
        commit.rows.put_text(row.text);
      }
    }
    const EntryNumber number(file + 1);
    const Bytes bytes = encode_entry({number, Epoch(1), StageId(0), 0, std::move(commit)}, kSchema);
    const auto path = scratch / fmt::format("{}.h5", file);
    write_text(path, as_text(bytes));
    parts.push_back({path, 0, StageId(0), number, take});
  }

  std::mt19937 random_;
};

TEST(RowStream, GivesEachRowThatCountsInOrder) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    const TempFolder scratch;
    Model model(seed);
    model.build(scratch);
    std::vector<UnitId> expected_units = model.without;
    for (const Seen& seen : model.expected) expected_units.emplace_back(seen.unit);
    std::sort(expected_units.begin(), expected_units.end());
    expected_units.erase(std::unique(expected_units.begin(), expected_units.end()), expected_units.end());
    RowStream stream(model.parts, expected_units,
                     {.window_bytes = 1 + seed * 300, .known_units = 1, .least_known = 1 + seed % 7});
    ASSERT_EQ(stream.rows(), model.expected.size()) << "seed " << seed;
    ASSERT_EQ(stream.missing(), model.without) << "seed " << seed;
    std::vector<Seen> seen;
    RowWindow window;
    while (stream.next(window)) {
      for (const auto& [slot, first, count] : window.runs) {
        const Rows& rows = window.rows[slot];
        for (std::size_t row = first; row < first + count; ++row) {
          seen.push_back({rows.units()[row], rows.at<std::uint64_t>(0, row), std::string(rows.text_at(1, row))});
        }
      }
    }
    ASSERT_EQ(seen, model.expected) << "seed " << seed;
  }
}

std::size_t in_use() { return mallinfo2().uordblks; }

// Of a unit with many rows all of them are looked ahead at; files wait with theirs until it is their turn again.
TEST(RowStream, UnitsWithManyRowsAreForgottenWithTheirRows) {
  if (in_use() == 0) GTEST_SKIP() << "malloc does not count here";
  constexpr std::uint64_t kFiles = 60, kUnits = 3, kRows = 4000;
  const Schema numbers = {{"results/number", ColumnType::u64, "", ""}};
  const TempFolder scratch;
  std::vector<RowsPart> parts;
  for (std::uint64_t file = 0; file < kFiles; ++file) {
    CommitEntry commit;
    commit.rows = Rows(numbers);
    schedule::IntervalSet take;
    for (std::uint64_t i = 0; i < kUnits * kRows; ++i) {
      const UnitId unit(i / kRows * kFiles + file);
      if (i % kRows == 0) take.insert(single(unit));
      commit.rows.begin_row(unit);
      commit.rows.put(i);
    }
    const EntryNumber number(file + 1);
    const auto path = scratch / fmt::format("{}.h5", file);
    write_text(path, as_text(encode_entry({number, Epoch(1), StageId(0), 0, std::move(commit)}, numbers)));
    parts.push_back({path, 0, StageId(0), number, take});
  }
  RowStream stream(parts, {}, {.window_bytes = 1, .open_bytes = 1, .known_units = 1, .least_known = 16});
  RowWindow window;
  std::uint64_t rows = 0;
  std::size_t before = 0, most = 0;  // from the first window on: until then HDF5 takes what it keeps
  while (stream.next(window)) {
    for (const auto& run : window.runs) rows += run.count;
    most = std::max(most, in_use());
    if (before == 0) before = in_use();
  }
  EXPECT_EQ(rows, kFiles * kUnits * kRows);
  EXPECT_LT(most - before, kFiles * kRows * sizeof(std::uint64_t) / 4);
}

TEST(RowStream, AWindowStaysWithinItsBudget) {
  const TempFolder scratch;
  CommitEntry commit;
  commit.rows = Rows(kSchema);
  for (std::uint64_t unit = 0; unit < 2000; ++unit) {
    commit.rows.begin_row(UnitId(unit));
    commit.rows.put(unit);
    commit.rows.put_text(std::string(1000, 'x'));
  }
  write_text(scratch / "1.h5",
             as_text(encode_entry({EntryNumber(1), Epoch(1), StageId(0), 0, std::move(commit)}, kSchema)));
  RowStream stream({{scratch / "1.h5", 0, StageId(0), EntryNumber(1), schedule::IntervalSet(make_interval(0, 2000))}},
                   {}, RowStreamLimits::within(400'000));
  RowWindow window;
  std::uint64_t rows = 0, windows = 0;
  while (stream.next(window)) {
    EXPECT_LE(window.rows.at(0).bytes(), 60'000u);
    for (const RowWindow::Run& run : window.runs) rows += run.count;
    ++windows;
  }
  EXPECT_EQ(rows, 2000u);
  EXPECT_LT(windows, 200u) << "windows far below the budget";
}

TEST(RowStream, TakesNoMoreThanUsualAndLessWhereItIsTold) {
  const RowStreamLimits usual;
  for (const std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{64} << 30}) {
    const RowStreamLimits limits = RowStreamLimits::within(bytes);
    EXPECT_EQ(limits.window_bytes, usual.window_bytes);
    EXPECT_EQ(limits.open_bytes, usual.open_bytes);
    EXPECT_EQ(limits.known_units, usual.known_units);
  }
  const RowStreamLimits little = RowStreamLimits::within(std::uint64_t{8} << 20);
  EXPECT_LE(little.window_bytes + little.open_bytes + little.known_units * sizeof(std::uint64_t),
            std::uint64_t{8} << 20);
  EXPECT_GT(little.window_bytes, 0U);
}

}  // namespace
}  // namespace kiln::store
