#include "results_text.hpp"

#include "base/text.hpp"
#include "observe/summary.hpp"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

namespace kiln::cli {
namespace {

constexpr std::size_t kShownOutput = 4096;  // bytes of each stream of one unit
constexpr std::size_t kShownText = 4096;    // characters of each other text

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<signed char>(c) > 0; });
}

using Json = nlohmann::ordered_json;

Json to_json(const Value& value);

Json to_json(const ListView& list) {
  Json numbers = Json::array();
  for (std::size_t i = 0; i < size(list); ++i) numbers.push_back(to_json(number_in(list, i)));
  return numbers;
}

Json to_json(const Value& value) {
  return std::visit(
      Overloaded{[](std::monostate) { return Json(nullptr); },
                 [](double number) { return std::isfinite(number) ? Json(number) : Json(nullptr); },
                 [](std::string_view text) { return Json(to_utf8(text)); },
                 [](const ListView& list) { return to_json(list); }, [](auto number) { return Json(number); }},
      value);
}

bool is_output(const std::string& name) { return name == "stdout" || name == "stderr"; }

std::string output_text(std::string_view unit, const std::string& name, std::string_view text,
                        const std::string& directory) {
  std::string out = fmt::format("{} ({} bytes):\n", name, text.size());
  if (text.empty()) return out;
  out += to_utf8(text.substr(0, kShownOutput));
  if (out.back() != '\n') out += '\n';
  if (text.size() > kShownOutput) {
    out += fmt::format("… all of it: kiln results --unit {} --{} {}\n", unit, name, observe::shell_word(directory));
  }
  return out;
}

std::string field_text(const Value& value) {
  return std::visit(Overloaded{[](std::monostate) { return std::string("-"); },
                               [](double number) { return fmt::format("{:.6f}", number); },
                               [](std::string_view text) { return for_message(text, kShownText); },
                               [](const ListView& list) { return for_message(list_text(list), kShownText); },
                               [](auto number) { return fmt::format("{}", number); }},
                    value);
}

}  // namespace

void append_csv_text(std::string& out, std::string_view text) {
  std::string escaped;
  if (!is_plain(text)) {
    escaped = to_utf8(text);
    text = escaped;
  }
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (std::size_t quote = 0; (quote = text.find('"')) != std::string_view::npos; text.remove_prefix(quote + 1)) {
    out += text.substr(0, quote + 1);
    out += '"';
  }
  out += text;
  out += '"';
}

void append_csv_header(std::string& out, const std::vector<Field>& fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i != 0) out += ',';
    append_csv_text(out, fields[i].name);
  }
  out += "\r\n";
}

void append_csv_row(std::string& out, RowValues values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i != 0) out += ',';
    // Numbers as short as read back to the same.
    std::visit(Overloaded{[](std::monostate) {},
                          [&](double number) {
                            if (std::isnan(number)) {
                              out += "NaN";
                            } else {
                              fmt::format_to(std::back_inserter(out), "{}", number);
                            }
                          },
                          [&](std::string_view text) { append_csv_text(out, text); },
                          [&](const ListView& list) { append_csv_text(out, list_text(list)); },
                          [&](auto number) {
                            const fmt::format_int digits(number);
                            out.append(digits.data(), digits.size());
                          }},
               values[i]);
  }
  out += "\r\n";
}

void append_json_row(std::string& out, const std::vector<Field>& fields, RowValues values) {
  nlohmann::ordered_json row = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < values.size(); ++i) row[fields[i].name] = to_json(values[i]);
  out += row.dump() + "\n";
}

std::string cell_text(const Value& value) {
  return std::visit(
      Overloaded{[](std::monostate) { return std::string("-"); },
                 [](double number) { return std::isnan(number) ? std::string("NaN") : fmt::format("{}", number); },
                 [](std::string_view text) { return for_message(text, std::numeric_limits<std::size_t>::max()); },
                 [](const ListView& list) { return list_text(list); },
                 [](auto number) { return fmt::format("{}", number); }},
      value);
}

std::string unit_text(const std::vector<Field>& fields, RowValues values, const std::string& directory) {
  std::string out, outputs;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string& name = fields[i].name;
    const auto* const text = std::get_if<std::string_view>(&values[i]);
    if (text != nullptr && is_output(name)) {
      outputs += output_text(field_text(values.front()), name, *text, directory);
    } else if (name != "reason" || !std::holds_alternative<std::monostate>(values[i])) {
      out += fmt::format("{:<12}{}\n", name, field_text(values[i]));
    }
  }
  return out + outputs;
}

}  // namespace kiln::cli
