#include "base/tables.hpp"
#include "store/row_stream.hpp"
#include "store/segment.hpp"
#include "unit/store/journal_fixture.hpp"
#include "unit/temp_folder.hpp"

#include <gtest/gtest.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace kiln::store {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kRows = 50'000;

Tables tables_of_numbers() {
  Column array{"array", ColumnType::f32, "", ""};
  array.count = 3;
  Column list{"list", ColumnType::i16, "", ""};
  list.list = true;
  return {{"numbers", {{"x", ColumnType::f64, "m", ""}, array}}, {"more", {list, {"text", ColumnType::text, "", ""}}}};
}

/// One segment of a worker whose tables are larger than a chunk.
class PackedSegmentTest : public ::testing::Test {
 protected:
  PackedSegmentTest() {
    fs::create_directories(folder_.path() / "segments");
    rows_ = make_tables(tables_);
    for (std::uint64_t unit = 0; unit < kRows; ++unit) {
      rows_[0].begin_row(UnitId(unit));
      rows_[0].put(0.5 * static_cast<double>(unit));
      const auto x = static_cast<float>(unit);
      rows_[0].put_array<float>(std::array<float, 3>{x, x + 1, x + 2});
      rows_[1].begin_row(UnitId(unit));
      rows_[1].put_list<std::int16_t>(std::vector<std::int16_t>(unit % 4, static_cast<std::int16_t>(unit)));
      rows_[1].put_text(std::to_string(unit));
    }
    ByteWriter out;
    encode_tables(rows_, out);
    const schedule::IntervalSet units(make_interval(0, kRows));
    segment_ = write_segment(folder_.path(), Epoch(1), Rank(2), 3, {StageId(0), units, tables_, {out.take()}, {}});
  }

  static void expect_same(const Rows& got, const Rows& all, std::uint64_t first) {
    for (std::size_t row = 0; row < got.size(); ++row) {
      ASSERT_EQ(got.units()[row], all.units()[first + row]);
      for (std::size_t column = 0; column < all.columns(); ++column) {
        const ByteView is = got.value_at(column, row), should = all.value_at(column, first + row);
        ASSERT_TRUE(std::equal(is.begin(), is.end(), should.begin(), should.end())) << row << " " << column;
      }
    }
  }

  const Tables tables_ = tables_of_numbers();
  TempFolder folder_;
  std::vector<Rows> rows_;
  SegmentFile segment_;
};

TEST_F(PackedSegmentTest, HasAllRowsWhereverOneBeginsToRead) {
  const EntryFile file = open_segment(folder_.path(), segment_);
  for (const std::size_t table : {std::size_t{0}, std::size_t{1}}) {
    const RowsPlace place(0, table);
    ASSERT_EQ(file.row_count(place), kRows);
    for (const auto& [first, count] : std::vector<std::pair<std::uint64_t, std::uint64_t>>{
             {0, kRows}, {0, 1}, {16'383, 2}, {16'384, 16'384}, {16'380, 32'800}, {kRows - 1, 1}}) {
      const Rows got = file.rows(place, first, count);
      ASSERT_EQ(got.size(), count);
      expect_same(got, rows_[table], first);
    }
  }
}

TEST_F(PackedSegmentTest, IsSmallerThanWhatItHoldsAndSaysHowMuchThatIs) {
  const std::uint64_t bytes = bytes_of(rows_);
  EXPECT_LT(segment_.length, bytes / 2);
  EXPECT_EQ(segment_content(folder_.path(), segment_), bytes);
  const EntryFile file = open_segment(folder_.path(), segment_);
  EXPECT_EQ(file.row_bytes({0, 0}) + file.row_bytes({0, 1}), bytes);
}

TEST_F(PackedSegmentTest, IsReadInWindowsOfItsSizeInMemory) {
  RowStreamLimits limits;
  limits.window_bytes = 100'000;
  RowStream stream({{segment_path(folder_.path(), segment_.file), 0, StageId(0), EntryNumber(), segment_.units, true}},
                   {}, limits);
  RowWindow window;
  std::uint64_t rows = 0;
  while (stream.next(window)) {
    for (const Rows& some : window.rows) EXPECT_LE(some.bytes(), 2 * limits.window_bytes);
    for (const RowWindow::Run& run : window.runs) rows += run.count;
  }
  EXPECT_EQ(rows, kRows);
}

TEST_F(PackedSegmentTest, DoesNotCountWhereAByteDiffers) {
  const fs::path path = segment_path(folder_.path(), segment_.file);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(segment_.length / 2));
  file.put('x');
  file.close();
  EXPECT_THROW(open_segment(folder_.path(), segment_), Damage);
}

}  // namespace
}  // namespace kiln::store
