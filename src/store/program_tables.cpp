#include "store/program_tables.hpp"

#include "base/start_directory.hpp"
#include "store/column_set.hpp"
#include "store/rejected_count.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <system_error>
#include <utility>

namespace kiln::store {
namespace {

template <class Wanted>
std::vector<StageTable> find_tables(const JournalView& view, Wanted wanted) {
  std::vector<StageTable> found;
  for (std::uint32_t i = 0; i < view.standing; ++i) {
    const LedgerState* const ledger = view.stage(StageId(i));
    if (ledger == nullptr || !ledger->plan) continue;
    const Tables& tables = ledger->plan->body.tables;
    for (std::size_t place = 0; place < tables.size(); ++place) {
      if (wanted(tables[place].name)) found.push_back({StageId(i), place, &tables[place]});
    }
  }
  return found;
}

RowStream rows_of(const JournalView& view, const StageTable& table, const RowStreamLimits& limits) {
  RowStream stream(view.parts_of(table.stage, table.place), {}, limits);
  stream.use_schema(table.table->schema);
  return stream;
}

ColumnWriter unit_column(const h5::Handle& file, const std::string& group, std::uint64_t rows) {
  ColumnWriter unit(file, group + "/unit", ColumnType::u64, rows);
  unit.describe("", "number of the unit that gave the row");
  return unit;
}

void put_units(const RowWindow& window, ColumnWriter& out) {
  for (const auto& [slot, row, count] : window.runs) {
    out.append(std::as_bytes(std::span(window.rows[slot].units()).subspan(row, count)));
  }
}

void write_row_table(const GuardedFile& file, const StageTable& table, RowStream& stream) {
  const std::string& name = table.table->name;
  ColumnWriter unit = unit_column(file.file(), name, stream.rows());
  ColumnSet columns(file.file(), name + "/", table.table->schema, stream.rows(), false);
  h5::write_attribute(h5::open_group(file.file(), name), "stage", static_cast<std::int32_t>(table.stage.value()));
  RowWindow window;
  while (stream.next(window)) {
    put_units(window, unit);
    columns.put(window);
    file.check();
  }
  unit.finish();
  columns.finish();
}

}  // namespace

std::vector<StageTable> tables_of(const JournalView& view) {
  return find_tables(view, [](const std::string& name) { return name != kRejectedTable; });
}

std::vector<StageTable> rejected_tables_of(const JournalView& view) {
  return find_tables(view, [](const std::string& name) { return name == kRejectedTable; });
}

void write_row_tables(const GuardedFile& file, const JournalView& view, const RowStreamLimits& limits) {
  for (const StageTable& table : tables_of(view)) {
    RowStream stream = rows_of(view, table, limits);
    write_row_table(file, table, stream);
  }
}

std::map<StageId, std::uint64_t> write_rejected(const GuardedFile& file, const JournalView& view,
                                                const RowStreamLimits& limits) {
  std::map<StageId, std::uint64_t> counts;
  const std::vector<StageTable> tables = rejected_tables_of(view);
  if (tables.empty()) return counts;
  const Schema& schema = widest(tables);
  std::uint64_t rows = 0;
  std::vector<StageTable> filled;
  for (const StageTable& table : tables) {
    const std::uint64_t more = rows_of(view, table, limits).rows();
    rows += more;
    if (more != 0) filled.push_back(table);
    counts[table.stage] = 0;
  }
  const std::string name(kRejectedTable);
  ColumnWriter stage(file.file(), name + "/stage", ColumnType::i32, rows);
  stage.describe("", "number of the stage");
  ColumnWriter unit = unit_column(file.file(), name, rows);
  ColumnSet columns(file.file(), name + "/", schema, rows, false);
  const RejectedCount count(schema);
  RowWindow window;
  for (const StageTable& table : filled) {
    RowStream stream = rows_of(view, table, limits);
    stream.use_schema(schema);
    while (stream.next(window)) {
      put_units(window, unit);
      columns.put(window);
      for (const RowWindow::Run& run : window.runs) {
        for (std::size_t i = 0; i < run.count; ++i) {
          stage.put(static_cast<std::int32_t>(table.stage.value()));
          counts[table.stage] += count.of(window.rows[run.slot], run.row + i);
        }
      }
      file.check();
    }
  }
  stage.finish();
  unit.finish();
  columns.finish();
  return counts;
}

const Schema& widest(const std::vector<StageTable>& tables) {
  const auto found = std::max_element(tables.begin(), tables.end(), [](const StageTable& a, const StageTable& b) {
    return a.table->schema.size() < b.table->schema.size();
  });
  return found->table->schema;
}

std::uint64_t bytes_of_rows(const JournalView& view) {
  std::set<std::filesystem::path> files;
  std::uint64_t bytes = 0;
  for (const RowsPart& part : view.parts) {
    std::error_code missing;
    if (!files.insert(part.file).second) continue;
    const std::uint64_t size = std::filesystem::file_size(from_start(part.file), missing);
    if (!missing) bytes += size;
  }
  return bytes;
}

}  // namespace kiln::store
