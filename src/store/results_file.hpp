#pragma once

#include "store/journal_view.hpp"
#include "store/run_facts.hpp"

#include <filesystem>
#include <functional>

namespace kiln::store {

struct ResultsRequest {
  std::filesystem::path file;                    ///< replaced when the new one is complete
  std::filesystem::path run_directory;           ///< of the view
  const RunFacts& facts;                         ///< borrowed for the call
  const JournalView& view;                       ///< borrowed; read with parts and batches
  Schema schema;                                 ///< the columns where no unit has a row yet
  std::optional<EndEntry> end;                   ///< tells the outcome; nothing: the run has not ended
  EntryNumber made_from;                         ///< the journal's number this is made from
  const schedule::IntervalSet* units = nullptr;  ///< borrowed: these units only; nullptr: all. Of commands
  std::uint64_t memory = 0;                      ///< for rows on their way, about, in bytes; 0: as usual
};

/// Makes results.h5 (docs/file-format.md). Memory stays bounded. Throws StorageError where there is no room for it or
/// the disk refuses; `file` is then as it was. Throws Damage or StorageError (ENOENT) where the journal has moved on
/// since the view was read: read it again and repeat. `last_check` is called when the new one is complete, right before
/// it replaces the old one; what it throws leaves that as it was.
void write_results_file(const ResultsRequest& request, const std::function<void()>& last_check = {});

/// "complete", "units_failed", "too_many_failures", "interrupted", "storage", "fault": as outcome.json says it too.
const char* outcome_name(protocol::Outcome outcome);

}  // namespace kiln::store
