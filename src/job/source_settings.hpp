#pragma once

#include "exec/command_setup.hpp"
#include "protocol/coordinator.hpp"
#include "units/command_source.hpp"
#include "units/task_file.hpp"

#include <cstdint>
#include <string>

/// What a source says beside its commands, for those who need it.
namespace kiln::job {

/// Tries and priorities that the source itself names become classes of units, and --timeout bounds no unit where there
/// are time limits of its own. Time by the number of units, memory by
/// the number of changes.
void apply_limits(const units::TaskFile& tasks, const units::CommandSource& source,
                  protocol::CoordinatorOptions& options);

/// The stages that the source names, by their units.
void apply_stages(const units::TaskFile& tasks, const units::CommandSource& source,
                  protocol::CoordinatorOptions& options);

struct SourceFacts {
  std::string job_id;     ///< what array jobs and disBatch call the job
  std::string task_name;  ///< the task file's name without its folder
  std::uint64_t workers = 1;
};

/// The variables that are the same for all units: of an array those of Slurm, of a task file those that disBatch and
/// the TACC launcher set. What the caller has of these names, and of those that units have of their own, goes.
void set_source_variables(exec::CommandSetup& setup, const units::TaskFile& tasks, const SourceFacts& facts);

/// The job's number inside one of Slurm's; else the second in which the run began, which stays the same when it goes
/// on.
std::string job_id_of(const std::string& slurm_job_id, double run_created);

}  // namespace kiln::job
