#include <kiln/detail/explain.hpp>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <set>
#include <string_view>
#include <vector>

namespace kiln::detail {
namespace {

std::set<std::uint32_t> stages_read(const SourceSpec& source) {
  std::set<std::uint32_t> stages;
  for (const StageValue& from : source.from) stages.insert(from.stage + 1);
  for (const SourceSpec& part : source.parts) stages.merge(stages_read(part));
  return stages;
}

}  // namespace

std::string explain(const JobPlan& plan) {
  const std::size_t count = plan.stages.size();
  std::string text =
      fmt::format("{} stage{}; the steps of a line run as one loop, and no item is stored between them\n", count,
                  count == 1 ? "" : "s");
  for (std::size_t i = 0; i < count; ++i) {
    const StagePlan& stage = plan.stages[i];
    text += fmt::format("\nstage {} '{}'", i + 1, stage.name);
    if (const auto read = stages_read(stage.source); !read.empty()) {
      text +=
          fmt::format(", behind {}: reads what {} kept", fmt::join(read, " and "), read.size() == 1 ? "it" : "they");
    }
    text += "\n";
    for (const std::string& strand : plan.strands[i]) text += fmt::format("  {}\n", strand);
    for (const ReduceSink& reduce : stage.reduces) {
      if (reduce.keyed)
        text += fmt::format("  shuffles by {}, through files of the run directory\n", reduce.description);
    }
  }
  return text;
}

}  // namespace kiln::detail
