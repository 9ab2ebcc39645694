#include "result_table.hpp"

#include "base/text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace kiln::cli {
namespace {

constexpr std::size_t kStatusWidth = 8, kReasonWidth = 28, kTextWidth = 16, kNumberWidth = 12;

std::optional<std::size_t> find(const std::vector<Field>& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return field.name == name; });
  if (found == fields.end()) return std::nullopt;
  return static_cast<std::size_t>(found - fields.begin());
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string seconds_text(double seconds) {
  return seconds < 1000 ? fmt::format("{:.3f}", seconds) : fmt::format("{:.0f}", seconds);
}

}  // namespace

ResultTable::ResultTable(const std::vector<Field>& fields, const Options& options)
    : fields_(fields), width_(options.width), signal_(find(fields, "signal")) {
  if (options.layout == Layout::chosen) {
    for (std::size_t i = 0; i < fields_.size(); ++i) add_field(i);
    return;
  }
  const std::size_t id = std::max<std::size_t>(4, std::to_string(options.units).size());
  add("unit", "unit", id);
  add("line", "line", id);
  if (options.layout == Layout::failed) {
    add("tries", "attempts", 5);
    add("seconds", "seconds", 9, Show::seconds);
    add("reason", "reason", kReasonWidth, Show::text, true);
  } else {
    add("status", "status", kStatusWidth, Show::text, true);
    add("exit", "exit_code", 6, Show::exit);
    add("seconds", "seconds", 9, Show::seconds);
    add("tries", "attempts", 5);
  }
  for (std::size_t i = fields_.size() - options.extra; i < fields_.size(); ++i) add_field(i);
  add("command", "command", 0, Show::text, true);
}

void ResultTable::add(const std::string& title, const char* name, std::size_t width, Show show, bool left) {
  const auto field = find(fields_, name);
  columns_.push_back({title, field.value_or(fields_.size()), width, left, show});
}

void ResultTable::add_field(std::size_t field) {
  const Field& one = fields_[field];
  const std::size_t width = std::max(characters(one.name), one.is_text ? kTextWidth : kNumberWidth);
  columns_.push_back({one.name, field, width, one.is_text, one.is_text ? Show::text : Show::value});
}

// "0", "3", "sig 9", "-"
std::string ResultTable::exit_text(const Value& exit_code, RowValues values) const {
  const auto* const signal = signal_ ? std::get_if<std::int64_t>(&values[*signal_]) : nullptr;
  if (signal != nullptr && *signal > 0) return fmt::format("sig {}", *signal);
  const auto* const code = std::get_if<std::int64_t>(&exit_code);
  return code == nullptr || *code < 0 ? "-" : fmt::format("{}", *code);
}

std::string ResultTable::cell(const Column& column, RowValues values) const {
  const Value value = column.field < values.size() ? values[column.field] : Value();
  if (column.show == Show::exit) return exit_text(value, values);
  if (const auto* const number = std::get_if<double>(&value);
      number != nullptr && column.show == Show::seconds && !std::isnan(*number)) {
    return seconds_text(*number);
  }
  if (std::holds_alternative<std::monostate>(value) && column.show == Show::text) return "";
  return cell_text(value);
}

// The cells under one another, cut to the width, and ended. Each is on one line already.
std::string ResultTable::line(const std::vector<std::string>& cells) const {
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::size_t size = characters(cells[i]);
    const std::string gap(columns_[i].width - std::min(size, columns_[i].width), ' ');
    text += (i == 0 ? "" : "  ") + (columns_[i].left ? cells[i] + gap : gap + cells[i]);
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  if (width_ != 0 && characters(text) > width_) text = for_message(text, width_ - 1);
  return text + "\n";
}

std::string ResultTable::header() const {
  std::vector<std::string> cells;
  for (const Column& column : columns_) cells.push_back(column.title);
  return line(cells);
}

std::string ResultTable::row(RowValues values) const {
  std::vector<std::string> cells;
  for (const Column& column : columns_) cells.push_back(cell(column, values));
  return line(cells);
}

}  // namespace kiln::cli
