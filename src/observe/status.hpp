#pragma once

#include "schedule/gates.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What status.json says: a run as it is now, replaced about once a second.
namespace kiln::observe {

enum class RunState : std::uint8_t { starting, running, draining, assembling, ended };
std::string_view to_text(RunState state);

/// Counts of units.
struct UnitTotals {
  std::uint64_t units = 0;      ///< all that have an id, `removed` ones left out
  std::uint64_t done = 0;       ///< succeeded, committed or not, in this launch or before
  std::uint64_t committed = 0;  ///< done or failed, and in the journal
  std::uint64_t failed = 0;     ///< dead letters
  std::uint64_t running = 0;    ///< handed to workers
  std::uint64_t waiting = 0;    ///< failed, and waiting for their next attempt
  std::uint64_t removed = 0;    ///< no longer in the source
  friend bool operator==(const UnitTotals&, const UnitTotals&) = default;
};

struct RankStatus {
  std::int32_t rank = 0;
  std::string host;
  std::int32_t pid = 0;
  std::string state;  ///< one word for people: "working", "idle", "coordinator"
  std::uint64_t units_done = 0;
  double busy_seconds = 0;
  std::uint64_t running = 0;  ///< units in hand
  friend bool operator==(const RankStatus&, const RankStatus&) = default;
};

/// Ranks that are not listed one by one.
struct RankGroup {
  std::int32_t first = 0, last = 0;  ///< ranks, both included
  std::uint64_t ranks = 0;
  std::uint64_t units_done = 0;
  double busy_seconds = 0;
  std::uint64_t running = 0;
  friend bool operator==(const RankGroup&, const RankGroup&) = default;
};

struct SlowUnit {
  std::uint64_t unit = 0;
  std::int32_t rank = 0;
  std::string host;
  double seconds = 0;  ///< since it was handed out, or since what was before it on its worker was reported
  std::string command;
  friend bool operator==(const SlowUnit&, const SlowUnit&) = default;
};

/// A stage of a task file.
struct TaskStageStatus {
  std::string name;  ///< "": the commands before the first one
  std::uint64_t units = 0, done = 0, failed = 0;
  schedule::Gates::State state = schedule::Gates::State::open;
  friend bool operator==(const TaskStageStatus&, const TaskStageStatus&) = default;
};
/// "waiting", "running", "done", "failed", "not started".
std::string_view to_text(const TaskStageStatus& stage);

/// Of a program: the stage that runs, or ran last.
struct StageStatus {
  std::uint32_t ordinal = 0;  ///< 0 for the first
  std::string name;
  friend bool operator==(const StageStatus&, const StageStatus&) = default;
};

/// Times are Unix seconds UTC.
struct StatusSnapshot {
  RunState state = RunState::starting;
  std::string launch_id;
  std::uint32_t epoch = 0;
  std::string host;  ///< of the coordinator
  std::int32_t pid = 0;
  std::string job_id;  ///< of the batch system; "" outside one
  double started = 0;  ///< this launch
  double updated = 0;
  std::optional<StageStatus> stage;          ///< of programs; the totals are then of this stage
  std::vector<TaskStageStatus> task_stages;  ///< written up to kListedStages: of more, those that are not over
  UnitTotals totals;
  std::uint64_t done_before = 0;       ///< of totals.done: by earlier launches
  double rate = 0;                     ///< units a second, smoothed; 0 while unknown
  std::optional<double> expected_end;  ///< nothing while unknown
  std::uint64_t result_bytes = 0;      ///< committed by this launch
  std::optional<double> last_commit;   ///< when the last commit ended
  double last_commit_seconds = 0;      ///< what it cost
  std::uint64_t workers = 0;
  std::uint64_t lost_ranks = 0;   ///< declared dead, and not back
  std::uint64_t copies = 0;       ///< of units that took long, given to a second worker as well
  std::uint64_t copies_won = 0;   ///< of these, that ended first
  std::vector<RankStatus> ranks;  ///< written one by one up to kListedRanks, the others as groups
  std::vector<RankGroup> groups;  ///< as read; written from `ranks` where there are too many of them
  std::vector<SlowUnit> slowest;  ///< units that have been running longest, up to kSlowUnits
  friend bool operator==(const StatusSnapshot&, const StatusSnapshot&) = default;
};

inline constexpr std::size_t kStatusBytes = 64 * 1024;  ///< status.json is never larger
inline constexpr std::size_t kListedRanks = 256;
inline constexpr std::size_t kListedStages = 64;
inline constexpr std::size_t kRankGroups = 64;
inline constexpr std::size_t kSlowUnits = 10;
inline constexpr int kStatusVersion = 1;

/// JSON text, UTF-8, ends with a newline, at most kStatusBytes for any snapshot: texts are cut, ranks are grouped.
/// Nothing that is not finite is written as a number.
std::string to_json(const StatusSnapshot& snapshot);

/// Its "task_stages" alone: a list.
std::string to_json(const std::vector<TaskStageStatus>& stages);

/// Reads what to_json wrote; unknown members are ignored. Throws kiln::Error (run_directory) that says why where the
/// text is not a status of a version known here.
StatusSnapshot status_from_json(std::string_view text);

}  // namespace kiln::observe
