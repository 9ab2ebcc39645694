#include "job/slurm_time.hpp"

#include "base/caret.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <kiln/error.hpp>
#include <vector>

namespace kiln::job {
namespace {

constexpr std::uint64_t kMostOfANumber = 10'000'000;

class Parser {
 public:
  Parser(std::string_view option, std::string_view text) : option_(option), text_(text) {}

  std::chrono::seconds parse() {
    std::vector<std::uint64_t> numbers{number()};
    const bool days = take('-');
    if (days) numbers.push_back(number());
    const std::size_t most = days ? 4 : 3;
    while (numbers.size() < most && take(':')) numbers.push_back(number());
    if (at_ != text_.size()) refuse(at_);
    if (days) numbers.resize(4);
    switch (numbers.size()) {
      case 1:
        return std::chrono::minutes(numbers[0]);
      case 2:
        return std::chrono::minutes(numbers[0]) + std::chrono::seconds(numbers[1]);
      case 3:
        return clock(numbers, 0);
      default:
        return std::chrono::days(numbers[0]) + clock(numbers, 1);
    }
  }

 private:
  static std::chrono::seconds clock(const std::vector<std::uint64_t>& numbers, std::size_t first) {
    return std::chrono::hours(numbers[first]) + std::chrono::minutes(numbers[first + 1]) +
           std::chrono::seconds(numbers[first + 2]);
  }

  std::uint64_t number() {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error != std::errc{} || value > kMostOfANumber) refuse(at_);
    at_ = static_cast<std::size_t>(end - text_.data());
    return value;
  }

  bool take(char sign) {
    if (at_ == text_.size() || text_[at_] != sign) return false;
    ++at_;
    return true;
  }

  [[noreturn]] void refuse(std::size_t at) const {
    throw Error(ExitCode::usage,
                with_caret(fmt::format("{} takes a time as Slurm writes it: minutes (90), M:S, H:M:S (1:30:00), D-H, "
                                       "D-H:M or D-H:M:S; it cannot be read from the character below ^",
                                       option_),
                           text_, at));
  }

  std::string_view option_, text_;
  std::size_t at_ = 0;
};

}  // namespace

TimeLimit parse_slurm_time(std::string_view option, std::string_view text) {
  constexpr std::array<std::string_view, 4> kNone{"UNLIMITED", "INFINITE", "unlimited", "infinite"};
  if (std::find(kNone.begin(), kNone.end(), text) != kNone.end()) return std::nullopt;
  const std::chrono::seconds time = Parser(option, text).parse();
  if (time == std::chrono::seconds::zero()) return std::nullopt;
  return time;
}

std::string format_slurm_time(const TimeLimit& time) {
  if (!time) return "UNLIMITED";
  const auto all = time->count();
  const auto days = all / 86400;
  const std::string clock = fmt::format("{}:{:02}:{:02}", all % 86400 / 3600, all % 3600 / 60, all % 60);
  return days == 0 ? clock : fmt::format("{}-{:0>8}", days, clock);
}

}  // namespace kiln::job
