#pragma once

#include "store/guarded_file.hpp"
#include "store/journal_view.hpp"
#include "store/reduced_values.hpp"
#include "store/row_stream.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

/// The tables of a program's results.h5. Of the stages that count; memory stays bounded, but for the values of
/// reductions, of which one is held at a time.
namespace kiln::store {

/// One table of one stage, as the stage's plan has it.
struct StageTable {
  StageId stage;
  std::size_t place = 0;         ///< in the plan
  const Table* table = nullptr;  ///< of the view
};

/// The tables of rows sinks, ascending by stage and place; those of rejected records are not among them.
std::vector<StageTable> tables_of(const JournalView& view);
/// Those of rejected records, one a stage.
std::vector<StageTable> rejected_tables_of(const JournalView& view);

/// A group for each table: `unit` and its columns. Throws as RowStream,
/// and StorageError where the disk refuses.
void write_row_tables(const GuardedFile& file, const JournalView& view, const RowStreamLimits& limits);
/// The columns of the one that has most: stages that an older kiln began may have fewer. `tables` is not empty.
const Schema& widest(const std::vector<StageTable>& tables);
/// /rejected: the same of the rejected records of all stages. Returns how many records each stage has rejected.
std::map<StageId, std::uint64_t> write_rejected(const GuardedFile& file, const JournalView& view,
                                                const RowStreamLimits& limits);

/// /reduced/NAME: the value of each reduction of the stages that are over. Where several stages have one of that name
/// it is the last one's; those before are /reduced_of_stage/STAGE/NAME.
void write_reduced(const GuardedFile& file, const JournalView& view);
/// One of them as the group `path`. Calls `check` between its tables.
void write_reduced_value(const h5::Handle& file, const std::string& path, const ReducedValue& reduced,
                         const std::function<void()>& check);
/// /stages: one row a stage.
void write_stages(const h5::Handle& file, const JournalView& view, const std::map<StageId, std::uint64_t>& rejected);

/// Bytes of the files that hold rows of stages that count.
std::uint64_t bytes_of_rows(const JournalView& view);

}  // namespace kiln::store
