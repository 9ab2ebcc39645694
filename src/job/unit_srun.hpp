#pragma once

#include "job/environment.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace kiln::job {

/// Where commands in a Slurm job find `srun` first.
inline constexpr const char* kUnitSrunFolder = "slurm";

/// A script for sh: srun for a command in the job of these variables. It starts on the node of the command, which need
/// not be that of the batch script, on the CPUs of the command, and waits for none that other steps of the job have;
/// what else stands on its line counts, but for the words that ask for CPUs (-c, --exact, --exclusive). One process,
/// unless the command itself says how many (SLURM_NTASKS, -n). In another job, as one that the command has submitted,
/// it is `srun` as it is. `srun`, `scontrol`: paths.
std::string unit_srun_script(const std::string& srun, const std::string& scontrol, const Variables& variables);

/// In a Slurm job: puts that srun into the run directory, and its folder first on the PATH of this environment
/// ("NAME=value").
void give_unit_srun(std::vector<std::string>& environment, const std::filesystem::path& run_directory);

}  // namespace kiln::job
