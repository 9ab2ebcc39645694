#include "base/tables.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>

namespace kiln {

void encode_tables(const std::vector<Rows>& tables, ByteWriter& out) {
  if (tables.empty()) return;
  tables.front().encode(out);
  for (std::size_t i = 1; i < tables.size(); ++i) {
    if (tables[i].size() == 0) continue;
    out.put(static_cast<std::uint32_t>(i));
    tables[i].encode(out);
  }
}

std::vector<Rows> decode_tables(ByteReader& in, const Tables& tables) {
  std::vector<Rows> all = make_tables(tables);
  if (all.empty() || in.done()) return all;
  all.front() = Rows::decode(in, tables.front().schema);
  std::uint32_t before = 0;
  while (!in.done()) {
    const auto place = in.get<std::uint32_t>();
    if (place <= before || place >= tables.size()) {
      throw Error(ExitCode::internal, fmt::format("rows are damaged: table {} of {}", place, tables.size()));
    }
    all[place] = Rows::decode(in, tables[place].schema);
    before = place;
  }
  return all;
}

std::vector<Rows> make_tables(const Tables& tables) {
  std::vector<Rows> all;
  all.reserve(tables.size());
  for (const Table& table : tables) all.emplace_back(table.schema);
  return all;
}

std::size_t bytes_of(const std::vector<Rows>& tables) {
  std::size_t total = 0;
  for (const Rows& rows : tables) total += rows.bytes();
  return total;
}

bool all_empty(const std::vector<Rows>& tables) {
  return std::all_of(tables.begin(), tables.end(), [](const Rows& rows) { return rows.size() == 0; });
}

}  // namespace kiln
