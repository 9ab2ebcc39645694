#include "results_text.hpp"

#include "base/text.hpp"
#include "observe/summary.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace kiln::cli {
namespace {

constexpr std::size_t kStatusWidth = 8, kReasonWidth = 28;
constexpr std::size_t kShownOutput = 4096;  // bytes of each stream of one unit

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

// As short as reads back to the same number; "" for NaN, which stands for a missing value.
std::string plain(const Value& value) {
  return std::visit(
      Overloaded{[](std::monostate) { return std::string(); },
                 [](double number) { return std::isnan(number) ? std::string() : fmt::format("{}", number); },
                 [](const std::string& text) { return to_utf8(text); },
                 [](auto number) { return fmt::format("{}", number); }},
      value);
}

std::int64_t integer(const Value* value) {
  const auto* const number = value == nullptr ? nullptr : std::get_if<std::int64_t>(value);
  return number == nullptr ? -1 : *number;
}

// "0", "3", "sig 9", "-"
std::string exit_text(std::int64_t exit_code, std::int64_t signal) {
  if (signal > 0) return fmt::format("sig {}", signal);
  return exit_code < 0 ? "-" : fmt::format("{}", exit_code);
}

std::string seconds_text(const Value* value) {
  const auto* const seconds = value == nullptr ? nullptr : std::get_if<double>(value);
  if (seconds == nullptr || std::isnan(*seconds)) return "-";
  return *seconds < 1000 ? fmt::format("{:.3f}", *seconds) : fmt::format("{:.0f}", *seconds);
}

std::string text_of(const Value* value) {
  const auto* const text = value == nullptr ? nullptr : std::get_if<std::string>(value);
  return text == nullptr ? "" : for_message(*text, std::numeric_limits<std::size_t>::max());
}

std::string line_text(std::int64_t line) { return line < 0 ? "-" : fmt::format("{}", line); }

nlohmann::ordered_json to_json(const Value& value) {
  using Json = nlohmann::ordered_json;
  return std::visit(
      Overloaded{[](std::monostate) { return Json(nullptr); },
                 [](double number) { return std::isfinite(number) ? Json(number) : Json(nullptr); },
                 [](const std::string& text) { return Json(to_utf8(text)); }, [](auto number) { return Json(number); }},
      value);
}

bool is_output(const std::string& name) { return name == "stdout" || name == "stderr"; }

std::string output_text(const ResultRow& row, const std::string& name, const std::string& text,
                        const std::string& directory) {
  std::string out = fmt::format("{} ({} bytes):\n", name, text.size());
  if (text.empty()) return out;
  out += to_utf8(std::string_view(text).substr(0, kShownOutput));
  if (out.back() != '\n') out += '\n';
  if (text.size() > kShownOutput) {
    out += fmt::format("… all of it: kiln results --unit {} --{} {}\n", row.unit, name, observe::shell_word(directory));
  }
  return out;
}

}  // namespace

ResultTable::ResultTable(std::vector<std::string> names, bool failed_only, std::size_t width, std::uint64_t units)
    : names_(std::move(names)),
      failed_only_(failed_only),
      width_(width),
      id_width_(std::max<std::size_t>(4, std::to_string(units).size())) {}

const Value* ResultTable::find(const ResultRow& row, const char* name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  const auto index = static_cast<std::size_t>(found - names_.begin());
  return index < row.columns.size() ? &row.columns[index] : nullptr;
}

// Cut to the width, and ended. The text is on one line already.
std::string ResultTable::fit(std::string text) const {
  while (!text.empty() && text.back() == ' ') text.pop_back();
  if (width_ != 0) {
    std::size_t characters = 0;
    for (const char c : text) characters += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
    if (characters > width_) text = for_message(text, width_ - 1);
  }
  return text + "\n";
}

std::string ResultTable::header() const {
  if (failed_only_) {
    return fit(fmt::format("{:>{}}  {:>{}}  {:>5}  {:>9}  {:<{}}  {}", "unit", id_width_, "line", id_width_, "tries",
                           "seconds", "reason", kReasonWidth, "command"));
  }
  return fit(fmt::format("{:>{}}  {:>{}}  {:<{}}  {:>6}  {:>9}  {:>5}  {}", "unit", id_width_, "line", id_width_,
                         "status", kStatusWidth, "exit", "seconds", "tries", "command"));
}

std::string ResultTable::row(const ResultRow& row) const {
  const std::string seconds = seconds_text(find(row, "seconds"));
  const std::string command = text_of(find(row, "command"));
  if (failed_only_) {
    return fit(fmt::format("{:>{}}  {:>{}}  {:>5}  {:>9}  {:<{}}  {}", row.unit, id_width_, line_text(row.line),
                           id_width_, row.attempts, seconds, for_message(row.reason), kReasonWidth, command));
  }
  const std::string end = exit_text(integer(find(row, "exit_code")), integer(find(row, "signal")));
  return fit(fmt::format("{:>{}}  {:>{}}  {:<{}}  {:>6}  {:>9}  {:>5}  {}", row.unit, id_width_, line_text(row.line),
                         id_width_, row.status, kStatusWidth, end, seconds, row.attempts, command));
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string csv_header(const std::vector<std::string>& names) {
  std::string line = "unit,line,status,attempts,reason";
  for (const std::string& name : names) line += "," + csv_field(name);
  return line + "\r\n";
}

std::string csv_row(const ResultRow& row) {
  std::string line = fmt::format("{},{},{},{},{}", row.unit, row.line < 0 ? "" : line_text(row.line),
                                 csv_field(row.status), row.attempts, csv_field(to_utf8(row.reason)));
  for (const Value& value : row.columns) line += "," + csv_field(plain(value));
  return line + "\r\n";
}

std::string json_row(const std::vector<std::string>& names, const ResultRow& row) {
  nlohmann::ordered_json out = {{"unit", row.unit}};
  out["line"] = row.line < 0 ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(row.line);
  out["status"] = row.status;
  out["attempts"] = row.attempts;
  out["reason"] = row.reason.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(to_utf8(row.reason));
  for (std::size_t i = 0; i < std::min(names.size(), row.columns.size()); ++i) out[names[i]] = to_json(row.columns[i]);
  return out.dump() + "\n";
}

std::string unit_text(const std::vector<std::string>& names, const ResultRow& row, const std::string& directory) {
  const auto field = [](std::string_view name, std::string_view value) {
    return fmt::format("{:<12}{}\n", name, value);
  };
  std::string out = field("unit", std::to_string(row.unit)) + field("line", line_text(row.line));
  out += field("status", row.status) + field("attempts", std::to_string(row.attempts));
  if (!row.reason.empty()) out += field("reason", for_message(row.reason, kShownOutput));
  std::string outputs;
  for (std::size_t i = 0; i < std::min(names.size(), row.columns.size()); ++i) {
    const auto* const text = std::get_if<std::string>(&row.columns[i]);
    if (text != nullptr && is_output(names[i])) {
      outputs += output_text(row, names[i], *text, directory);
    } else if (text != nullptr) {
      out += field(names[i], for_message(*text, kShownOutput));
    } else if (const auto* const number = std::get_if<double>(&row.columns[i]); number != nullptr) {
      out += field(names[i], std::isnan(*number) ? "-" : fmt::format("{:.6f}", *number));
    } else {
      const std::string value = plain(row.columns[i]);
      out += field(names[i], value.empty() ? "-" : value);
    }
  }
  return out + outputs;
}

}  // namespace kiln::cli
