#include "job/print_rows.hpp"

#include "exec/command_setup.hpp"

#include <gtest/gtest.h>
#include <kiln/error.hpp>

#include <vector>

namespace kiln::job {
namespace {

// As CommandRunner puts them.
Bytes rows_of(const std::vector<std::pair<std::uint64_t, std::string>>& units, bool cut) {
  Rows rows(exec::command_schema());
  for (const auto& [unit, out] : units) {
    rows.begin_row(UnitId(unit));
    for (const Column& column : exec::command_schema()) {
      if (column.name == "output/stdout") {
        rows.put_text(out);
      } else if (column.name == "output/stdout_cut") {
        rows.put(static_cast<std::uint8_t>(cut));
      } else if (column.type == ColumnType::text) {
        rows.put_text(column.name);
      } else if (column_width(column.type) == 1) {
        rows.put(std::uint8_t{0});
      } else if (column_width(column.type) == 4) {
        rows.put(std::int32_t{-7});
      } else {
        rows.put(1.5);
      }
    }
  }
  ByteWriter out;
  rows.encode(out);
  return out.take();
}

TEST(PrintRows, GiveTheOutputs) {
  std::vector<std::string> seen;
  for_each_output(
      rows_of({{3, std::string("a\0b", 3)}, {9, ""}}, true), exec::command_schema(), [&](const RowOutputs& one) {
        seen.push_back(std::to_string(one.unit.value()) + ":" + std::string(one.out) + ":" + std::string(one.err));
        EXPECT_TRUE(one.out_cut);
        EXPECT_FALSE(one.err_cut);
      });
  EXPECT_EQ(seen, (std::vector<std::string>{std::string("3:a\0b:output/stderr", 19), "9::output/stderr"}));
}

TEST(PrintRows, LoseTheirOutputsAndNothingElse) {
  const Schema& schema = exec::command_schema();
  const Bytes before = rows_of({{3, "long output"}, {9, "x"}}, true);
  const Bytes after = without_outputs(before, schema);
  ByteReader in_before(before, "rows"), in_after(after, "rows");
  const Rows full = Rows::decode(in_before, schema), lean = Rows::decode(in_after, schema);
  ASSERT_EQ(lean.size(), 2U);
  EXPECT_EQ(lean.units(), full.units());
  for (std::size_t i = 0; i < schema.size(); ++i) {
    const bool output = schema[i].name.starts_with("output/");
    for (std::size_t row = 0; row < 2; ++row) {
      if (schema[i].type == ColumnType::text) {
        EXPECT_EQ(lean.text_at(i, row), output ? "" : full.text_at(i, row));
      } else if (!output) {
        EXPECT_EQ(as_text(lean.values(i)), as_text(full.values(i))) << schema[i].name;
      } else {
        EXPECT_EQ(lean.at<std::uint8_t>(i, row), 0);
      }
    }
  }
}

TEST(PrintRows, DamagedOnesAreAnError) {
  const Bytes bytes = rows_of({{3, "x"}}, false);
  const ByteView cut = ByteView(bytes).first(bytes.size() - 1);
  EXPECT_THROW(without_outputs(cut, exec::command_schema()), Error);
  EXPECT_THROW(for_each_output(bytes, Schema{{"a", ColumnType::u8, "", ""}}, [](const RowOutputs&) {}), Error);
}

}  // namespace
}  // namespace kiln::job
