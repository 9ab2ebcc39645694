#pragma once

#include "store/journal_scan.hpp"
#include "store/ledger_state.hpp"
#include "store/source_registry.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kiln::store {

/// A commit (or a merged file's part, or a segment) whose results lie in a file.
struct RowsPart {
  std::filesystem::path file;
  std::size_t part = 0;
  StageId stage;
  EntryNumber number;
  schedule::IntervalSet take;            ///< of these units the rows here count, and those of no other part
  bool partials = false;                 ///< its partial results count
  std::size_t table = 0;                 ///< which of the stage's tables is meant
  std::vector<std::uint64_t> skip = {};  ///< partial results of the part that do not count, ascending

  RowsPlace place() const { return {part, table}; }
};

/// Counts of units; units that are not in the source any more are `removed` and in no other count.
struct Totals {
  std::uint64_t units = 0;  ///< in the present source
  std::uint64_t done = 0, failed = 0, pending = 0;
  std::uint64_t removed = 0;
};

/// A line of the timeline.
struct StageBatch {
  StageId stage;
  protocol::BatchRecord record;
  std::uint32_t round = 0;
};
/// A dead letter of any stage.
struct StageDead {
  StageId stage;
  CommitEntry::Dead dead;
};

/// What the journal says, resolved, without the rows.
struct JournalView {
  ScanResult scan;
  LedgerState ledger;                    ///< of stage 0, and of the whole run
  std::map<StageId, LedgerState> later;  ///< of programs: the other stages, those that do not count any more included
  /// Stages 0 to standing - 1 count. One behind does not where the stages before it have changed or are not over.
  std::uint32_t standing = 1;
  SourceRegistry registry;         ///< empty unless ViewOptions::commands
  std::uint64_t units = 0;         ///< ids taken
  std::vector<std::string> notes;  ///< for people: what was rebuilt or is unknown
  std::vector<RowsPart> parts;     ///< of the stages that count, in order of number; only with ViewOptions::parts
  std::vector<StageBatch> batches;

  /// Where the rows of one table of a stage lie.
  std::vector<RowsPart> parts_of(StageId stage, std::size_t table) const;
  /// What is known of a stage that counts; nullptr where it does not, or not any more.
  const LedgerState* stage(StageId stage) const;

  /// The units of the present source.
  schedule::IntervalSet active() const;
  /// Dead letters of units that are in the present source.
  std::vector<CommitEntry::Dead> active_dead() const;
  /// The same of all stages that count, ascending by stage and unit.
  std::vector<StageDead> all_dead() const;
  Totals totals() const;
  /// The newest end, where no launch began after it.
  std::optional<EndEntry> standing_end() const;
};

struct ViewOptions {
  bool parts = false;    ///< collect where the rows are
  bool batches = false;  ///< collect the timeline
  bool commands = true;  ///< the units are commands, known by their hashes; else all units are in the source, and the
                         ///< registry, which takes 32 bytes a unit, is not filled
  std::uint64_t numbers_per_folder = 1000;
  bool whole_segments = false;  ///< as ScanOptions
};

/// Reads the journal of a run directory; changes nothing and may run beside a writer. A source entry that is damaged or
/// missing is taken from its copy below source/ where there is one. Throws as scan_journal.
JournalView read_journal(const std::filesystem::path& run_directory, const ViewOptions& options = {});

}  // namespace kiln::store
