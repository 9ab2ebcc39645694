#include "job/launch_outcome.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
#include "store/run_reader.hpp"

#include <fmt/core.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <kiln/error.hpp>

namespace kiln::job {
namespace {

// What a mpirun itself ends with that could not start the ranks; from 128 on it speaks of a signal. That of ranks which
// have left, as rank 0 was gone before it had begun, is handed on by Open MPI 5.
bool failed_by_itself(int status) {
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  return code > 0 && code < 128 && code != to_int(ExitCode::stopped_early);
}

}  // namespace

LaunchOutcome read_outcome(const std::string& directory, const std::string& launch_id) {
  LaunchOutcome outcome;
  try {
    const store::RunReader run = store::RunReader::open(directory);
    const auto& launches = run.launches();
    outcome.began = std::any_of(launches.begin(), launches.end(),
                                [&](const auto& launch) { return launch.body.launch_id == launch_id; });
    const auto end = run.find_end(launch_id);
    outcome.held_up = end && end->outcome == protocol::Outcome::held_up;
    outcome.cut_off = end && end->outcome == protocol::Outcome::cut_off;
    if (end && !outcome.held_up && !outcome.cut_off) outcome.exit_code = end->exit_code;
    outcome.forced_aside = outcome.began && launches.back().body.launch_id != launch_id;
    const store::Totals totals = run.totals();
    outcome.units = totals.units;
    outcome.settled = totals.done + totals.failed;
    if (!run.is_program()) return outcome;
    outcome.units = outcome.settled = 0;
    outcome.stages = run.stages();
    for (std::uint32_t i = 0; i < outcome.stages; ++i) {
      const store::LedgerState& stage = run.stage(StageId(i));
      outcome.units += stage.plan->body.units;
      outcome.settled += stage.done.count() + stage.dead.size();
    }
  } catch (const std::exception& error) {
    log::debug("{}", error.what());
  }
  return outcome;
}

std::optional<int> exit_code_of(int status, std::optional<int> said, const LaunchOutcome& outcome) {
  if (outcome.exit_code) return outcome.exit_code;
  if (outcome.held_up || outcome.cut_off) return std::nullopt;
  if (said) return said;
  if (outcome.forced_aside) return to_int(ExitCode::run_directory);
  if (!WIFEXITED(status)) return std::nullopt;
  const int code = WEXITSTATUS(status);
  for (const ExitCode known : {ExitCode::usage, ExitCode::bad_input, ExitCode::run_directory, ExitCode::internal}) {
    if (code == to_int(known)) return code;
  }
  // mpirun has said why it could not start the ranks: it would say so again.
  if (!outcome.began && failed_by_itself(status)) return to_int(ExitCode::stopped_early);
  return std::nullopt;
}

std::string describe_end(int status, const LaunchOutcome& outcome, std::optional<Duration> overdue,
                         std::optional<Duration> silent) {
  const char* const name = WIFSIGNALED(status) ? ::sigabbrev_np(WTERMSIG(status)) : nullptr;
  std::string what = WIFSIGNALED(status)
                         ? fmt::format("mpirun was ended by SIG{} before the run ended", name == nullptr ? "?" : name)
                         : "the ranks ended before the run did";
  if (outcome.held_up) what = "every rank that lived was in a unit that it was told to leave and could not";
  if (outcome.cut_off) what = "mpirun ended the ranks, and nobody had told kiln to stop";
  if (overdue) {
    what = fmt::format("the ranks had not ended {} after they were told to stop, and were killed",
                       format_duration(*overdue));
  }
  if (silent)
    what = fmt::format("the ranks have given no sign of life for {}, and were killed", format_duration(*silent));
  if (outcome.units == 0) return what + (outcome.began ? "" : ", and before it began");
  const std::string where = outcome.stages < 2 ? "" : fmt::format(" of {} stages", outcome.stages);
  return fmt::format("{}; {} of {} units{} are committed", what, format_count(outcome.settled),
                     format_count(outcome.units), where);
}

}  // namespace kiln::job
