#pragma once

#include "store/entry.hpp"

#include <array>
#include <string>
#include <vector>

namespace kiln::store::testing {

inline Schema sample_schema() {
  return {{"units/exit_code", ColumnType::i32, "", "exit code of the command"},
          {"units/seconds", ColumnType::f64, "s", "wall time"},
          {"output/stdout", ColumnType::text, "", "what it printed"},
          {"output/cut", ColumnType::u8, "", "1 where it was cut"},
          {"units/max_rss", ColumnType::u64, "B", "largest resident size"},
          {"units/offset", ColumnType::i64, "", "any integer"},
          {"units/place", ColumnType::f32, "m", "an array", 2, false},
          {"units/codes", ColumnType::i16, "", "a list", 1, true}};
}

/// One row of sample_schema; its values follow from unit and salt.
inline void put_row(Rows& rows, std::uint64_t unit, std::uint64_t salt) {
  rows.begin_row(UnitId(unit));
  rows.put(static_cast<std::int32_t>(unit % 256));
  rows.put(static_cast<double>(unit) / 3.0);
  rows.put_text(std::string(unit % 7, 'x') + std::string("\0\xff", 2) + std::to_string(salt));
  rows.put(static_cast<std::uint8_t>(unit % 2));
  rows.put(salt);
  rows.put(-static_cast<std::int64_t>(unit));
  rows.put_array<float>(std::array<float, 2>{0.5F, static_cast<float>(unit)});
  rows.put_list<std::int16_t>(std::vector<std::int16_t>(unit % 3, static_cast<std::int16_t>(unit)));
}

inline CommitEntry sample_commit(std::uint64_t first, std::uint64_t last, std::uint64_t salt = 0) {
  CommitEntry commit;
  commit.done.insert(make_interval(first, last));
  commit.rows = Rows(sample_schema());
  for (std::uint64_t unit = first; unit < last; ++unit) put_row(commit.rows, unit, salt);
  commit.batches.push_back({BatchId(first), Rank(3), make_interval(first, last), last - first, 1.5e9, 0.25, 4711});
  return commit;
}

inline Bytes encoded(const Rows& rows) {
  ByteWriter out;
  rows.encode(out);
  return out.take();
}

}  // namespace kiln::store::testing
