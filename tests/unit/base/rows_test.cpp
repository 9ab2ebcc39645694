#include <kiln/detail/rows.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include <kiln/error.hpp>
#include <random>
#include <vector>

namespace kiln {
namespace {

const Schema kSchema{{"results/a", ColumnType::f64, "s", ""},
                     {"results/text", ColumnType::text, "", ""},
                     {"results/flag", ColumnType::u8, "", ""}};

Rows three_rows() {
  Rows rows(kSchema);
  for (std::uint64_t unit : {7U, 8U, 9U}) {
    rows.begin_row(UnitId(unit));
    rows.put(0.5 * static_cast<double>(unit));
    rows.put_text(std::string(unit - 7, 'x'));
    rows.put(static_cast<std::uint8_t>(unit % 2));
  }
  return rows;
}

Bytes encoded(const Rows& rows) {
  ByteWriter out;
  rows.encode(out);
  return out.take();
}

TEST(Rows, ComeBackAsTheyWere) {
  const Bytes bytes = encoded(three_rows());
  ByteReader in(bytes, "rows");
  const Rows rows = Rows::decode(in, kSchema);
  EXPECT_TRUE(in.done());
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows.units(), (std::vector<std::uint64_t>{7, 8, 9}));
  EXPECT_EQ(rows.at<double>(0, 2), 4.5);
  EXPECT_EQ(rows.text_at(1, 0), "");
  EXPECT_EQ(rows.text_at(1, 2), "xx");
  EXPECT_EQ(rows.at<std::uint8_t>(2, 0), 1);
}

TEST(Rows, AppendKeepsTextsApart) {
  Rows all = three_rows();
  all.append(three_rows());
  all.append_row(three_rows(), 2);
  ASSERT_EQ(all.size(), 7U);
  EXPECT_EQ(all.text_at(1, 5), "xx");
  EXPECT_EQ(all.text_at(1, 6), "xx");
  EXPECT_EQ(all.at<double>(0, 6), 4.5);
}

TEST(Rows, CutBytesAreRefused) {
  const Bytes bytes = encoded(three_rows());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    ByteReader in(ByteView(bytes).first(length), "rows");
    EXPECT_THROW(Rows::decode(in, kSchema), Error) << length;
  }
}

// Whatever the bytes say, decoding returns or throws, and what it returns can be read.
TEST(Rows, NonsenseNeverReadsOutside) {
  const Bytes good = encoded(three_rows());
  std::mt19937_64 random(3);
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes = good;
    for (int changes = 1 + static_cast<int>(random() % 3); changes > 0; --changes) {
      bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    }
    ByteReader in(bytes, "rows");
    try {
      const Rows rows = Rows::decode(in, kSchema);
      for (std::size_t row = 0; row < rows.size(); ++row) EXPECT_LE(rows.text_at(1, row).size(), bytes.size());
    } catch (const Error&) {
    }
  }
}

const Schema kWide{{"place", ColumnType::f32, "m", "", 3, false},
                   {"list", ColumnType::i16, "", "", 1, true},
                   {"text", ColumnType::text, "", ""},
                   {"number", ColumnType::u16, "", ""}};

Rows wide_rows(std::uint64_t first, std::uint64_t last) {
  Rows rows(kWide);
  for (std::uint64_t unit = first; unit < last; ++unit) {
    const auto x = static_cast<float>(unit);
    rows.begin_row(UnitId(unit));
    rows.put_array<float>(std::array<float, 3>{x, x + 1, x + 2});
    rows.put_list<std::int16_t>(std::vector<std::int16_t>(unit % 4, static_cast<std::int16_t>(unit)));
    rows.put_text(std::string(unit % 3, 'x'));
    rows.put(static_cast<std::uint16_t>(unit));
  }
  return rows;
}

TEST(Rows, ArraysAndListsComeBackAsTheyWere) {
  const Bytes bytes = encoded(wide_rows(0, 9));
  ByteReader in(bytes, "rows");
  const Rows rows = Rows::decode(in, kWide);
  EXPECT_TRUE(in.done());
  ASSERT_EQ(rows.size(), 9U);
  EXPECT_TRUE(std::ranges::equal(rows.array_at<float>(0, 7), std::array<float, 3>{7, 8, 9}));
  EXPECT_TRUE(std::ranges::equal(rows.list_at<std::int16_t>(1, 7), std::array<std::int16_t, 3>{7, 7, 7}));
  EXPECT_TRUE(rows.list_at<std::int16_t>(1, 8).empty());
  EXPECT_EQ(rows.text_at(2, 8), "xx");
  EXPECT_EQ(encoded(rows), bytes);
}

TEST(Rows, RangesOfRowsAreAppended) {
  Rows rows = wide_rows(0, 4);
  rows.append_rows(wide_rows(0, 9), 4, 3);
  rows.append_row(wide_rows(0, 9), 7);
  rows.append(wide_rows(8, 9));
  rows.append_rows(wide_rows(0, 2), 1, 0);
  EXPECT_EQ(encoded(rows), encoded(wide_rows(0, 9)));
}

TEST(Rows, TheLastOnesAreDropped) {
  for (std::size_t left = 0; left <= 9; ++left) {
    Rows rows = wide_rows(0, 9);
    rows.begin_row(UnitId(9));
    rows.put_array<float>(std::array<float, 3>{1, 2, 3});  // half a row goes too
    rows.truncate(left);
    EXPECT_EQ(encoded(rows), encoded(wide_rows(0, left)));
    rows.append(wide_rows(left, 9));
    EXPECT_EQ(encoded(rows), encoded(wide_rows(0, 9)));
  }
}

TEST(Rows, CutOrSpoiltListsAreRefusedOrWhole) {
  const Bytes good = encoded(wide_rows(0, 5));
  for (std::size_t length = 0; length < good.size(); ++length) {
    ByteReader in(ByteView(good).first(length), "rows");
    EXPECT_THROW(Rows::decode(in, kWide), Error) << length;
  }
  std::mt19937_64 random(4);
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes = good;
    bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    ByteReader in(bytes, "rows");
    try {
      const Rows rows = Rows::decode(in, kWide);
      std::size_t items = 0;
      for (std::size_t row = 0; row < rows.size(); ++row) items += rows.list_at<std::int16_t>(1, row).size();
      EXPECT_EQ(items * 2, rows.values(1).size());
    } catch (const Error&) {
    }
  }
}

TEST(Rows, ValuesAsBytesAreTheSameValues) {
  const Rows all = wide_rows(0, 9);
  Rows copy(kWide);
  for (std::size_t row = 0; row < all.size(); ++row) {
    copy.begin_row(UnitId(all.units()[row]));
    for (std::size_t column = 0; column < kWide.size(); ++column) copy.put_value(all.value_at(column, row));
  }
  EXPECT_EQ(encoded(copy), encoded(all));
}

TEST(Rows, ImpossibleColumnsAreRefused) {
  EXPECT_THROW(Rows({{"a", ColumnType::f64, "", "", 0, false}}), Error);
  EXPECT_THROW(Rows({{"a", ColumnType::f64, "", "", 2, true}}), Error);
  EXPECT_THROW(Rows({{"a", ColumnType::text, "", "", 2, false}}), Error);
  EXPECT_THROW(Rows({{"a", ColumnType::text, "", "", 1, true}}), Error);
}

TEST(Rows, UnitsOfAnyOrderComeBack) {
  const Schema schema = {{"a", ColumnType::u8, "", ""}};
  std::mt19937_64 random(5);
  for (const std::uint64_t spread : {1U, 2U, 3U, 50U}) {  // 1: neighbours only
    for (const std::size_t count : {0U, 1U, 2U, 3U, 100U}) {
      Rows rows(schema);
      std::uint64_t unit = UINT64_MAX - 40;  // ids may be anything, also the last one and then the first
      for (std::size_t row = 0; row < count; ++row) {
        rows.begin_row(UnitId(unit));
        rows.put(std::uint8_t{0});
        unit += spread == 1 ? 1 : random() % spread;
      }
      const Bytes bytes = encoded(rows);
      EXPECT_LE(bytes.size(), 28 + 9 * count);  // never more than the ids themselves
      ByteReader in(bytes, "rows");
      EXPECT_EQ(Rows::decode(in, schema).units(), rows.units());
    }
  }
}

TEST(Rows, WithoutColumnsComeBack) {
  Rows rows{Schema{}};
  rows.begin_rows(make_interval(3, 8));
  const Bytes bytes = encoded(rows);
  ByteReader in(bytes, "rows");
  EXPECT_EQ(Rows::decode(in, {}).units(), rows.units());
}

TEST(Rows, UnitsOfNeighboursTakeNoRoom) {
  const Schema schema = {{"a", ColumnType::u8, "", ""}};
  Rows rows(schema);
  rows.begin_rows(make_interval(10, 1010));
  rows.put_column<std::uint8_t>(std::vector<std::uint8_t>(1000));
  EXPECT_LT(encoded(rows).size(), 1050U);
}

// An interval is 16 bytes however many units it has: a count that the columns do not back must not take memory.
TEST(Rows, CountsWithoutBytesAreRefused) {
  const std::vector<Schema> schemas = {{}, {{"a", ColumnType::u8, "", ""}}, {{"a", ColumnType::text, "", ""}}};
  for (const Schema& schema : schemas) {
    for (const std::uint64_t count : {std::uint64_t{100}, std::uint64_t{1} << 40, UINT64_MAX}) {
      ByteWriter out;
      out.put(count);
      out.put(static_cast<std::uint32_t>(schema.size()));
      out.put(std::uint64_t{1});
      out.put(std::uint64_t{0});
      out.put(count);
      for (std::size_t column = 0; column < schema.size(); ++column) out.put(std::uint64_t{0});
      ByteReader in(out.view(), "rows");
      EXPECT_THROW(Rows::decode(in, schema), Error) << count;
    }
  }
}

TEST(Rows, IntervalsOfOtherThanTheRowsAreRefused) {
  const Schema schema = {{"a", ColumnType::u8, "", ""}};
  const auto three = [&](std::uint64_t first, std::uint64_t second) {
    ByteWriter out;
    out.put(std::uint64_t{3});
    out.put(std::uint32_t{1});
    out.put(std::uint64_t{2});
    for (const std::uint64_t value : {std::uint64_t{10}, first, std::uint64_t{20}, second}) out.put(value);
    out.put_bytes(as_bytes("abc"));
    ByteReader in(out.view(), "rows");
    return Rows::decode(in, schema).units();
  };
  EXPECT_EQ(three(2, 1), (std::vector<std::uint64_t>{10, 11, 20}));
  EXPECT_THROW(three(1, 1), Error);
  EXPECT_THROW(three(2, 2), Error);
  EXPECT_THROW(three(2, UINT64_MAX), Error);
}

TEST(Rows, ColumnsAtOnceAreRowsOneByOne) {
  const Schema schema = {{"a", ColumnType::u64, "", ""}, {"b", ColumnType::i32, "", ""}};
  Rows single(schema), many(schema);
  for (Rows* rows : {&single, &many}) {
    rows->begin_row(UnitId(3));
    rows->put(std::uint64_t{30});
    rows->put(std::int32_t{-3});
  }
  for (std::uint64_t unit = 7; unit < 10; ++unit) {
    single.begin_row(UnitId(unit));
    single.put(10 * unit);
    single.put(-static_cast<std::int32_t>(unit));
  }
  many.begin_rows(make_interval(7, 10));
  many.put_column<std::uint64_t>(std::array<std::uint64_t, 3>{70, 80, 90});
  many.put_column<std::int32_t>(std::array<std::int32_t, 3>{-7, -8, -9});
  ByteWriter one, other;
  single.encode(one);
  many.encode(other);
  EXPECT_EQ(one.take(), other.take());
}

}  // namespace
}  // namespace kiln
