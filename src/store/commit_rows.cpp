#include "store/commit_rows.hpp"

#include "base/tables.hpp"

#include <algorithm>
#include <utility>

namespace kiln::store {
namespace {

struct Place {
  std::uint64_t unit = 0;
  std::size_t blob = 0;
  std::size_t row = 0;
};

bool is_sorted(const Rows& rows) { return std::is_sorted(rows.units().begin(), rows.units().end()); }

// Parts come in as they end, each sorted: mostly it is enough to put whole parts in order.
bool follow_one_another(const std::vector<Rows>& parts) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!is_sorted(parts[i])) return false;
    if (i > 0 && parts[i - 1].units().back() > parts[i].units().front()) return false;
  }
  return true;
}

// Each sorted by unit or not; in order of arrival.
Rows join(std::vector<Rows> parts, const Schema& schema) {
  std::erase_if(parts, [](const Rows& rows) { return rows.size() == 0; });
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Rows& a, const Rows& b) { return a.units().front() < b.units().front(); });
  if (parts.size() == 1 && is_sorted(parts.front())) return std::move(parts.front());
  Rows joined(schema);
  if (follow_one_another(parts)) {
    for (Rows& part : parts) joined.append(std::exchange(part, Rows()));
    return joined;
  }
  std::vector<Place> places;
  for (std::size_t blob = 0; blob < parts.size(); ++blob) {
    for (std::size_t row = 0; row < parts[blob].size(); ++row) places.push_back({parts[blob].units()[row], blob, row});
  }
  std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.unit < b.unit; });
  for (const Place& place : places) joined.append_row(parts[place.blob], place.row);
  return joined;
}

}  // namespace

Rows join_rows(const std::vector<Bytes>& blobs, const Schema& schema) {
  std::vector<Rows> parts;
  for (const Bytes& blob : blobs) {
    ByteReader in(blob, "rows of a commit");
    parts.push_back(Rows::decode(in, schema));
    in.expect_done();
  }
  return join(std::move(parts), schema);
}

std::vector<Rows> join_tables(const std::vector<Bytes>& blobs, const Tables& tables) {
  std::vector<std::vector<Rows>> parts(tables.size());
  for (const Bytes& blob : blobs) {
    ByteReader in(blob, "rows of a commit");
    std::vector<Rows> all = decode_tables(in, tables);
    in.expect_done();
    for (std::size_t i = 0; i < all.size(); ++i) parts[i].push_back(std::move(all[i]));
  }
  std::vector<Rows> joined;
  joined.reserve(tables.size());
  for (std::size_t i = 0; i < tables.size(); ++i) joined.push_back(join(std::move(parts[i]), tables[i].schema));
  return joined;
}

void put_tables(std::vector<Rows> rows, const Tables& tables, CommitEntry& commit) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i == 0) {
      commit.rows = std::move(rows[i]);
    } else if (rows[i].size() != 0) {
      commit.more.push_back({static_cast<std::uint32_t>(i), tables[i], std::move(rows[i])});
    }
  }
}

}  // namespace kiln::store
