#include "job/recovery_note.hpp"

#include "job/mpirun_words.hpp"

namespace kiln::job {

std::string recovery_note(const RunOptions& options, const Environment& environment, const std::string& library) {
  if (environment.mpi_size < 2) return "";
  if (options.heartbeat == Duration::zero()) return "no rank may die: --heartbeat 0 declares nobody dead";
  if (environment.survives_deaths == false) {
    std::string words;
    for (const std::string& word : recovery_words(library)) words += " " + word;
    return "this mpirun ends with the first rank that dies" +
           (words.empty() ? "" : "; start it as mpirun" + words + " …, or let kiln start it, and any rank may die");
  }
  if (options.fast_network) return "with --fast-network a rank's death may end the others";
  return "";
}

Duration heartbeat_of(const RunOptions& options, const Environment& environment) {
  return environment.survives_deaths == false ? Duration::zero() : options.heartbeat;
}

}  // namespace kiln::job
