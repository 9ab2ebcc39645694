#include "base/log.hpp"
#include "job/clock.hpp"
#include "job/export_tables.hpp"
#include "job/program_running.hpp"
#include "job/told_by_mpirun.hpp"

#include <kiln/error.hpp>

/// ProgramRun: how it ended, and what is said of it.
namespace kiln::job {

void ProgramRun::set_end(const Running& running) {
  using protocol::Outcome;
  end_.seconds = wall_seconds() - end_.started;
  end_.units = total_.units;
  end_.done = total_.done;
  end_.failed = total_.failed;
  end_.storage_failure = running.observer.storage_failure();
  store::EndEntry& entry = end_.entry;
  entry = {launch_id_, Outcome::complete, to_int(ExitCode::ok), wall_seconds()};
  if (stopped_as_) {
    entry.outcome = *stopped_as_;
    const bool cut_off = entry.outcome == Outcome::interrupted && told_by_mpirun(environment_, rank0_.waiter);
    if (cut_off) entry.outcome = Outcome::cut_off;
    entry.exit_code =
        to_int(entry.outcome == Outcome::too_many_failures ? ExitCode::units_failed : ExitCode::stopped_early);
    if (entry.outcome == Outcome::fault) entry.exit_code = running.loop.rank_fault()->fault.exit_code;
  } else if (total_.failed != 0) {
    entry.outcome = Outcome::units_failed;
    entry.exit_code = *program_code_ == 0 ? to_int(ExitCode::units_failed) : *program_code_;
  } else {
    entry.exit_code = *program_code_;
  }
  // --verify: the results are kept, but they are not to be trusted.
  if (entry.exit_code == 0 && running.observer.remarks() != 0) entry.exit_code = to_int(ExitCode::units_failed);
}

// Writer thread, before the end is written: who is killed here goes on with it.
void ProgramRun::write_exports() {
  try {
    export_tables(store_->directory().path(), options_.exports);
  } catch (const Error& error) {
    if (error.code() != ExitCode::bad_input) throw;
    log::error("{}; the same command writes the files when it can", error.what());
    if (end_.entry.exit_code == 0) end_.entry.exit_code = to_int(error.code());
  }
}

void ProgramRun::summarise() const {
  observe::RunSummary summary = summary_of(end_, options_.directory);
  summary.done_before = done_before_;
  summary.rejected = over_rejected_ ? 0 : total_.rejected;  // --max-rejected says more of them
  summary.first_failures = first_failures_;
  // Those of this launch, as they may be why it stopped; then what stands there already.
  summary.first_failures.insert(summary.first_failures.end(), earlier_failures_.begin(), earlier_failures_.end());
  tell_end(summary, unwritten_);
}

}  // namespace kiln::job
