#include <kiln/detail/rows.hpp>

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <numeric>

namespace kiln {
namespace {

template <class T>
std::vector<T> take_vector(ByteReader& in, std::size_t count) {
  std::vector<T> values(count);
  const ByteView raw = in.get_raw(count * sizeof(T));
  if (count != 0) std::memcpy(values.data(), raw.data(), raw.size());
  return values;
}

[[noreturn]] void damaged(std::string_view why) {
  throw Error(ExitCode::internal, fmt::format("rows are damaged: {}", why));
}

// Bytes that a row takes in its columns whatever its values are.
std::size_t least_row_bytes(const Schema& schema) {
  std::size_t bytes = 0;
  for (const Column& column : schema) {
    const std::size_t width = column_width(column.type);
    bytes += width == 0 || column.list ? sizeof(std::uint64_t) : width * column.count;  // texts and lists have an end
  }
  return bytes;
}

// First row of each run of neighbours; gives up, with none, where there are too many of them to save anything.
std::vector<std::size_t> runs_of(const std::vector<std::uint64_t>& units) {
  std::vector<std::size_t> runs;
  for (std::size_t row = 0; row < units.size();) {
    if (2 * (runs.size() + 1) > units.size()) return {};
    runs.push_back(row++);
    while (row < units.size() && units[row] == units[row - 1] + 1) ++row;
  }
  return runs;
}

void encode_units(const std::vector<std::uint64_t>& units, const std::vector<std::size_t>& runs, ByteWriter& out) {
  out.put(static_cast<std::uint64_t>(runs.size()));
  if (runs.empty()) out.put_raw(units.data(), units.size() * sizeof(std::uint64_t));
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::size_t end = i + 1 < runs.size() ? runs[i + 1] : units.size();
    out.put(units[runs[i]]);
    out.put(static_cast<std::uint64_t>(end - runs[i]));
  }
}

// `row_bytes` of each row follow, so that no announced count makes room that the bytes do not back.
std::vector<std::uint64_t> decode_units(ByteReader& in, std::uint64_t count, std::size_t row_bytes) {
  const std::uint64_t intervals = in.get_count(2 * sizeof(std::uint64_t));
  const std::size_t bytes_each = intervals == 0 ? sizeof(std::uint64_t) : row_bytes;
  if (count != 0 && (bytes_each == 0 || count > in.left() / bytes_each)) {
    damaged("more rows announced than there are bytes");
  }
  if (intervals == 0) return take_vector<std::uint64_t>(in, count);
  std::vector<std::uint64_t> units(count);
  std::size_t row = 0;
  for (std::uint64_t i = 0; i < intervals; ++i) {
    const auto first = in.get<std::uint64_t>();
    const auto size = in.get<std::uint64_t>();
    if (size > count - row) damaged("intervals of more units than rows");
    std::iota(units.begin() + static_cast<std::ptrdiff_t>(row), units.begin() + static_cast<std::ptrdiff_t>(row + size),
              first);
    row += size;
  }
  if (row != count) damaged("intervals of fewer units than rows");
  return units;
}

}  // namespace

std::size_t column_width(ColumnType type) {
  switch (type) {
    case ColumnType::u8:
    case ColumnType::i8:
      return 1;
    case ColumnType::u16:
    case ColumnType::i16:
      return 2;
    case ColumnType::i32:
    case ColumnType::u32:
    case ColumnType::f32:
      return 4;
    case ColumnType::i64:
    case ColumnType::u64:
    case ColumnType::f64:
      return 8;
    case ColumnType::text:
      return 0;
  }
  throw Error(ExitCode::internal, fmt::format("unknown column type {}", static_cast<int>(type)));
}

Rows::Rows(const Schema& schema) : columns_(schema.size()) {
  for (std::size_t i = 0; i < schema.size(); ++i) {
    const Column& column = schema[i];
    const std::size_t width = column_width(column.type);
    const bool single = column.count == 1;
    if (width == 0 ? !single || column.list : column.count == 0 || (column.list && !single)) {
      throw Error(ExitCode::internal,
                  fmt::format("column '{}' is neither a number, an array or a list of numbers, nor text", column.name));
    }
    columns_[i].item = width == 0 ? 1 : width;
    columns_[i].width = column.list ? 0 : width * column.count;
  }
}

void Rows::begin_rows(Interval units) {
  const std::size_t before = units_.size();
  units_.resize(before + units.size());
  std::iota(units_.begin() + static_cast<std::ptrdiff_t>(before), units_.end(), units.first.value());
  next_ = 0;
}

void Rows::truncate(std::size_t rows) {
  units_.resize(rows);
  for (ColumnData& column : columns_) {
    if (column.varies()) {
      column.ends.resize(rows);
      column.values.truncate(rows == 0 ? 0 : column.ends.back() * column.item);
    } else {
      column.values.truncate(rows * column.width);
    }
  }
}

std::size_t Rows::bytes() const {
  std::size_t total = units_.size() * sizeof(std::uint64_t);
  for (const ColumnData& column : columns_) {
    total += column.values.size() + column.ends.size() * sizeof(std::uint64_t);
  }
  return total;
}

ByteView Rows::value_at(std::size_t column, std::size_t row) const {
  const ColumnData& data = columns_[column];
  if (!data.varies()) return data.values.view().subspan(row * data.width, data.width);
  const std::uint64_t begin = row == 0 ? 0 : data.ends[row - 1];
  return data.values.view().subspan(begin * data.item, (data.ends[row] - begin) * data.item);
}

void Rows::put_value(ByteView value) {
  ColumnData& column = columns_[next_];
  if (column.varies()) return put_items(value.data(), value.size() / column.item, column.item);
  column.values.put_raw(value.data(), value.size());
  ++next_;
}

void Rows::append_rows(const Rows& other, std::size_t first, std::size_t count) {
  if (count == 0) return;
  const auto from = other.units_.begin() + static_cast<std::ptrdiff_t>(first);
  units_.insert(units_.end(), from, from + static_cast<std::ptrdiff_t>(count));
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    ColumnData& mine = columns_[i];
    const ColumnData& theirs = other.columns_[i];
    if (!mine.varies()) {
      mine.values.put_raw(theirs.values.view().data() + first * mine.width, count * mine.width);
      continue;
    }
    const std::uint64_t begin = first == 0 ? 0 : theirs.ends[first - 1];
    const std::uint64_t end = theirs.ends[first + count - 1];
    const std::uint64_t base = mine.ends.empty() ? 0 : mine.ends.back();
    mine.values.put_raw(theirs.values.view().data() + begin * mine.item, (end - begin) * mine.item);
    for (std::size_t row = first; row < first + count; ++row) mine.ends.push_back(base + theirs.ends[row] - begin);
  }
}

void Rows::append_row(const Rows& other, std::size_t row) {
  begin_row(UnitId(other.units_[row]));
  for (std::size_t i = 0; i < columns_.size(); ++i) put_value(other.value_at(i, row));
}

void Rows::encode(ByteWriter& out) const {
  out.put(static_cast<std::uint64_t>(units_.size()));
  out.put(static_cast<std::uint32_t>(columns_.size()));
  // Without columns nothing would back the count of an interval.
  encode_units(units_, columns_.empty() ? std::vector<std::size_t>() : runs_of(units_), out);
  for (const ColumnData& column : columns_) {
    out.put_bytes(column.values.view());
    out.put_raw(column.ends.data(), column.ends.size() * sizeof(std::uint64_t));
  }
}

Rows Rows::decode(ByteReader& in, const Schema& schema) {
  Rows rows(schema);
  const std::uint64_t count = in.get_count(0);
  if (in.get<std::uint32_t>() != schema.size()) damaged("another number of columns");
  rows.units_ = decode_units(in, count, least_row_bytes(schema));
  for (ColumnData& column : rows.columns_) {
    const ByteView values = in.get_bytes();
    column.values.put_raw(values.data(), values.size());
    if (!column.varies()) {
      if (values.size() % column.width != 0 || values.size() / column.width != count) {
        damaged("a column has another length");
      }
      continue;
    }
    if (count > in.left() / sizeof(std::uint64_t)) damaged("a column of texts or lists is cut off");
    column.ends = take_vector<std::uint64_t>(in, count);
    const std::uint64_t items = values.size() / column.item;
    std::uint64_t last = 0;
    for (const std::uint64_t end : column.ends) {
      if (end < last || end > items) damaged("a text or list ends outside its column");
      last = end;
    }
    if (last * column.item != values.size()) damaged("a column of texts or lists is too long");
  }
  return rows;
}

}  // namespace kiln
