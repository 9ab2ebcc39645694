#include "units/unit_limits.hpp"

#include "base/caret.hpp"
#include "base/did_you_mean.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>

namespace kiln::units {
namespace {

constexpr std::string_view kBlanks = " \t\v\f\r";
constexpr std::string_view kName = "#kiln";

/// A directive, and where it stands.
struct Line {
  std::string_view text;
  const std::string& where;

  /// `word`: the part of the line that is wrong.
  [[noreturn]] void bad(std::string_view word, const std::string& why) const {
    const auto at = static_cast<std::size_t>(word.data() - text.data());
    throw Error(ExitCode::bad_input, with_caret(fmt::format("{}: #kiln: {}", where, why), text, at));
  }
};

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text;
}

Duration timeout_of(std::string_view text, const Line& line) {
  if (text == "none") return Duration::zero();
  const auto duration = parse_duration(text);
  if (!duration || *duration <= Duration::zero()) {
    line.bad(text,
             fmt::format("timeout does not take '{}'; accepted: a time above zero such as 30s, 10m, 1h30m, or none",
                         for_message(text, 40)));
  }
  return *duration;
}

std::uint32_t retries_of(std::string_view text, const Line& line) {
  const auto count = parse_count(text);
  if (!count || *count > kMostUnitRetries) {
    line.bad(text, fmt::format("retries does not take '{}'; accepted: a whole number from 0 to {}",
                               for_message(text, 40), kMostUnitRetries));
  }
  return static_cast<std::uint32_t>(*count);
}

std::int32_t priority_of(std::string_view text, const Line& line) {
  const bool negative = text.starts_with('-');
  const auto count = parse_count(text.substr(negative ? 1 : 0));
  if (!count || *count > static_cast<std::uint64_t>(kHighestPriority)) {
    line.bad(text, fmt::format("priority does not take '{}'; accepted: a whole number from -{} to {}",
                               for_message(text, 40), kHighestPriority, kHighestPriority));
  }
  const auto value = static_cast<std::int32_t>(*count);
  return negative ? -value : value;
}

void take_word(std::string_view word, UnitLimits& limits, const Line& line) {
  const std::string_view key = word.substr(0, word.find('='));
  if (key == "stage") line.bad(word, "stage comes first, and alone: #kiln stage NAME after=NAME");
  if (key != "timeout" && key != "retries" && key != "priority") {
    line.bad(word, fmt::format("there is no key '{}'.{} There are timeout, retries and priority, and #kiln stage NAME "
                               "(for a comment, write '# kiln')",
                               for_message(key, 40), did_you_mean(key, {"timeout", "retries", "priority", "stage"})));
  }
  if (key.size() == word.size()) line.bad(word, fmt::format("{0} needs a value: {0}=…", key));
  const std::string_view value = word.substr(key.size() + 1);
  const auto set_once = [&](auto& to, auto from) {
    if (to) line.bad(word, fmt::format("{} is given twice", key));
    to = from;
  };
  if (key == "timeout") set_once(limits.timeout, timeout_of(value, line));
  if (key == "retries") set_once(limits.retries, retries_of(value, line));
  if (key == "priority") set_once(limits.priority, priority_of(value, line));
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

UnitLimits parse_kiln_directive(std::string_view text, const std::string& where) {
  const Line line{text, where};
  std::string_view rest = trimmed(text).substr(kName.size());
  if (rest.starts_with(':')) rest.remove_prefix(1);
  UnitLimits limits;
  for (rest = trimmed(rest); !rest.empty(); rest = trimmed(rest)) {
    const std::string_view word = rest.substr(0, rest.find_first_of(kBlanks));
    rest.remove_prefix(word.size());
    take_word(word, limits, line);
  }
  if (limits.empty()) {
    line.bad(rest, "this says nothing; meant: #kiln timeout=10m retries=2 priority=5, or #kiln stage NAME");
  }
  return limits;
}

}  // namespace kiln::units
