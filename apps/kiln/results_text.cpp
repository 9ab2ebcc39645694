#include "results_text.hpp"

#include "base/text.hpp"
#include "observe/summary.hpp"

#include <fmt/core.h>

#include <cmath>
#include <limits>

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
