#include "slurm/slurm_again.hpp"

#include "job/slurm_again.hpp"
#include "output.hpp"

#include <fmt/core.h>

namespace kiln::cli {

int say_whether_again(const SlurmAgainCommand& command) {
  if (!command.next.empty()) {
    job::note_next_job(command.directory, command.next);
    return 0;
  }
  const job::AgainAnswer answer = job::ask_whether_again(command.directory, command.code);
  print(fmt::format("kiln: the job {}: {}\n", answer.again ? "goes on" : "does not go on", answer.reason));
  return answer.again ? 0 : 1;
}

}  // namespace kiln::cli
