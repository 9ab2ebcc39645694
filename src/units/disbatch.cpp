#include "units/disbatch.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <cctype>

namespace kiln::units {
namespace {

constexpr std::string_view kBlanks = " \t\v\f\r";
constexpr std::string_view kName = "#DISBATCH";

[[noreturn]] void bad(const std::string& where, const std::string& why) {
  throw Error(ExitCode::bad_input, fmt::format("{}: {}", where, why));
}

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text;
}

std::string_view first_word(std::string_view text) { return text.substr(0, text.find_first_of(kBlanks)); }

std::string upper(std::string_view text) {
  std::string copy(text);
  for (char& c : copy) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return copy;
}

std::uint64_t take_number(std::string_view& rest, std::string_view what, std::uint64_t most, const std::string& where) {
  rest = trimmed(rest);
  const std::string_view word = first_word(rest);
  const auto number = parse_count(word);
  if (!number || *number > most) {
    bad(where, fmt::format("#DISBATCH REPEAT: {} is a whole number up to {}, not '{}'; meant: #DISBATCH REPEAT 5 start "
                           "100 step 50 COMMAND",
                           what, format_count(most), for_message(word, 40)));
  }
  rest.remove_prefix(word.size());
  return *number;
}

// "start 100" at the front of `rest`, if it is there.
void take_named(std::string_view& rest, std::string_view name, std::uint64_t& value, const std::string& where) {
  const std::string_view ahead = trimmed(rest);
  const std::string_view word = first_word(ahead);
  if (upper(word) != name) return;
  rest = ahead.substr(word.size());
  value = take_number(rest, word, Disbatch::kLargestIndex, where);
}

Disbatch::Repeat parse_repeat(std::string_view rest, const std::string& where) {
  Disbatch::Repeat repeat;
  repeat.count = take_number(rest, "the count", Disbatch::kMostRepeats, where);
  take_named(rest, "START", repeat.start, where);
  take_named(rest, "STEP", repeat.step, where);
  repeat.command = trimmed(rest);
  if (repeat.count != 0 && repeat.step != 0 &&
      repeat.count - 1 > (Disbatch::kLargestIndex - repeat.start) / repeat.step) {
    bad(where, fmt::format("#DISBATCH REPEAT: the last index is above {}", format_count(Disbatch::kLargestIndex)));
  }
  return repeat;
}

}  // namespace

std::optional<Disbatch::Repeat> Disbatch::take(std::string_view line, const std::string& where) {
  const std::string_view behind = line.substr(kName.size());
  const std::string_view ahead = trimmed(behind);
  const std::string_view word = behind.size() == ahead.size() ? std::string_view() : first_word(ahead);
  const std::string keyword = upper(word);
  std::string_view rest = ahead.substr(word.size());
  if (keyword == "REPEAT") return parse_repeat(rest, where);
  if (keyword == "PREFIX" || keyword == "SUFFIX") {
    if (!rest.empty()) rest.remove_prefix(1);
    (keyword == "PREFIX" ? prefix_ : suffix_) = rest;
    return std::nullopt;
  }
  if (keyword == "BARRIER") {
    bad(where,
        "#DISBATCH BARRIER is not supported; put '#kiln stage first' at the begin of the file, and in place of the "
        "barrier '#kiln stage second after=first'");
  }
  if (keyword == "PERENGINE") {
    bad(where,
        "#DISBATCH PERENGINE is not supported: put what it does in front of each command, to be done once a "
        "host (flock), or run it with srun --ntasks-per-node=1 before kiln, and take the line out");
  }
  bad(where,
      fmt::format(
          "'{}' is no directive that kiln knows; there are #DISBATCH PREFIX, SUFFIX and REPEAT (for a "
          "comment, write '# DISBATCH')",
          for_message(line.substr(0, kName.size() + (behind.size() - ahead.size()) + first_word(ahead).size()), 60)));
}

std::string Disbatch::wrapped(std::string_view command) const { return prefix_ + std::string(command) + suffix_; }

}  // namespace kiln::units
