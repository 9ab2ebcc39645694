#include "stage_lines.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace kiln::cli {
namespace {

constexpr std::size_t kFlowWidth = 28;  // a flow and its step by key
constexpr std::size_t kNameWidth = 20;

std::string state_of(const store::RunReader::StageInfo& stage, bool live) {
  if (stage.over) return fmt::format("{:.2f}", stage.seconds);
  return live ? "running" : "not over";
}

}  // namespace

std::string stage_lines(const std::vector<store::RunReader::StageInfo>& stages, std::size_t most, bool live) {
  if (stages.empty()) return "";
  std::string out = fmt::format("  {:>7}  {:<{}}  {:>12}  {:>12}  {:>8}  {:>9}  {:>9}\n", "stage", "flow", kFlowWidth,
                                "units", "done", "failed", "rejected", "seconds");
  const std::size_t head = stages.size() <= most ? stages.size() : most / 2;
  const std::size_t tail = stages.size() <= most ? stages.size() : stages.size() - (most - head);
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (i == head && head < tail) {
      out += fmt::format("  {:>7}  {} more\n", "…", format_count(tail - head));
      i = tail;
    }
    const store::RunReader::StageInfo& stage = stages[i];
    out += fmt::format("  {:>7}  {:<{}}  {:>12}  {:>12}  {:>8}  {:>9}  {:>9}\n", stage.stage.value(),
                       for_message(stage.name, kFlowWidth), kFlowWidth, format_count(stage.counts.units),
                       format_count(stage.counts.done), format_count(stage.counts.failed),
                       format_count(stage.counts.rejected), state_of(stage, live));
  }
  return out;
}

std::string task_stage_lines(const std::vector<observe::TaskStageStatus>& stages, std::size_t most, bool live) {
  if (stages.empty()) return "";
  std::string out =
      fmt::format("  {:<{}}  {:>12}  {:>12}  {:>8}  {}\n", "stage", kNameWidth, "commands", "done", "failed", "state");
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const observe::TaskStageStatus& stage = stages[i];
    if (i == most) return out + fmt::format("  … {} more\n", format_count(stages.size() - most));
    const std::string_view state = observe::to_text(stage);
    out += fmt::format("  {:<{}}  {:>12}  {:>12}  {:>8}  {}\n",
                       stage.name.empty() ? "(before them)" : for_message(stage.name, kNameWidth), kNameWidth,
                       format_count(stage.units), format_count(stage.done), format_count(stage.failed),
                       !live && state == "running" ? "not over" : state);
  }
  return out;
}

std::string stages_json(const std::vector<store::RunReader::StageInfo>& stages) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const store::RunReader::StageInfo& stage : stages) {
    all.push_back({{"stage", stage.stage.value()},
                   {"name", to_utf8(stage.name)},
                   {"description", to_utf8(stage.description)},
                   {"units", stage.counts.units},
                   {"done", stage.counts.done},
                   {"failed", stage.counts.failed},
                   {"rejected", stage.counts.rejected},
                   {"over", stage.over},
                   {"seconds", stage.over ? nlohmann::ordered_json(stage.seconds) : nlohmann::ordered_json()}});
  }
  return all.dump();
}

}  // namespace kiln::cli
