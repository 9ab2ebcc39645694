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
  for (std::size_t i = 0; i < schema.size(); ++i) columns_[i].width = column_width(schema[i].type);
}

void Rows::put_text(std::string_view text) {
  ColumnData& column = columns_[next_++];
  column.values.put_raw(text.data(), text.size());
  column.ends.push_back(column.values.size());
}

void Rows::begin_rows(Interval units) {
  const std::size_t before = units_.size();
  units_.resize(before + units.size());
  std::iota(units_.begin() + static_cast<std::ptrdiff_t>(before), units_.end(), units.first.value());
  next_ = 0;
}

std::size_t Rows::bytes() const {
  std::size_t total = units_.size() * sizeof(std::uint64_t);
  for (const ColumnData& column : columns_) {
    total += column.values.size() + column.ends.size() * sizeof(std::uint64_t);
  }
  return total;
}

std::string_view Rows::text_at(std::size_t column, std::size_t row) const {
  const ColumnData& data = columns_[column];
  const std::uint64_t begin = row == 0 ? 0 : data.ends[row - 1];
  return as_text(data.values.view()).substr(begin, data.ends[row] - begin);
}

void Rows::append(const Rows& other) {
  units_.insert(units_.end(), other.units_.begin(), other.units_.end());
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    ColumnData& mine = columns_[i];
    const ColumnData& theirs = other.columns_[i];
    const std::uint64_t base = mine.values.size();
    mine.values.put_raw(theirs.values.view().data(), theirs.values.size());
    for (const std::uint64_t end : theirs.ends) mine.ends.push_back(base + end);
  }
}

void Rows::append_row(const Rows& other, std::size_t row) {
  begin_row(UnitId(other.units_[row]));
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].width == 0) {
      put_text(other.text_at(i, row));
    } else {
      const std::size_t width = columns_[i].width;
      columns_[next_++].values.put_raw(other.values(i).data() + row * width, width);
    }
  }
}

void Rows::encode(ByteWriter& out) const {
  out.put(static_cast<std::uint64_t>(units_.size()));
  out.put(static_cast<std::uint32_t>(columns_.size()));
  out.put_raw(units_.data(), units_.size() * sizeof(std::uint64_t));
  for (const ColumnData& column : columns_) {
    out.put_bytes(column.values.view());
    out.put_raw(column.ends.data(), column.ends.size() * sizeof(std::uint64_t));
  }
}

Rows Rows::decode(ByteReader& in, const Schema& schema) {
  Rows rows(schema);
  const std::uint64_t count = in.get_count(0);
  if (in.get<std::uint32_t>() != schema.size()) damaged("another number of columns");
  if (count > in.left() / sizeof(std::uint64_t)) damaged("more rows announced than there are bytes");
  rows.units_ = take_vector<std::uint64_t>(in, count);
  for (ColumnData& column : rows.columns_) {
    const ByteView values = in.get_bytes();
    column.values.put_raw(values.data(), values.size());
    if (column.width != 0) {
      if (values.size() != count * column.width) damaged("a column has another length");
      continue;
    }
    if (count > in.left() / sizeof(std::uint64_t)) damaged("a text column is cut off");
    column.ends = take_vector<std::uint64_t>(in, count);
    std::uint64_t last = 0;
    for (const std::uint64_t end : column.ends) {
      if (end < last || end > values.size()) damaged("a text ends outside its column");
      last = end;
    }
    if (last != values.size()) damaged("a text column is too long");
  }
  return rows;
}

}  // namespace kiln
