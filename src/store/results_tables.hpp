#pragma once

#include "store/column_set.hpp"
#include "store/journal_view.hpp"
#include "store/row_stream.hpp"
#include "store/table_writer.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::store {

/// The tables of a run of commands' results.h5 that hold the units' rows: a group for each first part of the schema's
/// names. Where there is a group "units" it has one row a unit, with id, stage and line, and all other groups go row by
/// row with it; else each group has a column "unit".
class ResultsTables {
 public:
  /// Borrows schema and view for its life. `stage_lines`: as units::stage_lines.
  ResultsTables(const h5::Handle& file, const Schema& schema, std::uint64_t rows, const JournalView& view,
                std::vector<std::int64_t> stage_lines);

  void put(const RowWindow& window);
  /// Throws kiln::Error (internal) unless `rows` rows were put.
  void finish();

 private:
  void put_keys(const RowWindow& window);
  void put_statuses(std::size_t column, const RowWindow& window);
  std::int64_t line_of(std::uint64_t unit) const;
  std::int32_t stage_on(std::int64_t line) const;
  void add_key(const h5::Handle& file, const std::string& path, ColumnType type, std::string_view description);

  const Schema& schema_;
  const JournalView& view_;
  std::vector<std::int64_t> stage_lines_;
  std::uint64_t rows_;
  bool by_unit_ = false;  // the schema has a group "units"
  bool has_lines_ = false;
  std::vector<ColumnWriter> keys_;
  ColumnSet columns_;  // as the schema's
};

/// Rows for dead letters of which no row was kept (their rank died with them): what the dead letter itself knows, and
/// the command as the run directory's copy of the source has it ("" where it was removed, or the copy is lost).
Rows rows_for_dead(const std::vector<UnitId>& units, const JournalView& view, const Schema& schema,
                   const std::filesystem::path& run_directory);

/// Whether the schema has a group "units": one row a unit.
bool has_unit_table(const Schema& schema);

/// /dead_letters and /batches; with a column "stage" where `stages`.
void write_dead_letters(const h5::Handle& file, const std::vector<StageDead>& dead, bool stages);
void write_batches(const h5::Handle& file, std::vector<StageBatch> batches, bool stages);

}  // namespace kiln::store
