#pragma once

#include "job/environment.hpp"
#include "job/run_options.hpp"
#include "job/slurm_again.hpp"
#include "store/run_directory.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

/// What --until asked of a run, kept in its directory (until.json): a job that Slurm starts again keeps to the time
/// that its first start had, and one that has stopped for it does not go on by itself.
namespace kiln::job {

struct UntilNote {
  std::string asked;           ///< as typed
  std::string chain;           ///< as AgainNote; "" outside Slurm
  std::string job;             ///< of Slurm; ""
  std::uint32_t restarts = 0;  ///< of that job
  double time = 0;             ///< by which all is to have ended, Unix seconds
  bool first = true;           ///< it comes before the end of the job
  bool reached = false;        ///< the run has stopped for it
  friend bool operator==(const UntilNote&, const UntilNote&) = default;
};

/// JSON, and back; nothing where that is none.
std::string to_json(const UntilNote& note);
std::optional<UntilNote> parse_until_note(std::string_view text);

/// Nothing where there is none, or it cannot be read.
std::optional<UntilNote> read_until_note(const std::filesystem::path& run_directory);

/// This start, as its variables and the note about its chain have it: job, chain and restarts of Slurm.
UntilNote this_start(const Variables& variables, const std::optional<AgainNote>& chain);

/// The time that an earlier start of the same job, or chain of jobs, was given by the same words; nothing where this is
/// the first, or a new command in the same job.
std::optional<double> time_of_first_start(const UntilNote& before, const std::string& asked, const UntilNote& now);

/// Coordinator, when it begins: keeps what this launch was asked for, or takes away what an earlier one was.
void keep_until(const store::RunDirectory& directory, const RunOptions& options, const Environment& environment);

/// When the run has stopped by itself in time.
void note_stopped_in_time(const store::RunDirectory& directory);

}  // namespace kiln::job
