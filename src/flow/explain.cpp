#include <kiln/detail/explain.hpp>

#include <fmt/core.h>
#include <fmt/ranges.h>
#include "base/text.hpp"

#include <string_view>
#include <utility>
#include <vector>

namespace kiln::detail {

std::string explain_stage(const StagePlan& stage, std::uint32_t number) {
  std::string text = fmt::format("stage {} '{}'", number, stage.name);
  if (!stage.behind.empty()) {
    std::vector<std::uint32_t> read;
    for (auto back = stage.behind.rbegin(); back != stage.behind.rend(); ++back) read.push_back(number - *back);
    text += fmt::format(", behind {}: reads what {} kept", fmt::join(read, " and "), read.size() == 1 ? "it" : "they");
  }
  text += "\n";
  for (const std::string& strand : stage.strands) text += fmt::format("  {}\n", strand);
  for (const ReduceSink& reduce : stage.reduces) {
    if (reduce.keyed) text += fmt::format("  shuffles by {}, through files of the run directory\n", reduce.description);
  }
  return text;
}

std::string stage_line(const StagePlan& stage, std::uint32_t number) {
  constexpr std::size_t kShort = 100, kMost = 200;
  std::string text = fmt::format("stage {} '{}'", number, stage.name);
  const char* before = ": ";
  std::size_t told = 0;
  for (const std::string& strand : stage.strands) {
    if (told != 0 && text.size() + strand.size() > kMost) break;
    text += std::exchange(before, "; ") + for_message(strand, kMost);
    ++told;
  }
  if (told < stage.strands.size()) text += fmt::format("; and {} more (--explain)", stage.strands.size() - told);
  std::vector<std::string_view> shuffles;
  for (const ReduceSink& reduce : stage.reduces) {
    if (reduce.keyed) shuffles.push_back(reduce.description);
  }
  if (!shuffles.empty()) text += ", through files";
  if (!shuffles.empty() && told < stage.strands.size())
    text += " by " + for_message(fmt::format("{}", fmt::join(shuffles, ", ")), kMost);
  const bool trivial = shuffles.empty() && stage.behind.empty() && stage.strands.size() < 2;
  return trivial && text.size() > kShort ? "" : text;
}

std::string explain(const JobPlan& plan) {
  const std::size_t count = plan.stages.size();
  std::string text =
      fmt::format("{} stage{}; the steps of a line run as one loop, and no item is stored between them\n", count,
                  count == 1 ? "" : "s");
  for (std::size_t i = 0; i < count; ++i) {
    text += "\n" + explain_stage(plan.stages[i], static_cast<std::uint32_t>(i));
  }
  return text;
}

}  // namespace kiln::detail
