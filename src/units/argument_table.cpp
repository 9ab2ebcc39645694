#include "units/argument_table.hpp"

#include "base/log.hpp"
#include "base/text.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <utility>

namespace kiln::units {
namespace {

// What stands before each `end`, and behind the last one where that is anything.
std::vector<std::string_view> split_at(std::string_view text, char end) {
  std::vector<std::string_view> pieces;
  pieces.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), end)) + 1);
  while (!text.empty()) {
    const std::size_t found = text.find(end);
    pieces.push_back(text.substr(0, found));
    text.remove_prefix(found == std::string_view::npos ? text.size() : found + 1);
  }
  return pieces;
}

// Only where every line that a newline ends has one: then it is the file's manner and no part of a value.
void drop_carriage_returns(std::vector<std::string_view>& lines, bool last_is_ended, const std::string& name) {
  const auto has_one = [](std::string_view line) { return line.ends_with('\r'); };
  const auto ended = static_cast<std::ptrdiff_t>(lines.size()) - (last_is_ended ? 0 : 1);
  if (ended <= 0 || !std::all_of(lines.begin(), lines.begin() + ended, has_one)) return;
  for (std::string_view& line : lines) {
    if (has_one(line)) line.remove_suffix(1);
  }
  log::warning("{}: lines end in CR LF; the CR is dropped", name);
}

void refuse_nul(const std::vector<std::string_view>& lines, const std::string& name) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].find('\0') == std::string_view::npos) continue;
    throw Error(
        ExitCode::bad_input,
        fmt::format("{}:{}: a NUL byte, which no argument can hold; if values end in NUL (find -print0), add -0", name,
                    i + 1));
  }
}

}  // namespace

ArgumentTable::ArgumentTable(const ArgumentSource& source, std::size_t number, const ArgumentWords& words,
                             const ColumnSplitter* splitter, const ReadFile& read) {
  if (source.kind == ArgumentSource::Kind::values) {
    name_ = fmt::format("source {}", number);
    read_values({source.values.begin(), source.values.end()}, words.header, splitter);
    return;
  }
  name_ = source.file == "-" ? "standard input" : for_message(source.file, 60);
  bytes_ = read(source.file);
  lines_ = !words.nul_ended;
  std::vector<std::string_view> values = split_at(as_text(bytes_), lines_ ? '\n' : '\0');
  if (lines_) {
    refuse_nul(values, name_);
    drop_carriage_returns(values, as_text(bytes_).ends_with('\n'), name_);
  }
  read_values(std::move(values), words.header, splitter);
}

void ArgumentTable::read_values(std::vector<std::string_view> values, bool header, const ColumnSplitter* splitter) {
  if (header && !values.empty()) {
    if (splitter != nullptr) {
      splitter->split(values.front(), header_);
    } else {
      header_.push_back(values.front());
    }
    values.erase(values.begin());
    skip_ = 1;
  }
  if (header && values.empty()) {
    throw Error(ExitCode::bad_input, fmt::format("{} has no values behind its header; --header takes the first value "
                                                 "as the name",
                                                 name_));
  }
  if (splitter == nullptr) {
    cells_ = std::move(values);
    most_columns_ = 1;
    return;
  }
  row_ends_.reserve(values.size());
  for (const std::string_view value : values) {
    const std::size_t before = cells_.size();
    splitter->split(value, cells_);
    row_ends_.push_back(cells_.size());
    most_columns_ = std::max(most_columns_, cells_.size() - before);
  }
}

ArgumentRow ArgumentTable::row(std::size_t index) const {
  if (row_ends_.empty()) return ArgumentRow(cells_).subspan(index, 1);
  const std::size_t begin = index == 0 ? 0 : row_ends_[index - 1];
  return ArgumentRow(cells_).subspan(begin, row_ends_[index] - begin);
}

std::string ArgumentTable::place(std::size_t index) const {
  const std::size_t number = index + skip_ + 1;
  return lines_ ? fmt::format("{}:{}", name_, number) : fmt::format("value {} of {}", number, name_);
}

}  // namespace kiln::units
