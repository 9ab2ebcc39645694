#include "store/rows_codec.hpp"

#include "store/chunk_codec.hpp"
#include "store/h5_type.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string>
#include <utility>

namespace kiln::store {
namespace {

constexpr std::array<std::pair<ColumnType, std::string_view>, 11> kTypeNames = {{{ColumnType::u8, "u8"},
                                                                                 {ColumnType::i32, "i32"},
                                                                                 {ColumnType::i64, "i64"},
                                                                                 {ColumnType::u64, "u64"},
                                                                                 {ColumnType::f64, "f64"},
                                                                                 {ColumnType::text, "text"},
                                                                                 {ColumnType::i8, "i8"},
                                                                                 {ColumnType::i16, "i16"},
                                                                                 {ColumnType::u16, "u16"},
                                                                                 {ColumnType::u32, "u32"},
                                                                                 {ColumnType::f32, "f32"}}};

// Values in a chunk that is deflated. Few, as a window of rows rarely begins and ends with a chunk.
constexpr std::uint64_t kPackedValues = 16'384;
// Deflate makes at best 1 of so many bytes.
constexpr std::uint64_t kMostDeflated = 1'040;

// Texts are kept as bytes.
h5::Type stored_type(const Column& column) {
  return column.type == ColumnType::text ? h5::Type::u8 : h5_type_of(column.type);
}

bool varies(const Column& column) { return column.list || column.type == ColumnType::text; }
// Where the values of such a column are, in its group.
std::string values_name(const Column& column) { return column.name + (column.list ? "_values" : "_bytes"); }

[[noreturn]] void damaged(std::string_view why) {
  throw Error(ExitCode::internal, fmt::format("rows in the journal are damaged: {}", why));
}

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\t' || c == '\n' || c == '\0'; }, ' ');
  return text;
}

std::string_view take_field(std::string_view& line) {
  const std::size_t end = std::min(line.find('\t'), line.size());
  const std::string_view field = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return field;
}

// Transfers go in pieces, and the lock is free between them: a commit must not wait behind a long one. `each`: bytes of
// a row.
std::size_t piece_of(std::size_t each) { return std::max(each, h5::kPiece / each * each); }

void write_pieces(const h5::Handle& dataset, h5::Type type, std::size_t each, ByteView values) {
  for (std::size_t at = 0; at < values.size();) {
    const std::size_t bytes = std::min(piece_of(each), values.size() - at);
    h5::write_raw(dataset, type, at / each, bytes / each, values.subspan(at, bytes));
    at += bytes;
  }
}

void read_packed(const h5::Handle& dataset, h5::Type type, std::size_t each, std::uint64_t chunk, std::uint64_t first,
                 std::span<std::byte> values) {
  if (chunk > h5::kPiece / each) damaged("a chunk is too large");
  const std::size_t bytes = chunk * each;
  ChunkCodec codec(h5::width(type));
  Bytes whole;
  for (std::uint64_t row = first / chunk * chunk; !values.empty(); row += chunk) {
    const Bytes packed = h5::read_chunk(dataset, row, 2 * h5::kPiece);
    const std::size_t skip = row < first ? (first - row) * each : 0;
    const std::span<std::byte> next = values.first(std::min(bytes - skip, values.size()));
    values = values.subspan(next.size());
    if (next.size() == bytes) {
      codec.unpack(packed, next);
      continue;
    }
    whole.resize(bytes);
    codec.unpack(packed, whole);
    std::copy_n(whole.begin() + static_cast<std::ptrdiff_t>(skip), next.size(), next.begin());
  }
}

void read_pieces(const h5::Handle& dataset, h5::Type type, std::size_t each, std::uint64_t first,
                 std::span<std::byte> values) {
  if (const std::uint64_t chunk = h5::packed_chunk_rows(dataset, type); chunk != 0) {
    return read_packed(dataset, type, each, chunk, first, values);
  }
  for (std::size_t at = 0; at < values.size();) {
    const std::size_t bytes = std::min(piece_of(each), values.size() - at);
    h5::read_raw(dataset, type, first + at / each, bytes / each, values.subspan(at, bytes));
    at += bytes;
  }
}

void write_packed(const h5::Handle& dataset, h5::Type type, std::size_t piece, std::uint64_t chunk, ByteView values) {
  ChunkCodec codec(h5::width(type));
  for (std::uint64_t row = 0; !values.empty(); row += chunk) {
    const ByteView next = values.first(std::min(piece, values.size()));
    Bytes last;
    if (next.size() < piece) last.assign(next.begin(), next.end());  // chunks at the edge are whole ones
    if (!last.empty()) last.resize(piece);
    h5::write_chunk(dataset, row, codec.pack(last.empty() ? next : ByteView(last)));
    values = values.subspan(next.size());
  }
}

// `count`: values in each row.
void write_column(const h5::Handle& group, const std::string& name, h5::Type type, std::uint64_t rows, ByteView values,
                  bool packed, std::uint32_t count = 1) {
  const std::uint64_t chunk = std::max<std::uint64_t>(1, kPackedValues / count);
  const std::size_t piece = chunk * count * h5::width(type);
  if (packed && rows > chunk && piece <= h5::kPiece) {
    const h5::DatasetOptions options{.chunk_rows = chunk, .deflate = 1};
    const h5::Handle dataset = h5::create_dataset(group, name, type, rows, options, count > 1 ? count : 0);
    return write_packed(dataset, type, piece, chunk, values);
  }
  const h5::Handle dataset = h5::create_dataset(group, name, type, rows, {}, count > 1 ? count : 0);
  write_pieces(dataset, type, h5::width(type) * count, values);
}

std::uint64_t length(const h5::Handle& dataset) {
  const auto dims = h5::shape(dataset);
  if (dims.size() != 1) damaged("a column has more than one dimension");
  return dims[0];
}

// "", "3" of arrays of three, "list": the last field of a column's line.
std::string form_text(const Column& column) {
  if (column.list) return "list";
  return column.count == 1 ? "" : std::to_string(column.count);
}

void parse_form(std::string_view text, Column& column) {
  if (text.empty()) return;
  column.list = text == "list";
  if (!column.list) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), column.count);
    if (error != std::errc() || end != text.data() + text.size() || column.count < 2) {
      damaged(fmt::format("column '{}' has the unknown form '{}'", column.name, text));
    }
  }
  if (column.type == ColumnType::text) damaged(fmt::format("column '{}' is a list of texts", column.name));
}

}  // namespace

std::string schema_text(const Schema& schema) {
  std::string text;
  for (const Column& column : schema) {
    const auto* const known = std::find_if(kTypeNames.begin(), kTypeNames.end(),
                                           [&](const auto& entry) { return entry.first == column.type; });
    if (known == kTypeNames.end()) throw Error(ExitCode::internal, "unknown type of a column");
    text += fmt::format("{}\t{}\t{}\t{}", one_line(column.name), known->second, one_line(column.unit),
                        one_line(column.description));
    const std::string form = form_text(column);
    text += form.empty() ? "\n" : "\t" + form + "\n";
  }
  return text;
}

Schema parse_schema(std::string_view text) {
  Schema schema;
  if (text.find('\0') != std::string_view::npos) damaged("the schema of its rows has a NUL");
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    Column column;
    column.name = take_field(line);
    if (column.name.empty()) damaged("a column has no name");
    const std::string_view type = take_field(line);
    const auto* const known =
        std::find_if(kTypeNames.begin(), kTypeNames.end(), [&](const auto& entry) { return entry.second == type; });
    if (known == kTypeNames.end()) damaged(fmt::format("column '{}' has the unknown type '{}'", column.name, type));
    column.type = known->first;
    column.unit = take_field(line);
    column.description = take_field(line);
    parse_form(take_field(line), column);
    schema.push_back(std::move(column));
  }
  return schema;
}

void write_rows(const h5::Handle& parent, const Rows& rows, const Schema& schema, bool packed) {
  if (rows.columns() != schema.size()) throw Error(ExitCode::internal, "rows have other columns than their schema");
  const h5::Handle group = h5::create_group(parent, "rows");
  h5::write_attribute(group, "schema", schema_text(schema));
  write_column(group, "unit", h5::Type::u64, rows.size(), std::as_bytes(std::span(rows.units())), packed);
  for (std::size_t i = 0; i < schema.size(); ++i) {
    const Column& column = schema[i];
    if (varies(column)) {
      if (rows.ends(i).size() != rows.size()) {
        throw Error(ExitCode::internal, fmt::format("column '{}' does not have one value a row", column.name));
      }
      const h5::Type type = stored_type(column);
      write_column(group, column.name + "_ends", h5::Type::u64, rows.size(), std::as_bytes(rows.ends(i)), packed);
      write_column(group, values_name(column), type, rows.values(i).size() / h5::width(type), rows.values(i),
                   packed && column.list);
      continue;
    }
    if (rows.values(i).size() != rows.size() * column_width(column.type) * column.count) {
      throw Error(ExitCode::internal, fmt::format("column '{}' does not have one value a row", column.name));
    }
    write_column(group, column.name, stored_type(column), rows.size(), rows.values(i), packed, column.count);
  }
}

RowsGroup::RowsGroup(h5::Handle group, std::uint64_t limit) : group_(std::move(group)), limit_(kMostDeflated * limit) {
  schema_ = parse_schema(h5::read_text_attribute(group_, "schema"));
  const h5::Handle units = h5::open_dataset(group_, "unit");
  size_ = h5::checked_size(units, sizeof(std::uint64_t), limit_);
  if (size_ != length(units)) damaged("the units are not one column");
}

std::vector<std::uint64_t> RowsGroup::units(std::uint64_t first, std::uint64_t count) const {
  if (first > size_ || count > size_ - first) throw Error(ExitCode::internal, "rows are asked for that are not there");
  std::vector<std::uint64_t> units(count);
  read_pieces(h5::open_dataset(group_, "unit"), h5::Type::u64, sizeof(std::uint64_t), first,
              std::as_writable_bytes(std::span(units)));
  return units;
}

std::vector<std::uint64_t> RowsGroup::numbers(std::string_view column, std::uint64_t first, std::uint64_t count) const {
  if (first > size_ || count > size_ - first) throw Error(ExitCode::internal, "rows are asked for that are not there");
  std::vector<std::uint64_t> numbers(count);
  const auto found = std::find_if(schema_.begin(), schema_.end(), [&](const Column& one) {
    return one.name == column && one.type == ColumnType::u64 && one.count == 1 && !one.list;
  });
  if (found == schema_.end()) return numbers;
  const Values values = read_column(*found, first, count);
  std::memcpy(numbers.data(), values.bytes.data(), values.bytes.size());
  return numbers;
}

RowsGroup::Values RowsGroup::read_column(const Column& column, std::uint64_t first, std::uint64_t count) const {
  if (varies(column)) return read_varying(column, first, count);
  const h5::Handle dataset = h5::open_dataset(group_, column.name);
  const auto shape = h5::shape(dataset);
  if (shape.size() != (column.count == 1 ? 1U : 2U) || shape[0] != size_ || shape.back() % column.count != 0 ||
      h5::checked_size(dataset, column_width(column.type), limit_) != size_ * column.count) {
    damaged(fmt::format("column '{}' has another length", column.name));
  }
  Values values;
  const std::size_t each = column_width(column.type) * column.count;
  values.bytes.resize(count * each);
  read_pieces(dataset, stored_type(column), each, first, values.bytes);
  return values;
}

RowsGroup::Values RowsGroup::read_varying(const Column& column, std::uint64_t first, std::uint64_t count) const {
  const h5::Type type = stored_type(column);
  const h5::Handle ends = h5::open_dataset(group_, column.name + "_ends");
  const h5::Handle items = h5::open_dataset(group_, values_name(column));
  if (length(ends) != size_) damaged(fmt::format("column '{}' has another length", column.name));
  Values values;
  values.ends.resize(count);
  read_pieces(ends, h5::Type::u64, sizeof(std::uint64_t), first, std::as_writable_bytes(std::span(values.ends)));
  std::uint64_t begin = 0;
  if (first > 0) h5::read_raw(ends, h5::Type::u64, first - 1, 1, std::as_writable_bytes(std::span(&begin, 1)));
  std::uint64_t last = begin;
  for (const std::uint64_t end : values.ends) {
    if (end < last) damaged(fmt::format("a value of column '{}' ends before it begins", column.name));
    last = end;
  }
  if (last > length(items) || last - begin > limit_ / h5::width(type)) {
    damaged(fmt::format("a value of column '{}' ends behind its column", column.name));
  }
  values.bytes.resize((last - begin) * h5::width(type));
  read_pieces(items, type, h5::width(type), begin, values.bytes);
  for (std::uint64_t& end : values.ends) end -= begin;
  return values;
}

Rows RowsGroup::read(std::uint64_t first, std::uint64_t count) const {
  const std::vector<std::uint64_t> row_units = units(first, count);
  if (std::none_of(schema_.begin(), schema_.end(), varies)) {
    Rows rows(schema_);
    for (const std::uint64_t unit : row_units) rows.begin_row(UnitId(unit));
    for (const Column& column : schema_) rows.put_value(read_column(column, first, count).bytes);  // of all rows
    return rows;
  }
  // The layout that Rows::encode writes; decode checks it.
  ByteWriter packed;
  packed.put(count);
  packed.put(static_cast<std::uint32_t>(schema_.size()));
  packed.put(std::uint64_t{0});  // the ids one by one
  packed.put_raw(row_units.data(), row_units.size() * sizeof(std::uint64_t));
  for (const Column& column : schema_) {
    const Values values = read_column(column, first, count);
    packed.put_bytes(values.bytes);
    packed.put_raw(values.ends.data(), values.ends.size() * sizeof(std::uint64_t));
  }
  ByteReader in(packed.view(), "rows");
  return Rows::decode(in, schema_);
}

std::uint64_t RowsGroup::bytes() const {
  std::uint64_t each = sizeof(std::uint64_t), total = 0;
  for (const Column& column : schema_) {
    if (varies(column)) {
      each += sizeof(std::uint64_t);
      total += length(h5::open_dataset(group_, values_name(column))) * h5::width(stored_type(column));
    } else {
      each += column_width(column.type) * column.count;
    }
  }
  return total + each * size_;
}

}  // namespace kiln::store
