#include "exec/column_extractor.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>
#include <type_traits>

namespace kiln::exec {
namespace {

using Type = ResultColumn::Type;
using Stream = ResultColumn::Stream;

constexpr std::size_t kLongestNumber = 400;
constexpr std::size_t kLongestText = 1 << 20;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

template <class T>
Value number(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.size() > kLongestNumber) return {};
  std::string fortran;  // writes 1.0D-3
  if (std::is_floating_point_v<T> && text.find_first_of("dD") != std::string_view::npos) {
    fortran = text;
    std::replace_if(
        fortran.begin(), fortran.end(), [](char c) { return c == 'd' || c == 'D'; }, 'e');
    text = fortran;
  }
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  if constexpr (std::is_integral_v<T>) {
    if (value == std::numeric_limits<T>::min()) return {};  // stands for a missing value
  }
  return value;
}

}  // namespace

ColumnExtractor::ColumnExtractor(std::vector<ResultColumn> columns) : columns_(std::move(columns)) {
  for (const ResultColumn& column : columns_) patterns_.emplace_back(column.pattern);
}

Value ColumnExtractor::value(std::size_t column, std::string_view out, std::string_view err) const {
  const auto match = patterns_[column].last_match(columns_[column].stream == Stream::err ? err : out);
  if (!match) return {};
  switch (columns_[column].type) {
    case Type::real:
      return number<double>(*match);
    case Type::integer:
      return number<std::int64_t>(*match);
    case Type::text:
      return match->substr(0, kLongestText);
  }
  return {};
}

void ColumnExtractor::put(Rows& rows, std::string_view out, std::string_view err) const {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Value found = value(i, out, err);
    switch (columns_[i].type) {
      case Type::real: {
        const auto* const real = std::get_if<double>(&found);
        rows.put(real == nullptr ? std::numeric_limits<double>::quiet_NaN() : *real);
        break;
      }
      case Type::integer: {
        const auto* const integer = std::get_if<std::int64_t>(&found);
        rows.put(integer == nullptr ? std::numeric_limits<std::int64_t>::min() : *integer);
        break;
      }
      case Type::text: {
        const auto* const text = std::get_if<std::string_view>(&found);
        rows.put_text(text == nullptr ? std::string_view() : *text);
        break;
      }
    }
  }
}

}  // namespace kiln::exec
