#include "store/row_stream.hpp"

#include "exec/result_column.hpp"

#include <algorithm>
#include <limits>

namespace kiln::store {
namespace {

constexpr std::uint64_t kIdsAPiece = 1 << 18;

// Whether the unit is in the sorted intervals; `at` only moves on, as units ascend.
bool in_intervals(const std::vector<Interval>& intervals, std::size_t& at, std::uint64_t unit) {
  while (at < intervals.size() && intervals[at].last.value() <= unit) ++at;
  return at < intervals.size() && intervals[at].first.value() <= unit;
}

template <class T>
Bytes bytes_of(T number) {
  ByteWriter out;
  out.put(number);
  return out.take();
}

std::uint64_t first_unit(const RowWindow& window, const RowWindow::Run& run) {
  return window.rows[run.slot].units()[run.row];
}
std::uint64_t last_unit(const RowWindow& window, const RowWindow::Run& run) {
  return window.rows[run.slot].units()[run.row + run.count - 1];
}

// Runs of several files, each ascending: mostly it is enough to put them in order, else they are cut into rows.
void sort_runs(RowWindow& window) {
  std::vector<RowWindow::Run>& runs = window.runs;
  const auto by_unit = [&](const auto& a, const auto& b) { return first_unit(window, a) < first_unit(window, b); };
  std::stable_sort(runs.begin(), runs.end(), by_unit);
  const auto overlap = [&](const auto& a, const auto& b) { return last_unit(window, a) >= first_unit(window, b); };
  if (std::adjacent_find(runs.begin(), runs.end(), overlap) == runs.end()) return;
  std::vector<RowWindow::Run> rows;
  for (const RowWindow::Run& run : runs) {
    for (std::size_t i = 0; i < run.count; ++i) rows.push_back({run.slot, run.row + i, 1});
  }
  std::stable_sort(rows.begin(), rows.end(), by_unit);
  runs.clear();
  for (const RowWindow::Run& row : rows) {
    if (!runs.empty() && runs.back().slot == row.slot && runs.back().row + runs.back().count == row.row) {
      ++runs.back().count;
    } else {
      runs.push_back(row);
    }
  }
}

// What stands for no number; of numbers without a sign, 0.
Bytes missing_number(const Column& column) {
  switch (column.type) {
    case ColumnType::i8:
      return bytes_of(std::int8_t{-1});
    case ColumnType::i16:
      return bytes_of(std::int16_t{-1});
    case ColumnType::i32:
      return bytes_of(std::int32_t{-1});
    case ColumnType::i64:
      return bytes_of(exec::missing_integer(column).value_or(-1));
    case ColumnType::f32:
      return bytes_of(std::numeric_limits<float>::quiet_NaN());
    case ColumnType::f64:
      return bytes_of(std::numeric_limits<double>::quiet_NaN());
    case ColumnType::u8:
    case ColumnType::u16:
    case ColumnType::u32:
    case ColumnType::u64:
    case ColumnType::text:
      break;
  }
  return Bytes(column_width(column.type));
}

}  // namespace

RowStreamLimits RowStreamLimits::within(std::uint64_t bytes) {
  RowStreamLimits limits;
  if (bytes == 0) return limits;
  limits.open_bytes = std::min(limits.open_bytes, bytes / 2);
  limits.window_bytes = std::min(limits.window_bytes, bytes / 8);
  limits.known_units = std::min(limits.known_units, bytes / 8 / sizeof(UnitId));
  return limits;
}

RowStream::RowStream(const std::vector<RowsPart>& parts, const std::vector<UnitId>& expected, RowStreamLimits limits)
    : limits_(limits), files_(limits.open_bytes), missing_(expected) {
  for (const RowsPart& place : parts) {
    const EntryFile& file = files_.get(place.file);
    Part part;
    part.count = file.row_count(place.place());
    if (part.count == 0) continue;
    part.place = place;
    part.schema = file.schema(place.place());
    part.take = place.take.intervals();
    part.row_bytes = static_cast<double>(file.row_bytes(place.place())) / static_cast<double>(part.count);
    const std::uint64_t rows = count_rows(part, expected);
    if (rows == 0) continue;
    rows_ += rows;
    bytes_ += static_cast<std::uint64_t>(static_cast<double>(file.header().length) * static_cast<double>(rows) /
                                         static_cast<double>(part.count));
    schema_ = part.schema;
    parts_.push_back(std::move(part));
  }
  ids_a_part_ = std::max(limits_.least_known, limits_.known_units / std::max<std::size_t>(1, parts_.size()));
}

// A vector that is erased from keeps its memory.
void RowStream::Part::forget() {
  ids = std::vector(ids.begin() + static_cast<std::ptrdiff_t>(cursor - ids_first), ids.end());
  ids_first = cursor;
}

std::uint64_t RowStream::count_rows(Part& part, const std::vector<UnitId>& expected) {
  const bool expects =
      std::any_of(expected.begin(), expected.end(), [&](UnitId unit) { return part.place->take.contains(unit); });
  const std::uint64_t first = read_units(part, 0, 1).front();
  const std::uint64_t last = read_units(part, part.count - 1, 1).front();
  if (!expects && part.place->take.contains(make_interval(first, last + 1))) return part.count;
  std::uint64_t rows = 0;
  std::size_t at = 0;
  for (std::uint64_t row = 0; row < part.count; row += kIdsAPiece) {
    for (const std::uint64_t unit : read_units(part, row, std::min(kIdsAPiece, part.count - row))) {
      if (!in_intervals(part.take, at, unit)) continue;
      ++rows;
      const auto found = std::lower_bound(missing_.begin(), missing_.end(), UnitId(unit));
      if (found != missing_.end() && *found == UnitId(unit)) missing_.erase(found);
    }
  }
  return rows;
}

void RowStream::add(Rows rows, const Schema& schema) {
  if (rows.size() == 0) return;
  if (schema_.empty()) schema_ = schema;
  Part part;
  part.schema = schema;
  part.count = rows.size();
  part.take = {make_interval(rows.units().front(), rows.units().back() + 1)};
  part.row_bytes = static_cast<double>(rows.bytes()) / static_cast<double>(rows.size());
  rows_ += rows.size();
  bytes_ += rows.bytes();
  part.memory = std::move(rows);
  parts_.push_back(std::move(part));
}

std::vector<std::uint64_t> RowStream::read_units(const Part& part, std::uint64_t first, std::uint64_t count) {
  if (part.place) return files_.get(part.place->file).row_units(part.place->place(), first, count);
  const auto begin = part.memory.units().begin() + static_cast<std::ptrdiff_t>(first);
  return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

Rows RowStream::read_rows(const Part& part, std::uint64_t first, std::uint64_t count) {
  if (part.place) {
    Rows rows = files_.get(part.place->file).rows(part.place->place(), first, count);
    return part.schema == schema_ ? std::move(rows) : convert_rows(rows, part.schema, schema_);
  }
  Rows rows(part.schema);
  rows.append_rows(part.memory, first, count);
  return part.schema == schema_ ? std::move(rows) : convert_rows(rows, part.schema, schema_);
}

// Makes sure that units from the cursor on are known: drops those behind it, reads more; of a unit with many rows more
// each time.
void RowStream::extend(Part& part) {
  part.forget();
  const std::uint64_t known = part.ids.size(), from = part.ids_first + known;
  const auto more = read_units(part, from, std::min(std::max(ids_a_part_, known / 8), part.count - from));
  part.ids.reserve(known + more.size());
  part.ids.insert(part.ids.end(), more.begin(), more.end());
}

std::uint64_t RowStream::rows_below(const Part& part, std::uint64_t bound) const {
  const auto from = part.ids.begin() + static_cast<std::ptrdiff_t>(part.cursor - part.ids_first);
  return static_cast<std::uint64_t>(std::lower_bound(from, part.ids.end(), bound) - from);
}

// The unit before which the next window ends: within the budget, and such that all its rows are known.
std::uint64_t RowStream::choose_bound() {
  std::uint64_t low = std::numeric_limits<std::uint64_t>::max();
  for (Part& part : parts_) {
    if (part.ended()) continue;
    if (part.cursor == part.ids_first + part.ids.size()) extend(part);
    low = std::min(low, part.unit());
  }
  std::uint64_t known = std::numeric_limits<std::uint64_t>::max();
  for (Part& part : parts_) {
    while (!part.ended() && !part.buffered_to_end() && part.ids.back() <= low) extend(part);
    if (!part.ended() && !part.buffered_to_end()) known = std::min(known, part.ids.back());
  }
  while (true) {
    const std::uint64_t bound = known - low <= span_ ? known : low + span_;
    double bytes = 0;
    for (const Part& part : parts_) {
      if (!part.ended()) bytes += part.row_bytes * static_cast<double>(rows_below(part, bound));
    }
    const auto budget = static_cast<double>(limits_.window_bytes);
    if (bytes > budget && span_ > 1) {
      span_ /= 2;
      continue;
    }
    if (bytes < budget / 4 && span_ < (std::uint64_t{1} << 60)) span_ *= 2;
    return bound;
  }
}

void RowStream::pick(Part& part, std::uint64_t count, RowWindow& window) {
  const auto begin = part.ids.begin() + static_cast<std::ptrdiff_t>(part.cursor - part.ids_first);
  const auto taken = [&](std::uint64_t row) {
    return in_intervals(part.take, part.take_at, begin[static_cast<std::ptrdiff_t>(row)]);
  };
  std::vector<RowWindow::Run> runs;  // rows from the cursor on
  if (taken(0) && part.take[part.take_at].last.value() > begin[static_cast<std::ptrdiff_t>(count - 1)]) {
    runs.push_back({window.rows.size(), 0, count});
  } else {
    for (std::uint64_t row = 0; row < count; ++row) {
      if (!taken(row)) continue;
      if (!runs.empty() && runs.back().row + runs.back().count == row) {
        ++runs.back().count;
      } else {
        runs.push_back({window.rows.size(), row, 1});
      }
    }
  }
  if (!runs.empty()) {
    const std::uint64_t first = runs.front().row;
    window.rows.push_back(read_rows(part, part.cursor + first, runs.back().row + runs.back().count - first));
    for (const RowWindow::Run& run : runs) window.runs.push_back({run.slot, run.row - first, run.count});
  }
  part.cursor += count;
  if (2 * (part.cursor - part.ids_first) > part.ids.size()) part.forget();
}

bool RowStream::next(RowWindow& window) {
  window.rows.clear();
  window.runs.clear();
  while (window.runs.empty()) {
    if (std::all_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.ended(); })) return false;
    const std::uint64_t bound = choose_bound();
    for (Part& part : parts_) {
      if (part.ended()) continue;
      if (const std::uint64_t count = rows_below(part, bound); count != 0) pick(part, count, window);
    }
  }
  sort_runs(window);
  return true;
}

void keep_units(std::vector<RowsPart>& parts, const schedule::IntervalSet& units) {
  for (RowsPart& part : parts) {
    schedule::IntervalSet take;
    for (const Interval interval : part.take.intervals()) take.insert(units.intersection(interval));
    part.take = std::move(take);
  }
}

void put_missing(Rows& rows, const Column& column) {
  if (column.list || column.type == ColumnType::text) return rows.put_value({});
  const Bytes one = missing_number(column);
  if (column.count == 1) return rows.put_value(one);
  Bytes all;
  for (std::uint32_t i = 0; i < column.count; ++i) all.insert(all.end(), one.begin(), one.end());
  rows.put_value(all);
}

Rows convert_rows(const Rows& rows, const Schema& from, const Schema& to) {
  std::vector<std::size_t> places;
  for (const Column& column : to) {
    const auto found = std::find_if(from.begin(), from.end(), [&](const Column& other) {
      return other.name == column.name && other.type == column.type && other.count == column.count &&
             other.list == column.list;
    });
    places.push_back(static_cast<std::size_t>(found - from.begin()));
  }
  Rows out(to);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    out.begin_row(UnitId(rows.units()[row]));
    for (std::size_t column = 0; column < to.size(); ++column) {
      if (places[column] == from.size()) {
        put_missing(out, to[column]);
      } else {
        out.put_value(rows.value_at(places[column], row));
      }
    }
  }
  return out;
}

}  // namespace kiln::store
