#include "store/results_tables.hpp"

#include "exec/result_column.hpp"
#include "store/source_copy.hpp"
#include "units/command_list.hpp"
#include "units/task_file.hpp"

#include <kiln/error.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace kiln::store {
namespace {

constexpr std::string_view kUnits = "units/";
constexpr std::string_view kCommand = "units/command";
constexpr std::string_view kStatus = "units/status";
constexpr std::string_view kAttempts = "units/attempts";
constexpr std::string_view kRemoved = "removed";

// No commands where the copy of the source is lost.
units::TaskFile read_commands(const JournalView& view, const std::filesystem::path& run_directory) {
  if (view.ledger.sources.empty()) return {};
  try {
    return units::parse_source(read_source_copy(run_directory, view.ledger.sources.back().body), "the task file");
  } catch (const Error&) {
    return {};
  }
}

std::string_view command_on(std::int64_t line, const units::TaskFile& tasks) {
  if (line >= 0 && tasks.array) return tasks.command(0);
  const auto found = std::lower_bound(tasks.lines.begin(), tasks.lines.end(), line);
  if (line < 0 || found == tasks.lines.end() || *found != line) return "";
  return tasks.command(static_cast<std::uint64_t>(found - tasks.lines.begin()));
}

std::set<std::string> groups_of(const Schema& schema) {
  std::set<std::string> groups;
  for (const Column& column : schema) groups.insert(column.name.substr(0, column.name.rfind('/')));
  return groups;
}

}  // namespace

bool has_unit_table(const Schema& schema) {
  return std::any_of(schema.begin(), schema.end(),
                     [](const Column& column) { return column.name.starts_with(kUnits); });
}

ResultsTables::ResultsTables(const h5::Handle& file, const Schema& schema, std::uint64_t rows, const JournalView& view,
                             std::vector<std::int64_t> stage_lines)
    : schema_(schema),
      view_(view),
      stage_lines_(std::move(stage_lines)),
      rows_(rows),
      by_unit_(has_unit_table(schema)),
      columns_(file, "", schema, rows, by_unit_) {
  has_lines_ = !view.registry.lines().empty();
  if (by_unit_) {
    add_key(file, "units/id", ColumnType::u64, "number of the unit: fixed when it first entered the run");
    add_key(
        file, "units/stage", ColumnType::i32,
        "number of the stage in the order of the task file, from 1; 0: before all stages, a file without, or a line "
        "that is gone");
    add_key(file, "units/line", ColumnType::i64,
            "line in the present task file, from 1; -1 where it is not there any more");
    if (std::any_of(schema.begin(), schema.end(), exec::is_result_column)) {
      add_key(file, "results/unit", ColumnType::u64, "number of the unit");
    }
  } else {
    for (const std::string& group : groups_of(schema)) {
      add_key(file, group + "/unit", ColumnType::u64, "number of the unit that gave the row");
    }
  }
}

void ResultsTables::add_key(const h5::Handle& file, const std::string& path, ColumnType type,
                            std::string_view description) {
  keys_.emplace_back(file, path, type, rows_);
  keys_.back().describe("", description, type == ColumnType::i64);
}

std::int64_t ResultsTables::line_of(std::uint64_t unit) const {
  const auto& lines = view_.registry.lines();
  return unit < lines.size() ? lines[unit] : -1;
}

std::int32_t ResultsTables::stage_on(std::int64_t line) const {
  return static_cast<std::int32_t>(std::ranges::lower_bound(stage_lines_, line) - stage_lines_.begin());
}

void ResultsTables::put_keys(const RowWindow& window) {
  for (const auto& [slot, row, count] : window.runs) {
    const std::span<const std::uint64_t> units = std::span(window.rows[slot].units()).subspan(row, count);
    if (!by_unit_) {
      for (ColumnWriter& key : keys_) key.append(std::as_bytes(units));
      continue;
    }
    for (const std::uint64_t unit : units) {
      keys_[0].put(unit);
      keys_[1].put(stage_on(line_of(unit)));
      keys_[2].put(line_of(unit));
      if (keys_.size() > 3) keys_[3].put(unit);
    }
  }
}

void ResultsTables::put_statuses(std::size_t column, const RowWindow& window) {
  for (const auto& [slot, first, count] : window.runs) {
    const Rows& rows = window.rows[slot];
    for (std::size_t row = first; row < first + count; ++row) {
      columns_.texts(column).put(line_of(rows.units()[row]) < 0 ? kRemoved : rows.text_at(column, row));
    }
  }
}

void ResultsTables::put(const RowWindow& window) {
  put_keys(window);
  for (std::size_t column = 0; column < schema_.size(); ++column) {
    if (by_unit_ && has_lines_ && schema_[column].name == kStatus) {
      put_statuses(column, window);
    } else {
      for (const RowWindow::Run& run : window.runs) {
        columns_.put_column(column, window.rows[run.slot], run.row, run.count);
      }
    }
  }
}

void ResultsTables::finish() {
  for (ColumnWriter& key : keys_) key.finish();
  columns_.finish();
}

Rows rows_for_dead(const std::vector<UnitId>& units, const JournalView& view, const Schema& schema,
                   const std::filesystem::path& run_directory) {
  Rows rows(schema);
  if (units.empty()) return rows;
  const units::TaskFile tasks = read_commands(view, run_directory);
  const std::vector<std::int64_t>& lines = view.registry.lines();
  for (const UnitId unit : units) {
    const auto dead = view.ledger.dead.find(unit);
    if (dead == view.ledger.dead.end()) continue;
    rows.begin_row(unit);
    for (const Column& column : schema) {
      if (column.name == kStatus && column.type == ColumnType::text) {
        rows.put_text("failed");
      } else if (column.name == kCommand && column.type == ColumnType::text) {
        rows.put_text(unit.value() < lines.size() ? command_on(lines[unit.value()], tasks) : "");
      } else if (column.name == kAttempts && column.type == ColumnType::i32) {
        rows.put(static_cast<std::int32_t>(dead->second.letter.attempts));
      } else {
        put_missing(rows, column);
      }
    }
  }
  return rows;
}

void write_dead_letters(const h5::Handle& file, const std::vector<StageDead>& dead, bool stages) {
  if (stages) {
    ColumnWriter stage(file, "dead_letters/stage", ColumnType::i32, dead.size());
    stage.describe("", "number of the stage");
    for (const StageDead& one : dead) stage.put(static_cast<std::int32_t>(one.stage.value()));
    stage.finish();
  }
  ColumnWriter unit(file, "dead_letters/unit", ColumnType::u64, dead.size());
  ColumnWriter attempts(file, "dead_letters/attempts", ColumnType::i32, dead.size());
  TextColumnWriter reason(file, "dead_letters/reason", dead.size(), false);
  unit.describe("", "number of the unit that was set aside");
  attempts.describe("", "attempts that were charged to it");
  reason.describe("", "why the last attempt failed");
  for (const auto& [stage, one] : dead) {
    unit.put(one.letter.unit.value());
    attempts.put(static_cast<std::int32_t>(one.letter.attempts));
    reason.put(one.letter.reason);
  }
  unit.finish();
  attempts.finish();
  reason.finish();
}

void write_batches(const h5::Handle& file, std::vector<StageBatch> batches, bool stages) {
  std::stable_sort(batches.begin(), batches.end(),
                   [](const auto& a, const auto& b) { return a.record.start < b.record.start; });
  const auto column = [&](const char* name, ColumnType type, std::string_view unit, std::string_view description,
                          const auto& value) {
    ColumnWriter writer(file, std::string("batches/") + name, type, batches.size());
    writer.describe(unit, description);
    for (const StageBatch& batch : batches) writer.put(value(batch));
    writer.finish();
  };
  using Record = StageBatch;
  if (stages) {
    column("stage", ColumnType::i32, "", "number of the stage",
           [](const Record& r) { return static_cast<std::int32_t>(r.stage.value()); });
  }
  column("batch", ColumnType::u64, "", "number of the batch within its launch",
         [](const Record& r) { return r.record.batch.value(); });
  column("rank", ColumnType::i32, "", "rank that ran it", [](const Record& r) { return r.record.rank.value(); });
  column("first", ColumnType::u64, "", "first unit of the part",
         [](const Record& r) { return r.record.units.first.value(); });
  column("last", ColumnType::u64, "", "one past the last unit of the part",
         [](const Record& r) { return r.record.units.last.value(); });
  column("count", ColumnType::u64, "", "units of the part that ended", [](const Record& r) { return r.record.count; });
  column("start", ColumnType::f64, "s", "when the part began, Unix time UTC",
         [](const Record& r) { return r.record.start; });
  column("seconds", ColumnType::f64, "s", "time the rank spent on it",
         [](const Record& r) { return r.record.busy_seconds; });
}

}  // namespace kiln::store
