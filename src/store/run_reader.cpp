#include "store/run_reader.hpp"

#include "exec/command_setup.hpp"
#include "store/file_ops.hpp"
#include "store/program_tables.hpp"
#include "store/rejected_count.hpp"
#include "store/results_file.hpp"
#include "store/results_tables.hpp"
#include "store/results_trailer.hpp"
#include "store/row_stream.hpp"
#include "store/stage_identity.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace kiln::store {
namespace {

constexpr int kTries = 100;

JournalView read_all(const RunDirectory& directory) {
  const bool commands = directory.facts().kind == RunFacts().kind;
  return read_journal(directory.path(), {.parts = true, .batches = true, .commands = commands});
}

// Files of the journal may be merged away between reading what they are and reading what they hold: then all is read
// again.
template <class Action>
auto with_fresh_view(const RunDirectory& directory, const JournalView& first, const Action& action) {
  std::optional<JournalView> fresh;
  for (int tries = 1;; ++tries) {
    const JournalView& view = fresh ? *fresh : first;
    try {
      return action(view);
    } catch (const Damage& damage) {
      if (tries == kTries) throw Error(ExitCode::run_directory, damage.what());
    } catch (const StorageError& error) {
      if (error.error_number() != ENOENT || tries == kTries) throw;
    }
    fresh = read_all(directory);
  }
}

Schema newest_schema(const JournalView& view) {
  for (auto part = view.parts.rbegin(); part != view.parts.rend(); ++part) {
    const EntryFile file(part->file);
    if (file.row_count(part->part) != 0) return file.schema(part->part);
  }
  return {};
}

UnitRecord record_of(StageId stage, UnitId unit, const JournalView& view) {
  UnitRecord record;
  record.unit = unit;
  record.stage = stage;
  const LedgerState* const ledger = view.stage(stage);
  if (ledger == nullptr) return record;
  const auto& lines = view.registry.lines();
  record.line = unit.value() < lines.size() ? lines[unit.value()] : -1;
  record.removed = unit.value() < lines.size() && record.line < 0;
  record.done = ledger->done.contains(unit);
  const auto dead = ledger->dead.find(unit);
  if (dead == ledger->dead.end()) return record;
  record.reason = dead->second.letter.reason;
  record.attempts = dead->second.letter.attempts;
  return record;
}

std::vector<UnitId> dead_units(const JournalView& view) {
  std::vector<UnitId> units;
  for (const auto& [unit, dead] : view.ledger.dead) units.push_back(unit);
  return units;
}

// Only what holds rows of these units; the parts' own say over them stays.
std::vector<RowsPart> parts_with(const std::vector<RowsPart>& parts, const std::vector<UnitId>& units) {
  std::vector<RowsPart> found;
  for (const RowsPart& part : parts) {
    schedule::IntervalSet take;
    for (const UnitId unit : units) {
      if (part.take.contains(unit)) take.insert(single(unit));
    }
    if (take.empty()) continue;
    found.push_back(part);
    found.back().take = std::move(take);
  }
  return found;
}

// Until `visit(rows, row)` returns false; then false. Rows of units up to `last` are left out; it goes along, and a
// unit lies in one window, so that a second try goes on behind it.
template <class Visitor>
bool visit_rows(RowStream& stream, std::optional<std::uint64_t>& last, const Visitor& visit) {
  const std::optional<std::uint64_t> seen = last;
  RowWindow window;
  while (stream.next(window)) {
    for (const auto& [slot, first, count] : window.runs) {
      const Rows& rows = window.rows[slot];
      for (std::size_t row = first; row < first + count; ++row) {
        if (seen && rows.units()[row] <= *seen) continue;
        last = rows.units()[row];
        if (!visit(rows, row)) return false;
      }
    }
  }
  return true;
}

// The row of a unit of a run of commands; false where none was kept.
template <class Use>
bool with_row(const RunDirectory& directory, const JournalView& first, UnitId unit, const Schema& schema,
              const Use& use) {
  return with_fresh_view(directory, first, [&](const JournalView& view) {
    RowStream stream(parts_with(view.parts, {unit}));
    stream.use_schema(schema);
    RowWindow window;
    if (!stream.next(window)) return false;
    const RowWindow::Run& run = window.runs.front();
    use(window.rows[run.slot], run.row);
    return true;
  });
}

}  // namespace

RunReader RunReader::open(const std::filesystem::path& path) {
  RunDirectory directory = RunDirectory::open(path);
  // Before the journal: it goes when its stage is over, and then the journal has the value.
  std::optional<SoFar> so_far = read_so_far(directory.path());
  JournalView view = read_all(directory);
  RunReader reader(std::move(directory), std::move(view));
  reader.so_far_ = std::move(so_far);
  return reader;
}

RunReader::RunReader(RunDirectory directory, JournalView view)
    : directory_(std::move(directory)), view_(std::move(view)) {
  if (is_program()) {
    const std::vector<StageTable> tables = tables_of(view_);
    if (!tables.empty()) choose_table(tables.front().table->name);
    return;
  }
  schema_ = with_fresh_view(directory_, view_, newest_schema);
  if (schema_.empty()) {
    schema_ = exec::command_schema(exec::parse_result_columns("run.json", directory_.facts().columns));
  }
}

std::vector<std::string> RunReader::damage() const {
  std::vector<std::string> lines = view_.scan.lines();
  lines.insert(lines.end(), view_.notes.begin(), view_.notes.end());
  return lines;
}

std::optional<EndEntry> RunReader::find_end(std::string_view launch_id) const {
  for (auto end = view_.ledger.ends.rbegin(); end != view_.ledger.ends.rend(); ++end) {
    if (end->body.launch_id == launch_id) return end->body;
  }
  return std::nullopt;
}

std::optional<Owner> RunReader::owner() const {
  const auto text = read_small_file(directory_.file("owner.json"));
  return text ? parse_owner(*text) : std::nullopt;
}

std::optional<std::size_t> RunReader::column(std::string_view name) const {
  const auto found = std::find_if(schema_.begin(), schema_.end(), [&](const Column& c) { return c.name == name; });
  if (found == schema_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - schema_.begin());
}

void RunReader::for_each(Which which, const std::function<void(const UnitRecord&)>& visit) const {
  for_each_while(which, [&](const UnitRecord& record) {
    visit(record);
    return true;
  });
}

void RunReader::for_each_while(Which which, const std::function<bool(const UnitRecord&)>& visit) const {
  if (!is_program()) return for_each_command(which, visit);
  if (which == Which::failed) {
    for (const auto& [stage, dead] : view_.all_dead()) {
      if (!visit(record_of(stage, dead.letter.unit, view_))) return;
    }
    return;
  }
  for (const StagePlace& place : places_) {
    if (!for_each_row(place, visit)) return;
  }
}

void RunReader::for_each_command(Which which, const std::function<bool(const UnitRecord&)>& visit) const {
  const std::vector<UnitId> dead = dead_units(view_);
  std::optional<std::uint64_t> last;  // a second try goes on behind it
  with_fresh_view(directory_, view_, [&](const JournalView& view) {
    RowStream stream(which == Which::all ? view.parts : parts_with(view.parts, dead), dead);
    stream.use_schema(schema_);
    stream.add(rows_for_dead(stream.missing(), view, schema_, directory_.path()), schema_);
    visit_rows(stream, last, [&](const Rows& rows, std::size_t row) {
      UnitRecord record = record_of(StageId(0), UnitId(rows.units()[row]), view_);
      record.rows = &rows;
      record.row = row;
      return (which == Which::failed && (record.done || record.removed)) || visit(record);
    });
  });
}

bool RunReader::for_each_row(StagePlace place, const std::function<bool(const UnitRecord&)>& visit) const {
  std::optional<std::uint64_t> last;
  return with_fresh_view(directory_, view_, [&](const JournalView& view) {
    RowStream stream(view.parts_of(place.stage, place.table));
    stream.use_schema(schema_);
    return visit_rows(stream, last, [&](const Rows& rows, std::size_t row) {
      UnitRecord record = record_of(place.stage, UnitId(rows.units()[row]), view_);
      record.rows = &rows;
      record.row = row;
      return visit(record);
    });
  });
}

std::vector<RunReader::TableInfo> RunReader::tables() const {
  return with_fresh_view(directory_, view_, [&](const JournalView& view) {
    std::vector<TableInfo> all;
    const auto add = [&](const StageTable& table) {
      const std::uint64_t rows = RowStream(view.parts_of(table.stage, table.place)).rows();
      if (table.table->name != kRejectedTable || all.empty() || all.back().name != kRejectedTable) {
        all.push_back({table.table->name, table.table->schema, 0, table.stage});
      }
      all.back().rows += rows;
    };
    for (const StageTable& table : tables_of(view)) add(table);
    for (const StageTable& table : rejected_tables_of(view)) add(table);
    if (!all.empty() && all.back().name == kRejectedTable && all.back().rows == 0) all.pop_back();
    return all;
  });
}

std::vector<RunReader::StageInfo> RunReader::stage_infos() const {
  std::vector<StageInfo> all;
  for (std::uint32_t i = 0; i < stages(); ++i) {
    const LedgerState& ledger = stage(StageId(i));
    const PlanEntry& plan = ledger.plan->body;
    const detail::StageCounts counts{plan.units, ledger.done.count(), ledger.dead.size(), 0};
    all.push_back({StageId(i), plan.name, description_for_people(plan), counts, ledger.end.has_value(),
                   ledger.end ? ledger.end->body.seconds : 0});
  }
  with_fresh_view(directory_, view_, [&](const JournalView& view) {
    for (StageInfo& info : all) info.counts.rejected = 0;
    for (const StageTable& table : rejected_tables_of(view)) {
      if (table.stage.value() >= all.size()) continue;
      all[table.stage.value()].counts.rejected = rejected_in(view.parts_of(table.stage, table.place));
    }
  });
  return all;
}

bool RunReader::choose_table(std::string_view name) {
  std::vector<StagePlace> places;
  std::vector<StageTable> chosen;
  for (const std::vector<StageTable>& tables : {tables_of(view_), rejected_tables_of(view_)}) {
    for (const StageTable& table : tables) {
      if (table.table->name != name) continue;
      chosen.push_back(table);
      places.push_back({table.stage, table.place});
    }
  }
  if (places.empty()) return false;
  schema_ = widest(chosen);
  places_ = std::move(places);
  table_ = name;
  return true;
}

bool RunReader::find_rows(UnitId unit, const std::function<void(const UnitRecord&)>& visit) const {
  bool found = false;
  for (const StagePlace& place : places_) {
    UnitRecord record = record_of(place.stage, unit, view_);
    if (!record.done && !record.reason) continue;
    found = true;
    bool has_rows = false;
    with_fresh_view(directory_, view_, [&](const JournalView& view) {
      RowStream stream(parts_with(view.parts_of(place.stage, place.table), {unit}));
      stream.use_schema(schema_);
      std::optional<std::uint64_t> last;
      visit_rows(stream, last, [&](const Rows& rows, std::size_t row) {
        record.rows = &rows;
        record.row = row;
        has_rows = true;
        visit(record);
        return true;
      });
    });
    if (!has_rows) visit(record);
  }
  return found;
}

bool RunReader::find_unit(UnitId unit, const std::function<void(const UnitRecord&)>& visit) const {
  if (is_program()) return find_rows(unit, visit);
  UnitRecord record = record_of(StageId(0), unit, view_);
  if (!record.done && !record.reason) return false;
  const bool found = with_row(directory_, view_, unit, schema_, [&](const Rows& rows, std::size_t row) {
    record.rows = &rows;
    record.row = row;
    visit(record);
  });
  if (found) return true;
  const Rows rows = rows_for_dead({unit}, view_, schema_, directory_.path());
  if (rows.size() != 0) record.rows = &rows;
  visit(record);
  return true;
}

std::optional<std::string> RunReader::raw_text(UnitId unit, std::string_view name) const {
  const auto place = column(name);
  std::optional<std::string> text;
  if (!place || schema_[*place].type != ColumnType::text) return text;
  const auto take = [&](const Rows& rows, std::size_t row) { text = rows.text_at(*place, row); };
  if (!is_program()) {
    with_row(directory_, view_, unit, schema_, take);
    return text;
  }
  find_unit(unit, [&](const UnitRecord& record) {
    if (record.rows != nullptr) take(*record.rows, record.row);
  });
  return text;
}

std::optional<UnitId> RunReader::unit_on_line(std::int64_t line) const {
  const auto& lines = view_.registry.lines();
  const auto found = std::find(lines.begin(), lines.end(), line);
  if (line < 0 || found == lines.end()) return std::nullopt;
  return UnitId(static_cast<std::uint64_t>(found - lines.begin()));
}

bool RunReader::results_outdated() const {
  const auto made_from = results_made_from(directory_.file("results.h5"));
  if (!made_from) return true;
  return !view_.ledger.ends.empty() && view_.ledger.ends.back().number > *made_from;
}

void RunReader::export_hdf5(const std::filesystem::path& file, const schedule::IntervalSet* units) const {
  if (is_program() && units != nullptr) {
    throw Error(ExitCode::usage,
                "an HDF5 file of chosen units is made of runs of commands only: this is a program's run, whose tables "
                "have units of several stages. Take all of it, or choose rows with --csv");
  }
  with_fresh_view(directory_, view_, [&](const JournalView& view) {
    write_results_file(
        {file, directory_.path(), directory_.facts(), view, schema_, view.standing_end(), view.scan.highest, units});
  });
}

}  // namespace kiln::store
