#include "job/doctor.hpp"

#include "exec/command_setup.hpp"
#include "exec/program_output.hpp"
#include "exec/program_path.hpp"
#include "job/doctor_disk.hpp"
#include "job/doctor_machine.hpp"
#include "job/doctor_mpi.hpp"
#include "job/doctor_slurm.hpp"
#include "job/doctor_trial.hpp"
#include "job/environment.hpp"
#include "job/launcher.hpp"
#include "job/waiter.hpp"
#include "net/versions.hpp"
#include "store/file_ops.hpp"
#include "store/hdf5_version.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

namespace kiln::job {
namespace {

constexpr std::uint32_t kTrialWorkers = 8;                // outside of jobs: others work on that machine too
constexpr Duration kPatience = std::chrono::seconds(10);  // with a program that is asked for its version

void add(Findings& all, Findings more) { std::move(more.begin(), more.end(), std::back_inserter(all)); }

}  // namespace

Findings examine(const DoctorOptions& options) {
  const Environment environment = read_environment();
  const Variables variables = read_variables();
  // The test run is what the user would start here: only what an mpirun around us has set must not reach its own.
  const std::vector<std::string> clean = exec::clean_environment(environ);
  std::vector<std::string> own;
  for (const auto& [name, value] : variables) own.push_back(fmt::format("{}={}", name, value));
  Waiter waiter({SIGINT, SIGTERM, SIGHUP});
  bool stopped = false;
  const auto cancelled = [&] { return stopped = stopped || !waiter.take_signals().empty(); };
  const bool root = geteuid() == 0;
  const Ask ask = [&](const std::vector<std::string>& words) {
    const exec::ProgramEnd end = exec::run_program(words, clean, kPatience, cancelled);
    return Answer{end.well(), end.late ? "no answer within 10 s" : end.output};
  };
  const auto path = variables.find("PATH");
  exec::ProgramPath folders(path == variables.end() ? "" : path->second);
  const auto program = [&](const std::string& name) {
    const char* const found = folders.find(name);
    return std::string(found == nullptr ? "" : found);
  };

  const MachineFacts machine = read_machine("/");
  const std::uint32_t workers = worker_count({}, environment);
  Findings all = examine_mpi(net::mpi_library_version(), program("mpirun"), program("ompi_info"), variables, root, ask);
  const bool can_start =
      std::none_of(all.begin(), all.end(), [](const auto& one) { return one.verdict == Verdict::bad; });
  all.push_back(good("hdf5", fmt::format("HDF5 library: {}", store::hdf5_version())));
  Findings disk = examine_disk(options.directory, store::system_file_ops());
  const bool can_write =
      std::none_of(disk.begin(), disk.end(), [](const auto& one) { return one.verdict == Verdict::bad; });
  add(all, std::move(disk));
  all.push_back(examine_temporary(environment.temporary_directory));
  add(all, {judge_cores(machine), judge_memory(machine), judge_shared_memory(machine), judge_process_table(machine)});
  add(all, judge_limits(read_limits(), machine, std::min(workers, machine.online)));
  add(all, examine_slurm({program("sbatch"), program("srun"), program("squeue")}, variables, ask));
  if (!options.trial || !can_start || !can_write) return all;
  const bool ours = !environment.slurm_job_id.empty();
  all.push_back(examine_trial({own_program(), options.directory, ours ? workers : std::min(workers, kTrialWorkers),
                               environment.inside_mpi() ? clean : own, std::chrono::seconds(60), cancelled}));
  return all;
}

}  // namespace kiln::job
