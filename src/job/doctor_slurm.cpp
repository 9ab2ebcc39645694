#include "job/doctor_slurm.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"

#include <fmt/core.h>

#include <optional>

namespace kiln::job {
namespace {

std::string value(const Variables& variables, const char* name) {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

std::string first_line(const std::string& text) { return for_message(text.substr(0, text.find('\n')), 60); }

Finding judge_job(const Variables& variables, const std::string& job) {
  const std::string cpus = value(variables, "SLURM_JOB_CPUS_PER_NODE");
  const std::string nodes = value(variables, "SLURM_JOB_NUM_NODES");
  const auto count = parse_slurm_cpus(cpus);
  const std::string where =
      fmt::format("inside Slurm job {}: {} node(s)", for_message(job, 20), nodes.empty() ? "?" : nodes);
  if (!count) {
    return note(
        "slurm.job",
        fmt::format("{}, but SLURM_JOB_CPUS_PER_NODE ('{}') does not say how many CPUs", where, for_message(cpus, 60)),
        "name the number of workers: kiln run -n N");
  }
  if (*count == 1) {
    return note("slurm.job", where + ", 1 CPU: one command at a time",
                "ask for more: sbatch --ntasks=N or --exclusive");
  }
  return good("slurm.job", fmt::format("{}, {} CPUs, so {} workers", where, *count, *count));
}

Finding judge_time(const std::string& squeue, const std::string& job, const Ask& ask) {
  const char* check = "slurm.time";
  if (squeue.empty())
    return note(check, "no squeue on the PATH: the time left is not known", "add Slurm's programs to the PATH");
  const Answer left = ask({squeue, "-h", "-j", job, "-o", "%L"});
  if (!left.well || left.text.empty()) {
    return note(check, fmt::format("Slurm does not say how much time is left: {}", first_line(left.text)),
                "is its controller up? sinfo");
  }
  return good(check, fmt::format("time left: {}; slurm/kiln-run.sbatch goes on in a next job", first_line(left.text)));
}

}  // namespace

Findings examine_slurm(const SlurmPrograms& programs, const Variables& variables, const Ask& ask) {
  const std::string job = value(variables, "SLURM_JOB_ID");
  if (job.empty()) {
    if (programs.sbatch.empty()) return {good("slurm", "no Slurm here: kiln runs on this machine")};
    const Answer version = ask({programs.sbatch, "--version"});
    if (version.well) {
      return {good("slurm", fmt::format("{}, not inside a job: sbatch slurm/kiln-run.sbatch tasks.txt",
                                        first_line(version.text)))};
    }
    return {
        note("slurm", fmt::format("{} does not answer: {}", programs.sbatch, first_line(version.text)), "try: sinfo")};
  }
  Findings found{judge_job(variables, job), judge_time(programs.squeue, job, ask)};
  const auto nodes = parse_count(value(variables, "SLURM_JOB_NUM_NODES"));
  if (nodes && *nodes > 1 && programs.srun.empty()) {
    found.push_back(bad("slurm.srun", "no srun on the PATH: mpirun cannot start ranks on the other nodes",
                        "add Slurm's programs to the PATH"));
  }
  return found;
}

}  // namespace kiln::job
