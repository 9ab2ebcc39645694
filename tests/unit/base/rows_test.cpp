#include <kiln/detail/rows.hpp>

#include <gtest/gtest.h>

#include <array>

#include <kiln/error.hpp>
#include <random>

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
