#include "job/run_end.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
#include "job/until_note.hpp"
#include "store/results_file.hpp"
#include "store/run_reader.hpp"

#include <nlohmann/json.hpp>

namespace kiln::job {

// results.h5 names the end entry that follows it, so a crash in between makes it anew.
void close_run(store::RunStore& store, const Schema& schema, RunEnd& end) {
  store.write_results(schema, &end.entry);
  end.results_written = true;
  store.end(end.entry);
  nlohmann::json outcome{{"launch_id", end.entry.launch_id},
                         {"outcome", store::outcome_name(end.entry.outcome)},
                         {"exit_code", end.entry.exit_code},
                         {"units", end.units},
                         {"done", end.done},
                         {"failed", end.failed},
                         {"removed", end.removed},
                         {"started", end.started},
                         {"ended", end.entry.ended},
                         {"seconds", end.seconds},
                         {"journal_number", store.last().value()}};
  if (end.cut_off) outcome["cut_off"] = {{"unit", end.cut_off->unit.value()}, {"seconds", end.cut_off->seconds}};
  store.directory().write_replaced("outcome.json", outcome.dump(2) + "\n");
  if (end.in_time) note_stopped_in_time(store.directory());
  store.release();
}

namespace {

// What the next launch finds.
void count_committed(observe::RunSummary& summary) {
  try {
    const store::Totals totals = store::RunReader::open(summary.directory).totals();
    summary.done = totals.done;
    summary.failed = totals.failed;
  } catch (const std::exception& error) {
    log::debug("what is committed cannot be counted: {}", error.what());
  }
}

}  // namespace

observe::RunSummary summary_of(const RunEnd& end, const std::string& directory) {
  observe::RunSummary summary;
  summary.outcome = end.entry.outcome;
  summary.units = end.units;
  summary.done = end.done;
  summary.failed = end.failed;
  summary.seconds = end.seconds;
  summary.directory = directory;
  summary.stages = end.stages;
  summary.in_time = end.in_time;
  summary.storage_failure = end.storage_failure;
  summary.results_file = end.results_written ? directory + "/results.h5" : "";
  return summary;
}

void tell_end(observe::RunSummary summary, std::uint64_t unwritten) {
  if (unwritten != 0) count_committed(summary);
  for (const std::string& line : observe::summary_lines(summary)) log::info("{}", line);
  if (unwritten != 0) log::warning("what came of {} more was not written; they run again", format_count(unwritten));
}

}  // namespace kiln::job
