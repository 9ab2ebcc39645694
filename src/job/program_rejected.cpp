#include "base/log.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "job/program_running.hpp"
#include "job/rejected_limit.hpp"
#include "observe/summary.hpp"
#include "store/rejected_count.hpp"
#include "store/run_reader.hpp"

#include <fmt/core.h>
#include <kiln/exit_code.hpp>

/// ProgramRun: what --max-rejected asks for.
namespace kiln::job {

// Between commits, and before a stage ends.
bool ProgramRun::rejects_too_many(Running& running, bool all) {
  if (running.loop.rank_fault()) return false;
  RejectedCounts counts = running.archive.rejected();
  counts.all = all;
  if (!too_many_rejected(counts, options_.max_rejected)) return false;
  over_rejected_ = true;
  running.loop.fault_here(
      protocol::Fault{to_int(ExitCode::bad_input), too_many_text(stage_name_, counts, *options_.max_rejected)});
  return true;
}

// When all is written.
void ProgramRun::tell_rejected() const {
  RejectedTally tally;
  store::RunReader run = store::RunReader::open(options_.directory);
  if (!run.choose_table(store::kRejectedTable)) return;
  const store::RejectedCount count(run.schema());
  run.for_each(store::RunReader::Which::all, [&](const store::UnitRecord& record) {
    const Rows& rows = *record.rows;
    if (record.stage.value() != stage_ || rows.columns() < RejectedTally::kColumns) return;
    tally.add({record.unit, std::string(rows.text_at(0, record.row)), rows.at<std::uint64_t>(1, record.row),
               std::string(rows.text_at(3, record.row)), std::string(rows.text_at(4, record.row)),
               rows.at<std::int64_t>(2, record.row), count.of(rows, record.row)});
  });
  for (const std::string& line : tally.lines()) log::error("{}", line);
  log::error("see them: kiln results {} --table rejected; the same command with a larger --max-rejected goes on",
             observe::shell_word(options_.directory));
}

}  // namespace kiln::job
