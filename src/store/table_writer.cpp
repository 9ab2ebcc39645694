#include "store/table_writer.hpp"

#include "base/text.hpp"
#include "store/h5_type.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <limits>

namespace kiln::store {
namespace {

constexpr std::uint64_t kChunkRows = 65'536;
constexpr std::uint32_t kMostInChunk = 1 << 26;  // values of a row: HDF5 has no chunks of 4 GiB
constexpr std::size_t kHeldTexts = 16'384;
constexpr std::size_t kHeldTextBytes = 4 << 20;

// Rows of a chunk: about as many values as one of single numbers has.
std::uint64_t chunk_rows(std::uint32_t count) { return std::max<std::uint64_t>(1, kChunkRows / count); }

h5::DatasetOptions options_for(ColumnType type, std::uint64_t rows, std::uint32_t count) {
  if (type == ColumnType::text || rows <= chunk_rows(count) || count > kMostInChunk) return {};
  return {.chunk_rows = chunk_rows(count), .deflate = 1};
}

// Most texts need no look at each character.
}  // namespace

ColumnWriter::ColumnWriter(const h5::Handle& file, const std::string& path, ColumnType type, std::uint64_t rows,
                           std::uint32_t count)
    : path_(path),
      type_(type),
      h5_type_(h5_type_of(type)),
      width_(column_width(type) * count),
      piece_(chunk_rows(count) * width_),
      rows_(rows),
      dataset_(h5::create_dataset(file, path, h5_type_, rows, options_for(type, rows, count), count > 1 ? count : 0)) {
  if (options_for(type, rows, count).chunk_rows > 0) codec_.emplace(column_width(type));
}

void ColumnWriter::append(ByteView values) {
  while (!values.empty()) {
    const bool whole = values_.empty() && values.size() >= piece_;
    const ByteView next = values.first(std::min(piece_ - values_.size(), values.size()));
    values = values.subspan(next.size());
    if (whole) {
      write(next);
      continue;
    }
    values_.insert(values_.end(), next.begin(), next.end());
    if (values_.size() < piece_) continue;
    write(values_);
    values_.clear();
  }
}

void ColumnWriter::put_text(std::string text) {
  text_bytes_ += text.size();
  texts_.push_back(std::move(text));
  if (texts_.size() >= kHeldTexts || text_bytes_ >= kHeldTextBytes) write_texts();
}

void ColumnWriter::write_texts() {
  if (!texts_.empty()) h5::write_texts(dataset_, written_, texts_);
  written_ += texts_.size();
  texts_.clear();
  text_bytes_ = 0;
}

// Of a chunk, or of the last one what there is.
void ColumnWriter::write(ByteView rows) {
  if (codec_) {
    h5::write_chunk(dataset_, written_, codec_->pack(rows));
  } else {
    h5::write_raw(dataset_, h5_type_, written_, rows.size() / width_, rows);
  }
  written_ += rows.size() / width_;
}

void ColumnWriter::describe(std::string_view unit, std::string_view description, bool missing, std::int64_t integer) {
  if (!unit.empty()) h5::write_attribute(dataset_, "unit", to_utf8(unit));
  if (!description.empty()) h5::write_attribute(dataset_, "description", to_utf8(description));
  if (!missing) return;
  if (type_ == ColumnType::i32) h5::write_attribute(dataset_, "missing", std::int32_t{-1});
  if (type_ == ColumnType::i64) h5::write_attribute(dataset_, "missing", integer);
  if (type_ == ColumnType::f64) h5::write_attribute(dataset_, "missing", std::numeric_limits<double>::quiet_NaN());
}

void ColumnWriter::finish() {
  if (width_ == 0) write_texts();
  if (!values_.empty()) {
    const std::uint64_t rows = written_ + values_.size() / width_;
    if (codec_) values_.resize(piece_);  // chunks at the edge are whole ones
    write(values_);
    values_.clear();
    written_ = rows;
  }
  if (written_ == rows_) return;
  throw Error(ExitCode::internal, fmt::format("column {} has {} rows instead of {}", path_, written_, rows_));
}

TextColumnWriter::TextColumnWriter(const h5::Handle& file, const std::string& path, std::uint64_t rows, bool flagged)
    : texts_(file, path, ColumnType::text, rows) {
  if (!flagged) return;
  flags_.emplace_back(file, path + "_escaped", ColumnType::u8, rows);
  flags_.front().describe("", "1 where " + path + " is escaped: NUL and invalid UTF-8 are \\xNN, a backslash is two");
}

void TextColumnWriter::put(std::string_view bytes) {
  bool escaped = false;
  texts_.put_text(table_text(bytes, &escaped));
  if (!flags_.empty()) flags_.front().put(static_cast<std::uint8_t>(escaped));
}

void TextColumnWriter::describe(std::string_view unit, std::string_view description) {
  texts_.describe(unit, description);
}

void TextColumnWriter::finish() {
  texts_.finish();
  if (!flags_.empty()) flags_.front().finish();
}

ListColumnWriter::ListColumnWriter(const h5::Handle& file, const std::string& path, ColumnType type, std::uint64_t rows)
    : path_(path),
      width_(column_width(type)),
      dataset_(
          h5::create_dataset(file, path, h5_type_of(type), 0, {.chunk_rows = kChunkRows, .deflate = 1, .grows = true})),
      codec_(width_),
      offsets_(file, path + "_offsets", ColumnType::u64, rows + 1) {
  offsets_.put(std::uint64_t{0});
}

void ListColumnWriter::put(ByteView values) {
  total_ += values.size() / width_;
  offsets_.put(total_);
  while (!values.empty()) {
    const ByteView next = values.first(std::min(kChunkRows * width_ - values_.size(), values.size()));
    values_.insert(values_.end(), next.begin(), next.end());
    values = values.subspan(next.size());
    if (values_.size() == kChunkRows * width_) flush();
  }
}

void ListColumnWriter::flush() {
  if (values_.empty()) return;
  const std::uint64_t end = written_ + values_.size() / width_;
  h5::resize(dataset_, end);
  values_.resize(kChunkRows * width_);  // chunks at the edge are whole ones
  h5::write_chunk(dataset_, written_, codec_.pack(values_));
  written_ = end;
  values_.clear();
}

void ListColumnWriter::describe(std::string_view unit, std::string_view description) {
  if (!unit.empty()) h5::write_attribute(dataset_, "unit", to_utf8(unit));
  if (!description.empty()) h5::write_attribute(dataset_, "description", to_utf8(description));
  const std::string name = path_.substr(path_.rfind('/') + 1);
  h5::write_attribute(dataset_, "offsets", to_utf8(name + "_offsets"));
  offsets_.describe("", fmt::format("row i of {0} is {0}[offsets[i]:offsets[i+1]]", name));
}

void ListColumnWriter::finish() {
  flush();
  offsets_.finish();
}

}  // namespace kiln::store
