#include "base/log.hpp"
#include "base/quantity.hpp"
#include "job/clock.hpp"
#include "job/command_facts.hpp"
#include "job/program_running.hpp"
#include "observe/summary.hpp"
#include "store/run_reader.hpp"

#include <fmt/core.h>

#include <kiln/error.hpp>
#include <nlohmann/json.hpp>

/// ProgramRun: what is written and said when it is over.
namespace kiln::job {

store::EndEntry ProgramRun::end_entry(const Running& running) const {
  using protocol::Outcome;
  store::EndEntry end{launch_id_, Outcome::complete, to_int(ExitCode::ok), wall_seconds()};
  if (stopped_as_) {
    end.outcome = *stopped_as_;
    end.exit_code =
        to_int(end.outcome == Outcome::too_many_failures ? ExitCode::units_failed : ExitCode::stopped_early);
    if (end.outcome == Outcome::fault) end.exit_code = running.loop.rank_fault()->fault.exit_code;
  } else if (total_.failed != 0) {
    end.outcome = Outcome::units_failed;
    end.exit_code = *program_code_ == 0 ? to_int(ExitCode::units_failed) : *program_code_;
  } else {
    end.exit_code = *program_code_;
  }
  // --verify: the results are kept, but they are not to be trusted.
  if (end.exit_code == 0 && running.observer.remarks() != 0) end.exit_code = to_int(ExitCode::units_failed);
  return end;
}

// On the writer thread: results.h5 names the end entry that follows it, so a crash in between makes it anew.
void ProgramRun::close(const store::EndEntry& end) {
  store_->write_results({}, &end);
  results_written_ = true;
  store_->end(end);
  const nlohmann::json outcome{{"launch_id", launch_id_},
                               {"outcome", to_text(end.outcome)},
                               {"exit_code", end.exit_code},
                               {"units", total_.units},
                               {"done", total_.done},
                               {"failed", total_.failed},
                               {"removed", 0},
                               {"started", started_},
                               {"ended", end.ended},
                               {"seconds", seconds_},
                               {"journal_number", store_->last().value()}};
  store_->directory().write_replaced("outcome.json", outcome.dump(2) + "\n");
  store_->release();
}

void ProgramRun::summarise(const store::EndEntry& end) const {
  observe::RunSummary summary;
  summary.outcome = end.outcome;
  summary.units = total_.units;
  summary.done = total_.done;
  summary.failed = total_.failed;
  summary.done_before = done_before_;
  summary.seconds = seconds_;
  summary.first_failures = first_failures_;
  // Those of this launch, as they may be why it stopped; then what stands there already.
  summary.first_failures.insert(summary.first_failures.end(), earlier_failures_.begin(), earlier_failures_.end());
  summary.directory = options_.directory;
  summary.results_file = results_written_ ? options_.directory + "/results.h5" : "";
  for (const std::string& line : observe::summary_lines(summary)) log::info("{}", line);
  if (unwritten_ != 0) {
    log::warning("what came of {} of these was not written; they run again", format_count(unwritten_));
  }
}

}  // namespace kiln::job
