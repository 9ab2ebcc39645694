#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// The text of a batch script that runs kiln: the one place of it, for `kiln slurm run` and for the files in slurm/.
namespace kiln::cli {

struct SbatchScript {
  /// How the work goes on after the end of a job.
  enum class GoesOn { requeue, next_job };

  std::string intro;  ///< lines without their "# "
  /// What stands behind #SBATCH, each with the comment above it, or "".
  std::vector<std::pair<std::string, std::string>> header;
  std::string prelude;  ///< lines as they are; "": a hint
  std::string kiln = "kiln";
  std::string run;    ///< words of the shell that start the work
  std::string again;  ///< words behind `kiln slurm again --code N`
  /// What stood behind sbatch is asked for again where another job goes on in the place of this one; else the header
  /// has all.
  bool as_this_job = true;
  GoesOn goes_on = GoesOn::requeue;
};

/// The whole script.
std::string script_text(const SbatchScript& script);

/// The lines that every such script needs, with the time in seconds before the limit at which it is warned.
std::vector<std::pair<std::string, std::string>> common_header(SbatchScript::GoesOn goes_on, std::uint64_t lead);

/// The scripts of slurm/: "run", "array", "program", "chain".
std::vector<std::string> ready_scripts();
/// One of them. Throws kiln::Error (usage) for another name.
std::string ready_script(const std::string& name);

}  // namespace kiln::cli
