#include "base/text.hpp"
#include "flow/line_blocks.hpp"
#include "flow/record_parser.hpp"

#include <fmt/core.h>
#include <kiln/detail/plan_text.hpp>
#include <kiln/detail/records.hpp>
#include <kiln/error.hpp>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace kiln::detail {
namespace {

std::int64_t count_lines(std::string_view text) { return std::count(text.begin(), text.end(), '\n'); }

/// Whole records of a unit, many at a time.
class RecordBlocks {
 public:
  explicit RecordBlocks(bool multiline) : multiline_(multiline) {}

  void open(UnitId unit, UnitInput& input) {
    input_ = &input;
    input.open_lines(unit);
    carried_.clear();
    whole_ = 0;
  }
  /// As UnitInput::next_lines.
  bool next(LineBlock& block) { return multiline_ ? next_of_file(block) : input_->next_lines(block); }

 private:
  // A record whose quotes are open at the end of a block of lines goes on in the next one.
  bool next_of_file(LineBlock& block) {
    carried_.erase(0, whole_);
    offset_ += std::exchange(whole_, 0);
    bool quoted = false;
    for (std::size_t seen = 0; whole_ == 0; seen = carried_.size()) {
      LineBlock more;
      if (!input_->next_lines(more)) {
        whole_ = carried_.size();
        break;
      }
      file_ = more.file;
      if (carried_.empty()) offset_ = more.offset;
      if (more.rejected != nullptr) too_long();
      carried_ += more.text;
      while (const std::size_t end = flow::first_record(carried_, seen, quoted)) whole_ = seen = end;
      if (whole_ == 0 && carried_.size() > flow::LineBlocks::kLongestLine) too_long();
    }
    block = {std::string_view(carried_).substr(0, whole_), offset_, file_};
    return whole_ != 0;
  }
  [[noreturn]] void too_long() const {
    throw std::runtime_error(fmt::format("{}: the record at byte {} is longer than {} MiB: a quote may be missing",
                                         for_message(input_->file_name(file_), 400), offset_,
                                         flow::LineBlocks::kLongestLine >> 20));
  }

  const bool multiline_;
  UnitInput* input_ = nullptr;
  std::string carried_;
  std::size_t whole_ = 0;  // bytes of it that were given
  std::uint64_t offset_ = 0;
  std::uint32_t file_ = 0;
};

class Reader final : public RecordReader {
 public:
  explicit Reader(const RecordFormat& format) : format_(format), blocks_(format.multiline) {
    if (!is_csv()) parser_ = flow::make_json_parser(format);
  }

  void open(UnitId unit, UnitInput& input) override {
    input_ = &input;
    blocks_.open(unit, input);
    rest_ = {};
    line_ = 0;
    begun_ = false;
  }

  std::size_t read(const RecordSlots& slots) override {
    std::size_t count = 0;
    while (count < slots.size) {
      if (rest_.empty()) {
        if (count != 0 || !next_block()) break;
        if (rejected_ != nullptr) reject_block(slots, count++);
        continue;
      }
      RecordPlace& place = slots.places[count];
      if (!take_record(place)) continue;
      void* const object = static_cast<std::byte*>(slots.objects) + count * slots.stride;
      slots.reasons[count++] = parser_->parse(place.text, object);
    }
    return count;
  }

 private:
  bool is_csv() const { return format_.kind == RecordFormat::Kind::csv; }

  bool next_block() {
    LineBlock block;
    if (!blocks_.next(block)) return false;
    rest_ = block.text;
    offset_ = block.offset;
    file_ = input_->file_name(block.file);
    rejected_ = block.rejected;
    if (!begun_) begin();
    if (rejected_ != nullptr) return true;
    drop(std::min(skip_, rest_.size()));
    return true;
  }

  // One line that is none: the block is its begin.
  void reject_block(const RecordSlots& slots, std::size_t slot) {
    slots.places[slot] = {file_, offset_, std::exchange(rest_, {}), line_++};
    slots.reasons[slot] = rejected_;
  }

  // What is before the first record of a file is skipped.
  void begin() {
    begun_ = true;
    skip_ = offset_ == 0 && rest_.starts_with(flow::kByteOrderMark) ? flow::kByteOrderMark.size() : 0;
    if (!is_csv()) return;
    const std::string header = input_->header();
    flow::CsvColumns columns = flow::match_columns(header, format_);
    if (!columns.problem.empty())
      throw std::runtime_error(fmt::format("{} {}", for_message(file_, 400), columns.problem));
    parser_ = flow::make_csv_parser(format_, std::move(columns));
    if (offset_ < header.size()) skip_ = header.size() - static_cast<std::size_t>(offset_);
  }

  void drop(std::size_t bytes) {
    line_ += count_lines(rest_.substr(0, bytes));
    rest_.remove_prefix(bytes);
    offset_ += bytes;
    skip_ -= bytes;
  }

  // False: a blank line.
  bool take_record(RecordPlace& place) {
    std::size_t size = 0;
    if (format_.multiline) {
      bool quoted = false;
      size = flow::first_record(rest_, 0, quoted);
    } else if (const void* const end = std::memchr(rest_.data(), '\n', rest_.size())) {
      size = static_cast<std::size_t>(static_cast<const char*>(end) - rest_.data()) + 1;
    }
    std::string_view text = rest_.substr(0, size == 0 ? rest_.size() : size);
    place = {file_, offset_, text, line_};
    line_ += format_.multiline ? count_lines(text) : 1;
    offset_ += text.size();
    rest_.remove_prefix(text.size());
    if (size != 0) {
      text.remove_suffix(1);
      if (text.ends_with('\r')) text.remove_suffix(1);
    }
    place.text = text;
    return text.find_first_not_of(is_csv() ? "" : " \t\r") != std::string_view::npos;
  }

  const RecordFormat& format_;
  RecordBlocks blocks_;
  std::unique_ptr<flow::RecordParser> parser_;
  UnitInput* input_ = nullptr;
  std::string_view file_, rest_;    // of the present block
  const char* rejected_ = nullptr;  // the same
  std::uint64_t offset_ = 0;        // of rest_
  std::int64_t line_ = 0;           // of rest_ in the unit
  std::size_t skip_ = 0;
  bool begun_ = false;
};

[[noreturn]] void usage(std::string_view why) { throw Error(ExitCode::usage, fmt::format("csv(): {}", why)); }

void check(const RecordFormat& format) {
  if (format.kind != RecordFormat::Kind::csv) return;
  const char separator = format.separator;
  if (separator == '"' || separator == '\n' || separator == '\r' || separator <= 0) {
    usage("the separator must be an ASCII character, and no quote, line end or NUL: ',' ';' or '\\t', say");
  }
  for (const RecordField& field : format.fields) {
    if (!field.column.list && field.column.count == 1) continue;
    usage(
        fmt::format("field '{}' has many numbers, and a field of CSV one: leave it out of KILN_COLUMNS, or read "
                    "json_lines()",
                    field.column.name));
  }
}

std::string described(const RecordFormat& format) {
  std::string text = format.kind == RecordFormat::Kind::json ? "json" : "csv";
  if (format.kind == RecordFormat::Kind::csv) text += fmt::format(" by {}", static_cast<int>(format.separator));
  if (format.multiline) text += " multiline";
  if (format.strict) text += " strict";
  for (const RecordField& field : format.fields) {
    text += fmt::format(" {}:{}{}", field.column.name, static_cast<int>(field.column.type), field.optional ? "?" : "");
  }
  return text;
}

}  // namespace

std::unique_ptr<RecordReader> make_record_reader(const RecordFormat& format) {
  return std::make_unique<Reader>(format);
}

SourceSpec records_spec(std::vector<std::string> patterns, std::uint64_t split,
                        std::shared_ptr<const RecordFormat> format) {
  check(*format);
  constexpr std::uint64_t whole_files = std::uint64_t{1} << 62;
  SourceSpec spec = lines_spec(std::move(patterns), format->multiline && split != 0 ? whole_files : split);
  spec.description = fmt::format("records({}) of {}", described(*format), spec.description);
  spec.records = std::move(format);
  return spec;
}

}  // namespace kiln::detail
