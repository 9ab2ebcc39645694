#include "job/source_settings.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>

namespace kiln::job {
namespace {

/// Collects units that follow each other and have the same value.
template <class Class, class Value>
class Classes {
 public:
  explicit Classes(std::vector<Class>& classes) : classes_(classes) {}

  void add(UnitId unit, const std::optional<Value>& value) {
    if (!value) return;
    const bool same = !classes_.empty() && classes_.back().interval.last == unit && last_ == value;
    if (same) {
      classes_.back().interval.last = unit.next();
    } else {
      classes_.push_back({single(unit), *value});
      last_ = value;
    }
  }

 private:
  std::vector<Class>& classes_;
  std::optional<Value> last_;
};

void forget(std::vector<std::string>& environment, std::string_view name) {
  std::erase_if(environment, [&](std::string_view entry) {
    return entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=';
  });
}

bool has(const std::vector<std::string>& environment, std::string_view name) {
  return std::any_of(environment.begin(), environment.end(), [&](std::string_view entry) {
    return entry.size() > name.size() + 1 && entry.starts_with(name) && entry[name.size()] == '=';
  });
}

template <class T>
void set(std::vector<std::string>& environment, std::string_view name, const T& value) {
  forget(environment, name);
  environment.push_back(fmt::format("{}={}", name, value));
}

void set_array_variables(exec::CommandSetup& setup, const units::ArrayRange& range, const SourceFacts& facts) {
  auto& environment = setup.environment;
  forget(environment, "SLURM_ARRAY_TASK_ID");
  set(environment, "SLURM_ARRAY_TASK_COUNT", range.count());
  set(environment, "SLURM_ARRAY_TASK_MIN", range.least());
  set(environment, "SLURM_ARRAY_TASK_MAX", range.greatest());
  set(environment, "SLURM_ARRAY_TASK_STEP", range.step());
  set(environment, "SLURM_ARRAY_JOB_ID", facts.job_id);
}

void set_task_file_variables(exec::CommandSetup& setup, std::uint64_t units, const SourceFacts& facts) {
  auto& environment = setup.environment;
  constexpr std::array<std::string_view, 5> kOfUnits = {"LAUNCHER_JID", "LAUNCHER_TSK_ID", "DISBATCH_TASKID",
                                                        "DISBATCH_STREAM_INDEX", "DISBATCH_REPEAT_INDEX"};
  for (const std::string_view name : kOfUnits) forget(environment, name);
  set(environment, "LAUNCHER_NPROCS", facts.workers);
  set(environment, "LAUNCHER_NJOBS", units);
  if (!has(environment, "LAUNCHER_WORKDIR")) set(environment, "LAUNCHER_WORKDIR", setup.working_directory);
  set(environment, "DISBATCH_JOBID", facts.job_id);
  set(environment, "DISBATCH_NAMETASKS", facts.task_name);
}

}  // namespace

void apply_stages(const units::TaskFile& tasks, const units::CommandSource& source,
                  protocol::CoordinatorOptions& options) {
  if (tasks.stages.empty()) return;
  options.stages.resize(tasks.stages.size());
  for (std::size_t i = 0; i < tasks.stages.size(); ++i) options.stages[i].after = tasks.stages[i].after;
  Interval run;  // of one stage
  std::size_t stage = 0;
  for (UnitId unit(0); unit.value() < source.size(); unit = unit.next()) {
    const std::uint64_t place = source.place(unit);
    const std::size_t its = place == units::CommandSource::kNone ? tasks.stages.size() : tasks.stage_of(place);
    if (its == stage && run.last == unit) {
      run.last = unit.next();
      continue;
    }
    if (stage < tasks.stages.size()) options.stages[stage].units.insert(run);
    run = single(unit);
    stage = its;
  }
  if (stage < tasks.stages.size()) options.stages[stage].units.insert(run);
}

void apply_limits(const units::TaskFile& tasks, const units::CommandSource& source,
                  protocol::CoordinatorOptions& options) {
  if (tasks.limits.empty()) return;
  Classes<protocol::RetryClass, std::uint32_t> retries(options.retry_classes);
  Classes<schedule::PriorityClass, std::int32_t> priorities(options.queue.priorities);
  for (UnitId unit(0); unit.value() < source.size(); unit = unit.next()) {
    const std::uint64_t place = source.place(unit);
    if (place == units::CommandSource::kNone) continue;
    const units::UnitLimits& limits = tasks.limits.at(place);
    retries.add(unit, limits.retries);
    if (limits.timeout && options.time_limit) options.time_limit->longest.reset();  // --timeout is not for all
    priorities.add(unit, limits.priority);
  }
}

void set_source_variables(exec::CommandSetup& setup, const units::TaskFile& tasks, const SourceFacts& facts) {
  if (tasks.array) set_array_variables(setup, *tasks.array, facts);
  if (tasks.form == units::TaskFile::Form::lines) set_task_file_variables(setup, tasks.size(), facts);
}

std::string job_id_of(const std::string& slurm_job_id, double run_created) {
  return slurm_job_id.empty() ? fmt::format("{}", static_cast<std::int64_t>(std::floor(run_created))) : slurm_job_id;
}

}  // namespace kiln::job
