#include "store/table_writer.hpp"

#include "base/text.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <limits>

namespace kiln::store {
namespace {

constexpr std::uint64_t kChunkRows = 65'536;
constexpr std::size_t kHeldTexts = 16'384;
constexpr std::size_t kHeldTextBytes = 4 << 20;

h5::Type h5_type(ColumnType type) {
  switch (type) {
    case ColumnType::u8:
      return h5::Type::u8;
    case ColumnType::i32:
      return h5::Type::i32;
    case ColumnType::i64:
      return h5::Type::i64;
    case ColumnType::u64:
      return h5::Type::u64;
    case ColumnType::f64:
      return h5::Type::f64;
    case ColumnType::i8:
      return h5::Type::i8;
    case ColumnType::i16:
      return h5::Type::i16;
    case ColumnType::u16:
      return h5::Type::u16;
    case ColumnType::u32:
      return h5::Type::u32;
    case ColumnType::f32:
      return h5::Type::f32;
    case ColumnType::text:
      return h5::Type::text;
  }
  throw Error(ExitCode::internal, "unknown column type");
}

h5::DatasetOptions options_for(ColumnType type, std::uint64_t rows) {
  if (type == ColumnType::text || rows <= kChunkRows) return {};
  return {.chunk_rows = kChunkRows, .deflate = 1};
}

// Most texts need no look at each character.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<signed char>(c) > 0; });
}

}  // namespace

ColumnWriter::ColumnWriter(const h5::Handle& file, const std::string& path, ColumnType type, std::uint64_t rows)
    : path_(path),
      type_(type),
      h5_type_(h5_type(type)),
      width_(column_width(type)),
      rows_(rows),
      dataset_(h5::create_dataset(file, path, h5_type_, rows, options_for(type, rows))) {}

void ColumnWriter::append(ByteView values) {
  values_.insert(values_.end(), values.begin(), values.end());
  if (values_.size() >= kChunkRows * width_) flush(false);
}

void ColumnWriter::put_text(std::string text) {
  text_bytes_ += text.size();
  texts_.push_back(std::move(text));
  if (texts_.size() >= kHeldTexts || text_bytes_ >= kHeldTextBytes) flush(false);
}

void ColumnWriter::flush(bool all) {
  if (width_ == 0) {
    if (!texts_.empty()) h5::write_texts(dataset_, written_, texts_);
    written_ += texts_.size();
    texts_.clear();
    text_bytes_ = 0;
    return;
  }
  // Whole chunks only, so that none is compressed twice.
  const std::size_t piece = kChunkRows * width_;
  std::size_t begin = 0;
  while (values_.size() - begin >= piece || (all && begin < values_.size())) {
    const std::size_t size = std::min(piece, values_.size() - begin);
    h5::write_raw(dataset_, h5_type_, written_, size / width_, ByteView(values_).subspan(begin, size));
    written_ += size / width_;
    begin += size;
  }
  values_.erase(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(begin));
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
  flush(true);
  if (written_ == rows_) return;
  throw Error(ExitCode::internal, fmt::format("column {} has {} rows instead of {}", path_, written_, rows_));
}

TextColumnWriter::TextColumnWriter(const h5::Handle& file, const std::string& path, std::uint64_t rows, bool flagged)
    : texts_(file, path, ColumnType::text, rows) {
  if (!flagged) return;
  flags_.emplace_back(file, path + "_escaped", ColumnType::u8, rows);
  flags_.front().describe("", "1 where " + path + " held NUL or invalid UTF-8, shown as \\xNN");
}

void TextColumnWriter::put(std::string_view bytes) {
  bool escaped = false;
  texts_.put_text(is_plain(bytes) ? std::string(bytes) : to_utf8(bytes, &escaped));
  if (!flags_.empty()) flags_.front().put(static_cast<std::uint8_t>(escaped));
}

void TextColumnWriter::describe(std::string_view unit, std::string_view description) {
  texts_.describe(unit, description);
}

void TextColumnWriter::finish() {
  texts_.finish();
  if (!flags_.empty()) flags_.front().finish();
}

}  // namespace kiln::store
