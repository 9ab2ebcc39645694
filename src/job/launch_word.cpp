#include "job/launch_word.hpp"

#include "base/quantity.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace kiln::job {
namespace {

std::string begin_of(std::string_view launch_id) { return fmt::format("kiln-launch {} ", launch_id); }

constexpr std::array<std::string_view, 4> kWords{"is up: ", "ends with ", "a rank ends with ",
                                                 "has lost a rank: "};  // as Says

}  // namespace

std::string launch_word(std::string_view launch_id, int exit_code, Says what) {
  return fmt::format("{}{}{}", begin_of(launch_id), kWords.at(static_cast<std::size_t>(what)), exit_code);
}

void tell_launcher(const Environment& environment, int exit_code, Says what) {
  if (!environment.launched()) return;
  const std::string line = launch_word(environment.launch_id, exit_code, what) + "\n";
  // One piece: what other threads say does not come in between.
  while (::write(STDERR_FILENO, line.data(), line.size()) < 0 && errno == EINTR) {
  }
}

std::optional<LaunchWord> launch_word_in(std::string_view line, std::string_view launch_id) {
  const std::string begin = begin_of(launch_id);
  const std::size_t at = line.find(begin);
  if (launch_id.empty() || at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = line.substr(at + begin.size());
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    if (!rest.starts_with(kWords.at(i))) continue;
    const auto code = parse_count(rest.substr(kWords.at(i).size()));
    if (code && *code <= 255) return LaunchWord{static_cast<int>(*code), static_cast<Says>(i), line.substr(0, at)};
  }
  return std::nullopt;
}

}  // namespace kiln::job
