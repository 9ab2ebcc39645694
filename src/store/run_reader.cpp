#include "store/run_reader.hpp"

#include "exec/command_setup.hpp"
#include "store/file_ops.hpp"
#include "store/results_file.hpp"
#include "store/results_tables.hpp"
#include "store/results_trailer.hpp"
#include "store/row_stream.hpp"

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

UnitRecord record_of(UnitId unit, const JournalView& view) {
  UnitRecord record;
  record.unit = unit;
  const auto& lines = view.registry.lines();
  record.line = unit.value() < lines.size() ? lines[unit.value()] : -1;
  record.removed = unit.value() < lines.size() && record.line < 0;
  record.done = view.ledger.done.contains(unit);
  const auto dead = view.ledger.dead.find(unit);
  if (dead == view.ledger.dead.end()) return record;
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

}  // namespace

RunReader RunReader::open(const std::filesystem::path& path) {
  RunDirectory directory = RunDirectory::open(path);
  JournalView view = read_all(directory);
  return {std::move(directory), std::move(view)};
}

RunReader::RunReader(RunDirectory directory, JournalView view)
    : directory_(std::move(directory)), view_(std::move(view)) {
  schema_ = with_fresh_view(directory_, view_, newest_schema);
  if (schema_.empty() && directory_.facts().kind == RunFacts().kind) {
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
  const std::vector<UnitId> dead = dead_units(view_);
  std::optional<std::uint64_t> last;  // a second try goes on behind it
  with_fresh_view(directory_, view_, [&](const JournalView& view) {
    const std::optional<std::uint64_t> seen = last;
    RowStream stream(which == Which::all ? view.parts : parts_with(view.parts, dead), dead);
    stream.use_schema(schema_);
    stream.add(rows_for_dead(stream.missing(), view, schema_), schema_);
    RowWindow window;
    while (stream.next(window)) {
      for (const auto& [slot, first, count] : window.runs) {
        for (std::size_t row = first; row < first + count; ++row) {
          const std::uint64_t unit = window.rows[slot].units()[row];
          if (seen && unit <= *seen) continue;
          UnitRecord record = record_of(UnitId(unit), view_);
          record.rows = &window.rows[slot];
          record.row = row;
          if (which == Which::failed && (record.done || record.removed)) continue;
          last = unit;
          if (!visit(record)) return;
        }
      }
    }
  });
}

bool RunReader::find_unit(UnitId unit, const std::function<void(const UnitRecord&)>& visit) const {
  UnitRecord record = record_of(unit, view_);
  if (!record.done && !record.reason) return false;
  bool found = false;
  with_fresh_view(directory_, view_, [&](const JournalView& view) {
    RowStream stream(parts_with(view.parts, {unit}));
    stream.use_schema(schema_);
    RowWindow window;
    if (!stream.next(window)) return;
    record.rows = &window.rows[window.runs.front().slot];
    record.row = window.runs.front().row;
    found = true;
    visit(record);
  });
  if (!found) visit(record);
  return true;
}

std::optional<std::string> RunReader::raw_text(UnitId unit, std::string_view name) const {
  const auto place = column(name);
  std::optional<std::string> text;
  if (!place || schema_[*place].type != ColumnType::text) return text;
  find_unit(unit, [&](const UnitRecord& record) {
    if (record.rows != nullptr) text = record.rows->text_at(*place, record.row);
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
  with_fresh_view(directory_, view_, [&](const JournalView& view) {
    write_results_file({file, directory_.facts(), view, schema_, view.standing_end(), view.scan.highest, units});
  });
}

}  // namespace kiln::store
