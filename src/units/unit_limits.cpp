#include "units/unit_limits.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>

namespace kiln::units {
namespace {

constexpr std::string_view kBlanks = " \t\v\f\r";
constexpr std::string_view kName = "#kiln";

[[noreturn]] void bad(const std::string& where, const std::string& why) {
  throw Error(ExitCode::bad_input, fmt::format("{}: {}", where, why));
}

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text;
}

template <class T>
void set_once(std::optional<T>& value, T to, std::string_view key, const std::string& where) {
  if (value) bad(where, fmt::format("#kiln: {} is given twice", key));
  value = to;
}

Duration timeout_of(std::string_view text, const std::string& where) {
  if (text == "none") return Duration::zero();
  const auto duration = parse_duration(text);
  if (!duration || *duration <= Duration::zero()) {
    bad(where, fmt::format("#kiln: timeout does not take '{}'; accepted: a time above zero such as 30s, 10m, 1h30m, or "
                           "none",
                           for_message(text, 40)));
  }
  return *duration;
}

std::uint32_t retries_of(std::string_view text, const std::string& where) {
  const auto count = parse_count(text);
  if (!count || *count > kMostUnitRetries) {
    bad(where, fmt::format("#kiln: retries does not take '{}'; accepted: a whole number from 0 to {}",
                           for_message(text, 40), kMostUnitRetries));
  }
  return static_cast<std::uint32_t>(*count);
}

std::int32_t priority_of(std::string_view text, const std::string& where) {
  const bool negative = text.starts_with('-');
  const auto count = parse_count(text.substr(negative ? 1 : 0));
  if (!count || *count > static_cast<std::uint64_t>(kHighestPriority)) {
    bad(where, fmt::format("#kiln: priority does not take '{}'; accepted: a whole number from -{} to {}",
                           for_message(text, 40), kHighestPriority, kHighestPriority));
  }
  const auto value = static_cast<std::int32_t>(*count);
  return negative ? -value : value;
}

void take_word(std::string_view word, UnitLimits& limits, const std::string& where) {
  const std::string_view key = word.substr(0, word.find('='));
  if (key == "stage") {
    bad(where,
        "#kiln stage is kept for later and means nothing yet; make a task file of each stage and run one after "
        "the other");
  }
  const bool known = key == "timeout" || key == "retries" || key == "priority";
  if (!known) {
    bad(where, fmt::format("#kiln: there is no key '{}'; there are timeout, retries and priority (for a comment, write "
                           "'# kiln')",
                           for_message(key, 40)));
  }
  if (key.size() == word.size()) bad(where, fmt::format("#kiln: {0} needs a value: {0}=…", key));
  const std::string_view value = word.substr(key.size() + 1);
  if (key == "timeout") set_once(limits.timeout, timeout_of(value, where), key, where);
  if (key == "retries") set_once(limits.retries, retries_of(value, where), key, where);
  if (key == "priority") set_once(limits.priority, priority_of(value, where), key, where);
}

}  // namespace

UnitLimits UnitLimits::over(const UnitLimits& others) const {
  UnitLimits both = others;
  if (timeout) both.timeout = timeout;
  if (retries) both.retries = retries;
  if (priority) both.priority = priority;
  return both;
}

void LimitList::set_from(std::uint64_t place, const UnitLimits& limits) {
  if (steps_.empty() ? limits.empty() : steps_.back().limits == limits) return;
  if (!steps_.empty() && steps_.back().place == place) {
    steps_.back().limits = limits;
  } else {
    steps_.push_back({place, limits});
  }
}

const UnitLimits& LimitList::at(std::uint64_t place) const {
  static const UnitLimits kNone;
  const auto behind = std::upper_bound(steps_.begin(), steps_.end(), place,
                                       [](std::uint64_t value, const Step& step) { return value < step.place; });
  return behind == steps_.begin() ? kNone : (behind - 1)->limits;
}

bool is_kiln_directive(std::string_view line) {
  line = trimmed(line);
  if (!line.starts_with(kName)) return false;
  line.remove_prefix(kName.size());
  return line.empty() || line.front() == ':' || kBlanks.find(line.front()) != std::string_view::npos;
}

UnitLimits parse_kiln_directive(std::string_view line, const std::string& where) {
  std::string_view rest = trimmed(line).substr(kName.size());
  if (rest.starts_with(':')) rest.remove_prefix(1);
  UnitLimits limits;
  for (rest = trimmed(rest); !rest.empty(); rest = trimmed(rest)) {
    const std::string_view word = rest.substr(0, rest.find_first_of(kBlanks));
    rest.remove_prefix(word.size());
    take_word(word, limits, where);
  }
  if (limits.empty()) bad(where, "#kiln says nothing; meant: #kiln timeout=10m retries=2 priority=5");
  return limits;
}

}  // namespace kiln::units
