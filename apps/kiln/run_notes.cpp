#include "run_notes.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "observe/summary.hpp"

namespace kiln::cli {

void note_state(const store::RunReader& run, const std::string& directory) {
  for (const std::string& line : run.damage()) log::warning("{}", line);
  const store::Totals totals = run.totals();
  if (!run.last_end()) {
    log::info("{} has not ended: what is committed so far, {} of {} units; kiln status {} shows how it stands",
              for_message(directory), format_count(totals.done + totals.failed), format_count(totals.units),
              observe::shell_word(directory));
    return;
  }
  if (!run.results_outdated()) return;
  log::warning(
      "{0}/results.h5 is missing, cut, changed or old; this comes from the journal. Make the file anew: "
      "kiln export {1} --force --hdf5 {1}/results.h5",
      for_message(directory), observe::shell_word(directory));
}

void note_so_far(const ProgramRows& rows, const std::string& name) {
  const std::string state = rows.so_far();
  if (!state.empty()) log::info("'{}' {}; its stage is not over", for_message(name), state);
}

void note_cut_outputs(std::uint64_t units) {
  if (units == 0) return;
  log::warning("of {} units more was written than kept (--output-limit): --columns looked at what was kept",
               format_count(units));
}

}  // namespace kiln::cli
