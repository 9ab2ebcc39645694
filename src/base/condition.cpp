#include "base/condition.hpp"

#include "base/caret.hpp"
#include "base/did_you_mean.hpp"
#include "base/pattern.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <charconv>
#include <cmath>
#include <compare>
#include <optional>
#include <type_traits>
#include <utility>

namespace kiln {
namespace {

using Kind = ConditionToken::Kind;
using Node = ConditionTree::Node;

// Holds every value of a column exactly where it has 64 bits of mantissa or more.
using Number = long double;

struct Missing {};
struct OtherField {
  std::size_t index;
};
using Operand = std::variant<Missing, Number, std::string, Pattern, OtherField>;

template <class T>
std::optional<Number> whole_text_as(std::string_view text) {
  T number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return static_cast<Number>(number);
}

// A fraction is the double that columns hold: 0.1 equals 0.1.
std::optional<Number> plain_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (const auto number = whole_text_as<std::int64_t>(text)) return number;
  if (const auto number = whole_text_as<std::uint64_t>(text)) return number;
  return whole_text_as<double>(text);
}

// Also "1m30s" of what is in seconds, "1.5GiB" of what is in bytes.
std::optional<Number> number_of(const Field& field, const std::string& text) {
  if (const auto number = plain_number(text)) return number;
  if (field.unit == "s") {
    if (const auto duration = parse_duration(text)) return static_cast<Number>(to_seconds(*duration));
  }
  if (field.unit == "B") {
    if (const auto size = parse_size(text)) return static_cast<Number>(*size);
  }
  return std::nullopt;
}

std::optional<Number> number_of(const Value& value) {
  return std::visit(
      [](auto one) -> std::optional<Number> {
        if constexpr (std::is_arithmetic_v<decltype(one)>) {
          const auto number = static_cast<Number>(one);
          if (!std::isnan(number)) return number;
        }
        return std::nullopt;
      },
      value);
}

std::string_view text_of(const Value& value) {
  const auto* const text = std::get_if<std::string_view>(&value);
  return text == nullptr ? std::string_view() : *text;
}

bool compares(std::string_view compare, std::partial_ordering order) {
  if (compare == "==") return std::is_eq(order);
  if (compare == "!=") return std::is_neq(order);
  if (compare == "<") return std::is_lt(order);
  if (compare == "<=") return std::is_lteq(order);
  if (compare == ">") return std::is_gt(order);
  return std::is_gteq(order);
}

std::string mirrored(const std::string& compare) {
  if (compare.starts_with('<')) return ">" + compare.substr(1);
  if (compare.starts_with('>')) return "<" + compare.substr(1);
  return compare;
}

std::optional<std::size_t> find(const std::vector<Field>& fields, const ConditionToken& token) {
  if (token.kind != Kind::word) return std::nullopt;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == token.text) return i;
  }
  return std::nullopt;
}

std::string unknown(const std::vector<Field>& fields, const std::string& name) {
  std::vector<std::string> names;
  std::string all;
  for (const Field& field : fields) {
    names.push_back(field.name);
    all += (all.empty() ? "" : ", ") + field.name;
  }
  const std::string meant = did_you_mean(name, names);
  return fmt::format("there is no column '{}'.{}", for_message(name, 60), meant.empty() ? " There are: " + all : meant);
}

bool is_match(const std::string& compare) { return compare.ends_with('~'); }

}  // namespace

struct Condition::Bound {
  std::size_t field = 0;
  bool is_text = false;
  std::string compare;
  Operand operand;

  bool holds(const Lookup& lookup) const {
    const Value value = lookup(field);
    if (std::holds_alternative<Missing>(operand)) {
      const bool missing = is_text ? text_of(value).empty() : !number_of(value).has_value();
      return missing == (compare == "==");
    }
    if (is_text) return text_holds(text_of(value), lookup);
    const auto* const other = std::get_if<OtherField>(&operand);
    const auto left = number_of(value);
    const auto right = other != nullptr ? number_of(lookup(other->index)) : std::get<Number>(operand);
    return left && right && compares(compare, *left <=> *right);
  }

 private:
  bool text_holds(std::string_view text, const Lookup& lookup) const {
    if (const auto* const pattern = std::get_if<Pattern>(&operand)) return pattern->occurs_in(text) == (compare == "~");
    const auto* const other = std::get_if<OtherField>(&operand);
    const std::string_view right = other != nullptr ? text_of(lookup(other->index)) : std::get<std::string>(operand);
    return compares(compare, text <=> right);
  }
};

namespace {

// What stands right of a column, as the column's type wants it.
class Binder {
 public:
  Binder(const std::string& option, const std::string& text, const std::vector<Field>& fields)
      : option_(option), text_(text), fields_(fields) {}

  [[noreturn]] void fail(std::string_view why, std::size_t at) const {
    throw Error(ExitCode::usage, with_caret(fmt::format("{}: {}", option_, why), text_, at));
  }

  // Conditions compare one value a row.
  void expect_single(const Field& field, const ConditionToken& token) const {
    if (!field.is_list) return;
    fail(fmt::format(
             "{} is a list of numbers: conditions compare single values. Take all rows and choose in the program "
             "that reads them",
             field.name),
         token.at);
  }

  Operand operand(const Field& field, const ConditionToken& compare, const ConditionToken& token) const {
    if (is_match(compare.text)) return pattern(field, compare, token);
    if (token.kind == Kind::word && token.text == "missing") {
      if (compare.text == "==" || compare.text == "!=") return Missing();
      fail("with `missing` only == and != make sense", compare.at);
    }
    return field.is_text ? Operand(token.text) : number(field, compare, token);
  }

 private:
  Operand number(const Field& field, const ConditionToken& compare, const ConditionToken& token) const {
    if (token.kind == Kind::quoted) {
      fail(fmt::format("{} is a number: leave out the quotes", field.name), token.at);
    }
    if (const auto other = find(fields_, token)) {
      expect_single(fields_[*other], token);
      if (fields_[*other].is_text) fail(fmt::format("{} is text, {} a number", token.text, field.name), token.at);
      return OtherField{*other};
    }
    const auto value = number_of(field, token.text);
    if (!value) {
      const std::string_view hint = field.unit == "s"   ? " nor a time as 1m30s"
                                    : field.unit == "B" ? " nor a size as 1.5GiB"
                                                        : "";
      fail(fmt::format("{} is a number, but '{}' is none{}", field.name, for_message(token.text, 60), hint), token.at);
    }
    if (!std::isnan(*value)) return *value;
    if (compare.text == "==" || compare.text == "!=") return Missing();
    fail("nothing is less or more than nan", token.at);
  }

  Operand pattern(const Field& field, const ConditionToken& compare, const ConditionToken& token) const {
    if (!field.is_text) fail(fmt::format("{} is a number: {} is for text", field.name, compare.text), compare.at);
    try {
      return Pattern(token.text);
    } catch (const Pattern::Fault& fault) {
      const std::size_t quote = token.kind == Kind::quoted ? 1 : 0;
      fail(fmt::format("the regular expression is not one: {}", fault.what()), token.at + quote + fault.at);
    }
  }

  const std::string& option_;
  const std::string& text_;
  const std::vector<Field>& fields_;
};

}  // namespace

Condition::Condition(std::string option, std::string text)
    : option_(std::move(option)), text_(std::move(text)), tree_(parse_condition(option_, text_)) {}

Condition::~Condition() = default;
Condition::Condition(Condition&&) noexcept = default;
Condition& Condition::operator=(Condition&&) noexcept = default;

void Condition::bind(const std::vector<Field>& fields) {
  const Binder binder(option_, text_, fields);
  bound_.clear();
  for (const ConditionTree::Comparison& one : tree_.comparisons) {
    ConditionToken compare = one.compare;
    auto field = find(fields, one.left);
    const ConditionToken* value = &one.right;
    if (!field && find(fields, one.right) && !is_match(compare.text)) {  // 1.5 <= seconds
      field = find(fields, one.right);
      value = &one.left;
      compare.text = mirrored(compare.text);
    }
    if (!field) binder.fail(unknown(fields, one.left.text), one.left.at);
    binder.expect_single(fields[*field], value == &one.left ? one.right : one.left);
    bound_.push_back({*field, fields[*field].is_text, compare.text, binder.operand(fields[*field], compare, *value)});
  }
}

bool Condition::holds(const Lookup& lookup) const { return holds_at(tree_.root, lookup); }

bool Condition::holds_at(std::size_t at, const Lookup& lookup) const {
  const Node& node = tree_.nodes[at];
  switch (node.kind) {
    case Node::Kind::comparison:
      return bound_[node.first].holds(lookup);
    case Node::Kind::both:
      return holds_at(node.first, lookup) && holds_at(node.second, lookup);
    case Node::Kind::either:
      return holds_at(node.first, lookup) || holds_at(node.second, lookup);
    case Node::Kind::negation:
      return !holds_at(node.first, lookup);
  }
  return false;
}

}  // namespace kiln
