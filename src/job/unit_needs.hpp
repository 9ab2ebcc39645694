#pragma once

#include "exec/command_setup.hpp"
#include "job/environment.hpp"
#include "job/run_options.hpp"

#include <kiln/ids.hpp>

#include <cstdint>
#include <string>
#include <vector>

/// What a unit needs (--cpus-per-unit, --gpus-per-unit): how many workers that is, where they are, what each has.
namespace kiln::job {

/// A machine of the run.
struct Host {
  std::string name;  ///< "": this one
  std::uint32_t cpus = 1;
};

struct Placement {
  std::uint32_t workers = 0;
  std::string hosts;  ///< as mpirun's --host, with room for the coordinator on the first; "" on this one
};

/// As many workers as there is room for, or as -n says. Throws kiln::Error (usage) where that is none, or less than -n
/// asks for.
Placement place_workers(const RunOptions& options, const std::vector<Host>& hosts, std::size_t gpus);

/// The same on the hosts that are left when some are lost: fewer workers where there is room for fewer, none where
/// there is room for none.
Placement place_workers_left(RunOptions options, const std::vector<Host>& hosts, std::size_t gpus);

/// What people should know of the workers that begin: fewer than CPUs would do for, as there are fewer GPUs; or more or
/// others than the job has CPUs for. `slurm_cpus`, of the whole job, and `cpus_per_task`: 0 where there is none. ""
/// where there is nothing to say.
std::string placement_note(const RunOptions& options, const std::vector<Host>& hosts, std::size_t gpus);
std::string allocation_note(const RunOptions& options, std::uint32_t slurm_cpus, std::uint32_t cpus_per_task);

/// "n1:4,n2:4", as mpirun's --host.
std::vector<Host> parse_hosts(const std::string& text);

/// The GPUs that this process may use: CUDA_VISIBLE_DEVICES, else SLURM_STEP_GPUS, else SLURM_JOB_GPUS.
std::vector<std::string> visible_gpus(const Variables& variables);

/// The CPUs that this process may use, those of one core and one socket next to each other.
std::vector<std::uint32_t> usable_cpus();

/// Gives this rank's worker its part of the host: CPUs to be bound to, GPUs, and what says so in the environment.
/// `local_rank`: its place among the ranks of this host. Throws kiln::Error (usage) where the GPUs do not suffice.
/// Returns what people should know: "" or that there are not enough CPUs to be bound to.
std::string take_place(exec::CommandSetup& setup, Rank rank, std::int32_t local_rank,
                       const std::vector<std::uint32_t>& cpus, const std::vector<std::string>& gpus);

}  // namespace kiln::job
