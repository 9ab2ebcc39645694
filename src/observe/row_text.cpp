#include "observe/row_text.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

namespace kiln::observe {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

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
                 [](std::string_view text) { return Json(table_text(text)); },
                 [](const ListView& list) { return to_json(list); }, [](auto number) { return Json(number); }},
      value);
}

}  // namespace

void append_csv_text(std::string& out, std::string_view text) {
  std::string escaped;
  if (!is_table_text(text)) {
    escaped = table_text(text);
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

}  // namespace kiln::observe
