#include "job/mpirun_noise.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace kiln::job {
namespace {

constexpr std::array<std::string_view, 4> kDroppedBlocks{"Primary job", "detected that one or more processes exited",
                                                         "MPI_ABORT was invoked", "CMA support"};
constexpr std::array<std::string_view, 4> kDroppedLines{"mpirun: Forwarding signal", "PMIX ERROR: BAD-PARAM",
                                                        "PMIX ERROR: UNREACHABLE",
                                                        "more processes have sent help message"};

bool is_rule(std::string_view line) {
  return line.size() >= 40 && line.find_first_not_of('-') == std::string_view::npos;
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

std::vector<std::string> MpirunNoise::line(std::string_view text) {
  if (is_rule(text)) {
    inside_ = !inside_;
    return inside_ ? std::vector<std::string>{} : judge();
  }
  if (inside_) {
    block_.emplace_back(text);
    // A banner is short: a longer run of lines is something else that happens to follow a rule.
    if (block_.size() < 40) return {};
    inside_ = false;
    return std::exchange(block_, {});
  }
  for (const std::string_view part : kDroppedLines) {
    if (has(text, part)) return {};
  }
  return {std::string(text)};
}

std::vector<std::string> MpirunNoise::end() {
  inside_ = false;
  return judge();
}

std::vector<std::string> MpirunNoise::judge() {
  std::vector<std::string> block = std::exchange(block_, {});
  std::string all;
  for (const std::string& line : block) all += line + " ";
  if (has(all, "exited on signal")) {
    const std::size_t rank = all.find("process rank");
    const std::size_t begin = rank == std::string::npos ? 0 : rank;
    return {"kiln: " + all.substr(begin, all.find_last_not_of(" .") + 1 - begin)};
  }
  const bool dropped =
      std::any_of(kDroppedBlocks.begin(), kDroppedBlocks.end(), [&](std::string_view part) { return has(all, part); });
  return dropped ? std::vector<std::string>{} : block;
}

}  // namespace kiln::job
