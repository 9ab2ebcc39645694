#include "base/tables.hpp"

#include <gtest/gtest.h>
#include <kiln/error.hpp>

namespace kiln {
namespace {

const Tables kTables = {{"first", {{"n", ColumnType::u64, "", ""}}},
                        {"second", {{"text", ColumnType::text, "", ""}}},
                        {"third", {{"x", ColumnType::f64, "", ""}}}};

std::vector<Rows> some(bool first) {
  std::vector<Rows> tables = make_tables(kTables);
  if (first) {
    tables[0].begin_row(UnitId(3));
    tables[0].put(std::uint64_t{7});
  }
  tables[2].begin_row(UnitId(3));
  tables[2].put(0.5);
  return tables;
}

TEST(Tables, ComeBackAsTheyWereAlsoWhereSomeAreEmpty) {
  for (const bool first : {false, true}) {
    ByteWriter out;
    encode_tables(some(first), out);
    ByteReader in(out.view(), "tables");
    const std::vector<Rows> back = decode_tables(in, kTables);
    ASSERT_EQ(back.size(), 3U);
    EXPECT_EQ(back[0].size(), first ? 1U : 0U);
    EXPECT_EQ(back[1].size(), 0U);
    ASSERT_EQ(back[2].size(), 1U);
    EXPECT_EQ(back[2].at<double>(0, 0), 0.5);
  }
}

TEST(Tables, TheRowsOfASingleTableAreTheirOwnBlob) {
  const Tables one{kTables.front()};
  std::vector<Rows> tables{some(true).front()};
  ByteWriter all, alone;
  encode_tables(tables, all);
  tables.front().encode(alone);
  EXPECT_EQ(all.take(), alone.take());
}

TEST(Tables, ATableThatIsNotThereOrComesTwiceIsRefused) {
  ByteWriter out;
  encode_tables(some(true), out);
  const Bytes good = out.take();
  ByteReader two(good, "tables");
  EXPECT_THROW(decode_tables(two, {kTables[0], kTables[1]}), Error) << "table 2 of 2";
  Bytes twice = good;
  const auto begin = static_cast<std::ptrdiff_t>(good.size()) - 4 - (8 + 4 + 8 + 8 + 8);
  twice.insert(twice.end(), good.begin() + begin, good.end());
  ByteReader again(twice, "tables");
  EXPECT_THROW(decode_tables(again, kTables), Error) << "table 2 twice";
}

}  // namespace
}  // namespace kiln
