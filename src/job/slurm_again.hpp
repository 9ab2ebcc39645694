#pragma once

#include "job/cut_off.hpp"
#include "job/environment.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Whether a job whose run has ended shall go on in a next one.
namespace kiln::job {

/// What is kept of it in the run directory, from one job to the next.
struct AgainNote {
  std::string chain;          ///< id of the first of the jobs that belong together
  std::uint64_t settled = 0;  ///< results that were durable when it last ended
  std::uint32_t in_vain = 0;  ///< ends in a row without a new one
  std::string next;           ///< id of the job that goes on, or is to begin; "": none is known
  friend bool operator==(const AgainNote&, const AgainNote&) = default;
};

/// A job that has ended, or is about to.
struct EndedJob {
  int code = 0;                      ///< that the run has ended with
  std::string chain;                 ///< as AgainNote
  std::string next;                  ///< the job that would go on: this one again, or the next of a chain
  std::uint32_t restarts = 0;        ///< how often Slurm has started this job again
  bool began = false;                ///< there is a run directory with a run in it
  bool storage = false;              ///< the run ended since its directory could not be written
  std::optional<std::string> until;  ///< --until's words, where the run has stopped for them
  std::uint64_t settled = 0;
  std::uint64_t units = 0;          ///< that are known
  std::optional<AgainNote> before;  ///< as read
  std::optional<CutOff> cut_off;    ///< of its last launch
};

struct AgainAnswer {
  bool again = false;
  std::string reason;  ///< for people, one line
  AgainNote note;      ///< to be kept
};

/// Ends in a row without progress after which it does not go on.
inline constexpr std::uint32_t kMostInVain = 3;

/// Pure.
AgainAnswer shall_go_on(const EndedJob& job);

/// JSON, and back; nothing where that is none.
std::string to_json(const AgainNote& note);
std::optional<AgainNote> parse_again_note(std::string_view text);

/// The first of the jobs that this one belongs to: that of the note where it names this job, or the one after it, as
/// the next, else KILN_CHAIN, else this job. (sbatch --export=NONE hands on no KILN_CHAIN.)
std::string chain_of(const Variables& variables, const std::optional<AgainNote>& note);

/// The job that goes on after this one is kept in the note of this run directory. Makes the directory where there is
/// none. Does nothing where that cannot be written.
void note_next_job(const std::string& directory, const std::string& job);

/// The same for a job that a user has submitted: the first of others.
void note_submitted_job(const std::string& directory, const std::string& job);

/// The note of this run directory; nothing where there is none.
std::optional<AgainNote> read_again_note(const std::string& directory);

/// Reads the run directory and the environment, decides, and keeps the note (slurm.json). `code`: that the run has
/// ended with; nothing: as the run directory has it, else 75.
AgainAnswer ask_whether_again(const std::string& directory, std::optional<int> code);

}  // namespace kiln::job
