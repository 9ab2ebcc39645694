#pragma once

#include "job/cut_off.hpp"
#include "observe/summary.hpp"
#include "store/run_store.hpp"

#include <optional>
#include <string>

namespace kiln::job {

/// How a launch ended, of commands and of programs alike. While the run is closed the writer thread's.
struct RunEnd {
  store::EndEntry entry;
  double started = 0;  ///< Unix seconds UTC
  double seconds = 0;  ///< of this launch
  std::uint64_t units = 0, done = 0, failed = 0, removed = 0;
  std::vector<observe::TaskStageStatus> stages;  ///< of a task file
  bool in_time = false;                          ///< it stopped since its time limit was near
  std::optional<CutOff> cut_off;                 ///< by its time limit
  std::string storage_failure;                   ///< what could not be written, where that ended it
  bool results_written = false;                  ///< results.h5 is that of this end
};

/// Writer thread: results.h5, the end entry, outcome.json; then the run directory is free. `schema`: of rows of
/// commands where there are none yet. Throws StorageError; what is committed stays, and the run can be closed by a
/// later launch.
void close_run(store::RunStore& store, const Schema& schema, RunEnd& end);

/// The part of the last words that does not depend on what the units were. `directory`: as the user wrote it.
observe::RunSummary summary_of(const RunEnd& end, const std::string& directory);

/// The last words. `unwritten`: of its units, how many have settled without being committed; they do not count as done.
void tell_end(observe::RunSummary summary, std::uint64_t unwritten);

}  // namespace kiln::job
