#include "slurm/slurm_again.hpp"

#include "job/slurm_again.hpp"
#include "job/slurm_job_options.hpp"
#include "job/slurm_programs.hpp"
#include "output.hpp"

#include <fmt/core.h>

namespace kiln::cli {

namespace {

int say_options() {
  const job::Variables variables = job::read_variables();
  const auto id = variables.find("SLURM_JOB_ID");
  const job::SlurmTools slurm;
  const std::string scontrol = slurm.find("scontrol");
  job::Answer answer;
  if (id != variables.end() && !scontrol.empty()) answer = slurm.ask()({scontrol, "show", "job", id->second});
  for (const std::string& option : job::options_of_job(answer.well ? answer.text : "", variables)) print(option + "\n");
  return 0;
}

}  // namespace

int say_whether_again(const SlurmAgainCommand& command) {
  if (command.options) return say_options();
  if (!command.next.empty()) {
    job::note_next_job(command.directory, command.next);
    return 0;
  }
  const job::AgainAnswer answer = job::ask_whether_again(command.directory, command.code);
  print(fmt::format("kiln: the job {}: {}\n", answer.again ? "goes on" : "does not go on", answer.reason));
  return answer.again ? 0 : 1;
}

}  // namespace kiln::cli
