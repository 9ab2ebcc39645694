#include "args/option_values.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "schedule/batch_policy.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <csignal>
#include <cstring>
#include <utility>

namespace kiln::args {
namespace {

[[noreturn]] void refuse(std::string_view option, std::string_view text, std::string_view accepted) {
  throw Error(ExitCode::usage,
              fmt::format("{} does not take '{}'; accepted: {}", option, for_message(text, 60), accepted));
}

template <class T, std::size_t N>
T one_of(std::string_view option, const std::string& text, const std::array<std::pair<std::string_view, T>, N>& words,
         std::string_view accepted) {
  const auto* const found =
      std::find_if(words.begin(), words.end(), [&](const auto& word) { return word.first == text; });
  if (found == words.end()) refuse(option, text, accepted);
  return found->second;
}

// "5%": 0 to 100.
std::optional<double> parse_percent(const std::string& text) {
  double percent = 0;
  const char* const end = text.data() + text.size() - 1;
  const auto [rest, error] = std::from_chars(text.data(), end, percent, std::chars_format::fixed);
  if (error != std::errc{} || rest != end || !(percent >= 0 && percent <= 100)) return std::nullopt;
  return percent;
}

}  // namespace

std::uint64_t count_value(std::string_view option, const std::string& text, std::uint64_t least, std::uint64_t most) {
  const auto count = parse_count(text);
  if (!count || *count < least || *count > most) {
    refuse(option, text, fmt::format("a whole number from {} to {}", least, most));
  }
  return *count;
}

Duration duration_value(std::string_view option, const std::string& text, Zero zero) {
  const auto duration = parse_duration(text);
  const bool refused = !duration || (zero == Zero::refused && *duration <= Duration::zero());
  if (refused) {
    refuse(option, text,
           fmt::format("a time {} such as 30s, 500ms, 1.5m, 2h, 1h30m, 1d (a bare number means seconds)",
                       zero == Zero::refused ? "above zero" : "of zero or more"));
  }
  return *duration;
}

Duration heartbeat_value(std::string_view option, const std::string& text) {
  const auto duration = parse_duration(text);
  const bool accepted = duration && (*duration == Duration::zero() || *duration >= kShortestHeartbeat);
  if (!accepted) {
    refuse(
        option, text,
        fmt::format("a time of {} or more, such as 5s, 500ms (a bare number means seconds), or 0, with which no rank "
                    "is ever declared dead",
                    format_duration(kShortestHeartbeat)));
  }
  return *duration;
}

std::uint64_t size_value(std::string_view option, const std::string& text, std::uint64_t least, std::uint64_t most) {
  const auto size = parse_size(text);
  if (!size || *size < least || *size > most) {
    refuse(option, text,
           fmt::format("a size such as 4096, 64KiB, 1.5MiB, 1MB (a bare number means bytes), {}at most {}",
                       least == 0 ? "" : fmt::format("at least {}, ", format_size(least)), format_size(most)));
  }
  return *size;
}

std::uint64_t memory_value(std::string_view option, const std::string& text) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 50;
  const std::uint64_t size = size_value(option, text, 0, kMost);
  if (size < job::kLeastBudget) {
    refuse(option, text, fmt::format("{} or more: a rank cannot work with less", format_size(job::kLeastBudget)));
  }
  return size;
}

std::optional<job::Allowance> max_failures_value(const std::string& text) {
  constexpr std::string_view kAccepted =
      "a number of units from 1 (10), a share above 0% and up to 100% (5%, 0.5%), none";
  if (text == "none") return std::nullopt;
  job::Allowance limit;
  if (!text.ends_with('%')) {
    limit.count = parse_count(text);
    if (!limit.count || *limit.count == 0) refuse("--max-failures", text, kAccepted);
    return limit;
  }
  limit.percent = parse_percent(text);
  if (!limit.percent || *limit.percent == 0) refuse("--max-failures", text, kAccepted);
  return limit;
}

std::optional<job::Allowance> max_rejected_value(const std::string& text) {
  if (text == "none") return std::nullopt;
  job::Allowance limit;
  text.ends_with('%') ? void(limit.percent = parse_percent(text)) : void(limit.count = parse_count(text));
  if (!limit.count && !limit.percent) {
    refuse("--max-rejected", text,
           "a number of records from 0 (10), a share of those that are read from 0% to 100% (5%, 0.5%), none");
  }
  return limit;
}

job::ExportFormats export_value(const std::string& text) {
  constexpr std::array<std::pair<std::string_view, job::ExportFormats>, 5> kWords{{{"none", {}},
                                                                                   {"csv", {true, false}},
                                                                                   {"json", {false, true}},
                                                                                   {"csv,json", {true, true}},
                                                                                   {"json,csv", {true, true}}}};
  return one_of("--export", text, kWords, "csv, json, csv,json, none");
}

std::string signal_value(std::string_view option, const std::string& text) {
  constexpr std::string_view kAccepted = "a signal such as TERM, USR2, SIGUSR2, 10, or none";
  if (text == "none") return "";
  if (const auto number = parse_count(text)) {
    if (*number == 0 || *number > static_cast<std::uint64_t>(SIGRTMAX)) refuse(option, text, kAccepted);
    return std::to_string(*number);
  }
  std::string name = text;
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (name.starts_with("SIG")) name.erase(0, 3);
  for (int number = 1; number < SIGRTMIN; ++number) {
    const char* const known = ::sigabbrev_np(number);
    if (known != nullptr && name == known) return std::to_string(number);
  }
  refuse(option, text, kAccepted);
}

exec::KeepOutput keep_output_value(const std::string& text) {
  using exec::KeepOutput;
  constexpr std::array<std::pair<std::string_view, KeepOutput>, 3> kWords{
      {{"all", KeepOutput::all}, {"failed", KeepOutput::failed}, {"none", KeepOutput::none}}};
  return one_of("--keep-output", text, kWords, "all, failed, none");
}

observe::PrintMode print_value(const std::string& text) {
  using observe::PrintMode;
  constexpr std::array<std::pair<std::string_view, PrintMode>, 3> kWords{
      {{"none", PrintMode::none}, {"grouped", PrintMode::grouped}, {"ordered", PrintMode::ordered}}};
  return one_of("--print", text, kWords, "none, grouped, ordered");
}

job::ProgressMode progress_value(const std::string& text) {
  using job::ProgressMode;
  constexpr std::array<std::pair<std::string_view, ProgressMode>, 4> kWords{{{"auto", ProgressMode::automatic},
                                                                             {"bar", ProgressMode::bar},
                                                                             {"log", ProgressMode::log},
                                                                             {"none", ProgressMode::none}}};
  return one_of("--progress", text, kWords, "auto, bar, log, none");
}

std::string batch_value(const std::string& text) {
  schedule::make_batch_policy(text);
  return text;
}

}  // namespace kiln::args
