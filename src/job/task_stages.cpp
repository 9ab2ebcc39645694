#include "job/task_stages.hpp"

#include "base/quantity.hpp"

#include <fmt/format.h>

namespace kiln::job {
namespace {

std::string names_before(const units::TaskFile& tasks, std::size_t stage, std::string_view between) {
  std::vector<std::string_view> names;
  for (const std::size_t before : tasks.stages[stage].after) names.emplace_back(tasks.stages[before].name);
  return fmt::format("{}", fmt::join(names, between));
}

}  // namespace

std::vector<std::string> stage_plan(const units::TaskFile& tasks) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < tasks.stages.size(); ++i) {
    const units::TaskStage& stage = tasks.stages[i];
    const std::uint64_t end = i + 1 < tasks.stages.size() ? tasks.stages[i + 1].first : tasks.size();
    std::string line = stage.name.empty() ? "before the stages" : fmt::format("stage {}", stage.name);
    line += fmt::format(": {} command{}", format_count(end - stage.first), end - stage.first == 1 ? "" : "s");
    if (!stage.after.empty()) line += ", after " + names_before(tasks, i, ", ");
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string stage_directive(const units::TaskFile& tasks, std::size_t stage) {
  const units::TaskStage& one = tasks.stages[stage];
  if (one.name.empty()) return "";
  const std::string after = one.after.empty() ? "" : " after=" + names_before(tasks, stage, ",");
  return fmt::format("#kiln stage {}{}", one.name, after);
}

}  // namespace kiln::job
