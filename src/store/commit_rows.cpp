#include "store/commit_rows.hpp"

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

}  // namespace

Rows join_rows(const std::vector<Bytes>& blobs, const Schema& schema) {
  std::vector<Rows> parts;
  for (const Bytes& blob : blobs) {
    ByteReader in(blob, "rows of a commit");
    Rows rows = Rows::decode(in, schema);
    in.expect_done();
    if (rows.size() != 0) parts.push_back(std::move(rows));
  }
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

}  // namespace kiln::store
