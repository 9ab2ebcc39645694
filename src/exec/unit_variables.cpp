#include "exec/unit_variables.hpp"

#include "base/quantity.hpp"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace kiln::exec {
namespace {

constexpr std::string_view kArrayIndex = "SLURM_ARRAY_TASK_ID";

}  // namespace

UnitVariables::UnitVariables(std::int32_t worker) : worker_(std::to_string(worker)) {
  put("KILN_WORKER", worker_);
  common_ = text_.size();
}

std::string_view UnitVariables::of(const units::UnitFields& fields) {
  text_.resize(common_);
  if (fields.line) {
    const fmt::format_int line(*fields.line);
    put("KILN_LINE", {line.data(), line.size()});
    put("LAUNCHER_JID", {line.data(), line.size()});
    put("LAUNCHER_TSK_ID", worker_);
    put("DISBATCH_STREAM_INDEX", {line.data(), line.size()});
    put("DISBATCH_REPEAT_INDEX", fields.repeat ? fmt::to_string(*fields.repeat) : "-1");
  }
  if (fields.place) put("DISBATCH_TASKID", fmt::to_string(*fields.place));
  if (fields.array_index) put(kArrayIndex, fmt::to_string(*fields.array_index));
  return text_;
}

void UnitVariables::put(std::string_view name, std::string_view value) {
  text_ += name;
  text_ += '=';
  text_ += value;
  text_ += '\0';
}

std::optional<std::uint64_t> array_index_of(std::string_view variables) {
  while (!variables.empty()) {
    const std::string_view one = variables.substr(0, variables.find('\0'));
    variables.remove_prefix(std::min(variables.size(), one.size() + 1));
    if (one.starts_with(kArrayIndex) && one.substr(kArrayIndex.size()).starts_with('=')) {
      return parse_count(one.substr(kArrayIndex.size() + 1));
    }
  }
  return std::nullopt;
}

}  // namespace kiln::exec
