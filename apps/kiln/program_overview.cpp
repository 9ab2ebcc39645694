#include "program_overview.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "observe/summary.hpp"
#include "reduced_choice.hpp"
#include "result_table.hpp"
#include "stage_lines.hpp"
#include "store/record_fields.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace kiln::cli {
namespace {

constexpr std::size_t kStages = 40, kDead = 5;
constexpr std::size_t kNameWidth = 20, kReductionWidth = 24, kValueWidth = 100, kListed = 8;

using Shown = store::StageEndEntry::Shown;

std::string column_text(const Column& column) {
  const std::string shape = column.list ? "[]" : column.count != 1 ? fmt::format("[{}]", column.count) : "";
  return for_message(column.name, kNameWidth) + shape;
}

std::string columns_text(const Schema& schema, const char* between) {
  std::string out;
  for (const Column& column : schema) out += (out.empty() ? "" : between) + column_text(column);
  return out;
}

std::string number_text(const Shown& shown, std::size_t row, std::size_t column) {
  store::UnitRecord record;
  record.rows = &shown.rows;
  record.row = row;
  const Value value = store::RecordFields({}, shown.table.schema).value(record, column);
  return cell_text(value);
}

std::string table_text(const Shown& shown) {
  const Schema& schema = shown.table.schema;
  const std::size_t rows = shown.rows.size();
  if (rows == 1 && schema.size() == 1 && schema[0].name == "value") return number_text(shown, 0, 0);
  std::string out;
  if (rows == 1) {
    for (std::size_t i = 0; i < schema.size(); ++i) {
      out +=
          fmt::format("{}{}={}", i == 0 ? "" : ", ", for_message(schema[i].name, kNameWidth), number_text(shown, 0, i));
    }
    return out;
  }
  if (schema.size() == 1 && rows <= kListed && schema[0].name != "bytes") {
    for (std::size_t row = 0; row < rows; ++row) out += (row == 0 ? "" : ", ") + number_text(shown, row, 0);
    return "[" + out + "]";
  }
  return fmt::format("{} rows: {}", format_count(rows), columns_text(schema, ", "));
}

std::string tables_lines(const std::vector<store::RunReader::TableInfo>& tables) {
  if (tables.empty()) return "";
  std::string out = fmt::format("  {:<{}}  {:>5}  {:>12}  {}\n", "table", kNameWidth, "stage", "rows", "columns");
  for (const store::RunReader::TableInfo& table : tables) {
    const bool several = table.name == store::kRejectedTable;
    out += fmt::format("  {:<{}}  {:>5}  {:>12}  {}\n", for_message(table.name, kNameWidth), kNameWidth,
                       several ? "all" : std::to_string(table.stage.value()), format_count(table.rows),
                       for_message(columns_text(table.schema, " "), kValueWidth));
  }
  return out;
}

std::string reduced_lines(const std::vector<store::ReducedValue>& reduced) {
  std::string out;
  for (const store::ReducedValue& value : reduced) {
    if (!value.newest && !value.so_far) continue;
    if (out.empty()) {
      out = fmt::format("  {:<{}}  {:>5}  {:<{}}  {}\n", "value", kNameWidth, "stage", "reduction", kReductionWidth,
                        "is");
    }
    const auto before = std::count_if(reduced.begin(), reduced.end(), [&](const store::ReducedValue& other) {
      return !other.newest && !other.so_far && other.reduce->name == value.reduce->name;
    });
    out += fmt::format("  {:<{}}  {:>5}  {:<{}}  {}", for_message(value.reduce->name, kNameWidth), kNameWidth,
                       value.stage.value(), for_message(value.reduce->description, kReductionWidth), kReductionWidth,
                       for_message(value_text(value), kValueWidth));
    if (value.so_far) out += fmt::format("  ({})", so_far_text(value));
    if (before != 0 && !value.so_far)
      out += fmt::format("  (and of {} earlier {})", before, before == 1 ? "stage" : "stages");
    out += '\n';
  }
  return out;
}

std::string dead_lines(const ProgramOverview& overview) {
  const std::size_t all = overview.dead.size();
  if (all == 0) return "";
  std::string out = fmt::format("  {} failed {}:\n", format_count(all), all == 1 ? "unit" : "units");
  for (std::size_t i = 0; i < std::min(all, kDead); ++i) {
    const auto& [stage, dead] = overview.dead[i];
    out += fmt::format("    unit {} of stage {}: {}\n", dead.letter.unit.value(), stage.value(),
                       for_message(dead.letter.reason, kValueWidth));
  }
  if (all > kDead) out += fmt::format("    and {} more\n", format_count(all - kDead));
  return out;
}

std::string next_lines(const ProgramOverview& overview) {
  const std::string directory = observe::shell_word(overview.directory);
  std::string out;
  const auto add = [&](const std::string& options, const char* what) {
    out += fmt::format("{}kiln results {} {}   {}\n", out.empty() ? "next: " : "      ", options, directory, what);
  };
  if (!overview.tables.empty()) {
    add("--table " + observe::shell_word(overview.tables.front().name), "its rows; --csv and --json for programs");
  }
  if (!overview.reduced.empty()) {
    add("--reduced " + observe::shell_word(overview.reduced.back().reduce->name), "the whole value");
  }
  if (!overview.dead.empty()) add("--failed", "all failed units; kiln retry runs them again");
  return out;
}

}  // namespace

std::string value_text(const store::ReducedValue& value) {
  if (value.empty()) return "empty: no unit gave anything";
  std::string out;
  for (const Shown* shown : value.tables()) {
    if (!out.empty()) out += "; ";
    if (!shown->table.name.empty()) out += shown->table.name + ": ";
    out += table_text(*shown);
  }
  return out;
}

std::string overview_text(const ProgramOverview& overview) {
  std::string out = fmt::format("{}: the run of {}\n", for_message(overview.directory), for_message(overview.program));
  if (overview.stages.empty()) return out + "  no stage has begun\n";
  out += stage_lines(overview.stages, kStages, overview.live);
  for (const std::string& block :
       {tables_lines(overview.tables), reduced_lines(overview.reduced), dead_lines(overview)}) {
    if (!block.empty()) out += "\n" + block;
  }
  return out + "\n" + next_lines(overview);
}

}  // namespace kiln::cli
