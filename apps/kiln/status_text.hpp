#pragma once

#include "job/slurm_job.hpp"
#include "observe/status.hpp"
#include "store/entry.hpp"
#include "store/run_reader.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// How a run's status is shown: pure formatting.
namespace kiln::cli {

struct StatusReport {
  std::string directory;                            ///< as the user wrote it
  bool live = false;                                ///< somebody runs it now
  std::string owner;                                ///< "pid 4711 on node7"; "" where unknown
  std::string job_id;                               ///< of Slurm, of the last launch; "" outside of jobs
  std::string until;                                ///< --until's words, where the run has stopped for them
  std::int32_t job_restarts = 0;                    ///< how often Slurm has started that job again
  std::string unwatched;                            ///< a node of it that does not watch its first one, and why; ""
  std::optional<job::SlurmJob> job;                 ///< where squeue knows it
  std::string next_job_id;                          ///< that waits to go on with a live run; "": none
  std::optional<job::SlurmJob> next_job;            ///< of next_job_id
  bool only_job = false;                            ///< a job was submitted, and nothing of the run is there yet
  double now = 0;                                   ///< Unix seconds UTC
  std::optional<observe::StatusSnapshot> snapshot;  ///< of a live run, when it has written one
  observe::UnitTotals totals;                       ///< of the snapshot, or of the journal
  std::uint64_t launches = 0;                       ///< 0: not counted (a live run)
  std::optional<store::EndEntry> last_end;          ///< of the last launch; nothing when it was cut off
  std::vector<std::string> damage;
  bool program = false;                               ///< the run of a program on the library
  std::vector<observe::TaskStageStatus> task_stages;  ///< of a task file, as status.json has them
  std::vector<store::RunReader::StageInfo> stages;    ///< of a program, as its journal has them
};

/// Lines for people, with a hint what to do next.
std::string status_text(const StatusReport& report);

/// Parts of it, each a line with its newline: what goes on; the units; the speed, and when the end may be expected
/// ("" where there is nothing to say); what is committed; the job of Slurm; what to do next (several
/// lines).
std::string head_line(const StatusReport& report);
std::string units_line(const observe::UnitTotals& totals);
std::string rate_line(const observe::StatusSnapshot& snapshot, double now);
std::string commit_line(const observe::StatusSnapshot& snapshot, double now);
std::string job_line(const StatusReport& report);
std::string next_steps(const StatusReport& report);

/// "12.3 s"; "?" for what is no time.
std::string time_span(double seconds);
/// Share of the time from the start on that so many ranks together have worked: "50 %", "-" where unknown.
std::string busy_share(const observe::StatusSnapshot& snapshot, double busy_seconds, std::uint64_t ranks);

/// One JSON object and a newline.
std::string status_json(const StatusReport& report);

}  // namespace kiln::cli
