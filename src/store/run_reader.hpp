#pragma once

#include <kiln/detail/rows.hpp>
#include "store/journal_view.hpp"
#include "store/owner.hpp"
#include "store/reduced_values.hpp"
#include "store/run_directory.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kiln::store {

/// A table of a stage's plan.
struct StagePlace {
  StageId stage;
  std::size_t table = 0;
};

/// One unit's record. Text columns hold the raw bytes.
struct UnitRecord {
  UnitId unit;
  StageId stage;
  std::int64_t line = -1;             ///< in the present source; -1 where it was removed or has no lines
  bool done = false;                  ///< else a dead letter
  bool removed = false;               ///< not in the present source
  std::optional<std::string> reason;  ///< of a dead letter
  std::uint32_t attempts = 1;
  const Rows* rows = nullptr;  ///< columns as RunReader::schema(); nullptr: no row was kept. Valid during the visit
  std::size_t row = 0;
};

/// A run as somebody sees it who only reads: works without MPI, while the run lives, and changes nothing but
/// results.h5. A snapshot of the moment of open(); read again by another open(). Throws kiln::Error (run_directory) as
/// RunDirectory::open, and StorageError.
class RunReader {
 public:
  static RunReader open(const std::filesystem::path& path);

  const RunDirectory& directory() const { return directory_; }
  Totals totals() const { return view_.totals(); }
  /// What is damaged or was rebuilt, one line each, for people.
  std::vector<std::string> damage() const;
  /// The run is of a program on the library.
  bool is_program() const { return directory_.facts().kind != RunFacts().kind; }
  /// Their epochs: of each launch one, and one for each rank that took over in it.
  const std::vector<LedgerState::Numbered<EpochEntry>>& launches() const { return view_.ledger.epochs; }
  std::uint64_t count_launches() const { return view_.ledger.launches(); }
  /// How the last launch ended; nothing where it still runs or was ended by force.
  std::optional<EndEntry> last_end() const { return view_.standing_end(); }
  /// How a launch ended; nothing where it has not, or was ended by force.
  std::optional<EndEntry> find_end(std::string_view launch_id) const;
  /// Dead letters of units of the present source, ascending.
  std::vector<CommitEntry::Dead> dead_letters() const { return view_.active_dead(); }
  /// The timeline, as it stands in the journal.
  const std::vector<StageBatch>& batches() const { return view_.batches; }
  /// Who writes the run now, as far as a file tells: see check_owner.
  std::optional<Owner> owner() const;

  /// Columns of the rows. Where no unit has one: those that commands will have, else none.
  const Schema& schema() const { return schema_; }
  /// Index of a column ("units/exit_code") in schema(); nothing where there is none.
  std::optional<std::size_t> column(std::string_view name) const;

  /// One table of a program's rows.
  struct TableInfo {
    std::string name;
    Schema schema;
    std::uint64_t rows = 0;
    StageId stage;  ///< the first one that has it; only rejected records have several
  };
  /// Those of its rows sinks in the order of its stages, then `rejected` where there are such records. Looks into every
  /// file that holds rows. Empty for commands.
  std::vector<TableInfo> tables() const;
  /// From here on schema(), for_each and find_unit are about this table of a program; at first it is the first one.
  /// False where there is no such table: nothing has changed.
  bool choose_table(std::string_view name);
  /// The name of that table; "" where there is none, and of commands.
  const std::string& table() const { return table_; }
  /// Dead letters of all stages that count, ascending by stage and unit.
  std::vector<StageDead> all_dead() const { return view_.all_dead(); }
  /// What a program's stages have come to: stages 0 to stages() - 1 count. 0 for commands.
  std::uint32_t stages() const { return view_.ledger.plan ? view_.standing : 0; }
  const LedgerState& stage(StageId stage) const { return *view_.stage(stage); }
  /// One of them in numbers.
  struct StageInfo {
    StageId stage;
    std::string name, description;  ///< of its flow; of its plan
    detail::StageCounts counts;     ///< units are all that it has
    bool over = false;              ///< every unit is done or a dead letter
    double seconds = 0;             ///< of the launch that ended it; 0 before
  };
  /// All of them. Looks into every file that holds rejected records.
  std::vector<StageInfo> stage_infos() const;
  /// The values of reductions, of stages that are over. Borrowed from this.
  std::vector<ReducedValue> reduced() const { return reduced_values(view_); }
  /// What those of the stage that goes on have come to, as far as the run has written it down. Borrowed from this.
  std::vector<ReducedValue> reduced_so_far() const {
    return so_far_ ? values_so_far(view_, *so_far_) : std::vector<ReducedValue>();
  }

  enum class Which { all, failed };
  /// Calls back for each unit that has a result or is a dead letter, ascending by id. Memory stays bounded. Of a
  /// program, for each row of the table (ascending by stage and unit; units without rows do not come), or for each dead
  /// letter of any stage.
  void for_each(Which which, const std::function<void(const UnitRecord&)>& visit) const;
  /// The same until it returns false.
  void for_each_while(Which which, const std::function<bool(const UnitRecord&)>& visit) const;
  /// The record of one unit; false where it has none. Of a program, one for each of its rows in the table, or one
  /// without a row.
  bool find_unit(UnitId unit, const std::function<void(const UnitRecord&)>& visit) const;
  /// The raw bytes of a text column ("output/stdout") of a unit; nothing where there is no such row or column.
  std::optional<std::string> raw_text(UnitId unit, std::string_view column) const;

  /// The unit on this line of the present source (the first one is 1).
  std::optional<UnitId> unit_on_line(std::int64_t line) const;

  /// Whether results.h5 is missing, or older than the journal's newest end.
  bool results_outdated() const;
  /// Makes an HDF5 file of what is committed. An existing file is replaced when the new one is complete.
  /// With `units`, of these units only: throws kiln::Error (usage) for a program, whose tables are of several stages.
  void export_hdf5(const std::filesystem::path& file, const schedule::IntervalSet* units = nullptr) const;

 private:
  RunReader(RunDirectory directory, JournalView view);
  void for_each_command(Which which, const std::function<bool(const UnitRecord&)>& visit) const;
  bool for_each_row(StagePlace place, const std::function<bool(const UnitRecord&)>& visit) const;
  bool find_rows(UnitId unit, const std::function<void(const UnitRecord&)>& visit) const;

  RunDirectory directory_;
  JournalView view_;
  std::optional<SoFar> so_far_;
  Schema schema_;
  std::string table_;               // of a program
  std::vector<StagePlace> places_;  // where its rows are
};

}  // namespace kiln::store
