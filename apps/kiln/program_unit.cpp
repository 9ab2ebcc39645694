#include "program_unit.hpp"

#include "base/text.hpp"
#include "output.hpp"
#include "program_rows.hpp"
#include "row_printer.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

namespace kiln::cli {
namespace {

using Format = ResultsCommand::Format;

bool is_meant(std::uint32_t stage, std::optional<std::uint64_t> wanted) { return !wanted || stage == *wanted; }

const store::CommitEntry::Dead* dead_letter(const store::LedgerState& ledger, UnitId unit) {
  const auto found = ledger.dead.find(unit);
  return found == ledger.dead.end() ? nullptr : &found->second;
}

bool has_ended(const store::LedgerState& ledger, UnitId unit) {
  return ledger.done.contains(unit) || dead_letter(ledger, unit) != nullptr;
}

std::string title(StageId stage, const store::LedgerState& ledger, UnitId unit) {
  const auto* const dead = dead_letter(ledger, unit);
  const std::string head =
      fmt::format("unit {} of stage {} ({})", unit.value(), stage.value(), for_message(ledger.plan->body.name));
  if (dead == nullptr) return head + ": done\n";
  const std::uint32_t tries = dead->letter.attempts;
  return fmt::format("{}: failed after {} {}: {}\n", head, tries, tries == 1 ? "try" : "tries",
                     for_message(dead->letter.reason, 4096));
}

// The tables of the stage that hold rows of the unit, printed or as JSON.
class UnitOfStage {
 public:
  UnitOfStage(store::RunReader& run, StageId stage, UnitId unit) : run_(run), stage_(stage), unit_(unit) {}

  void print_text() {
    print(title(stage_, run_.stage(stage_), unit_));
    for (const Table& table : run_.stage(stage_).plan->body.tables) {
      const ProgramRows rows = rows_of(table.name);
      RowPrinter printer(Format::table, rows.fields(), {ResultTable::Layout::chosen});
      rows.for_unit(unit_, [&](RowValues values) {
        if (printer.rows() == 0) print(fmt::format("{}:\n", for_message(table.name)));
        printer.put(values);
      });
      printer.flush();
    }
  }
  void print_json() {
    using Json = nlohmann::ordered_json;
    const store::LedgerState& ledger = run_.stage(stage_);
    const auto* const dead = dead_letter(ledger, unit_);
    Json out = {{"stage", stage_.value()},
                {"name", to_utf8(ledger.plan->body.name)},
                {"unit", unit_.value()},
                {"status", dead == nullptr ? "ok" : "failed"},
                {"attempts", dead == nullptr ? Json() : Json(dead->letter.attempts)},
                {"reason", dead == nullptr ? Json() : Json(to_utf8(dead->letter.reason))},
                {"tables", Json::object()}};
    for (const Table& table : ledger.plan->body.tables) {
      const ProgramRows rows = rows_of(table.name);
      Json all = Json::array();
      rows.for_unit(unit_, [&](RowValues values) {
        std::string row;
        append_json_row(row, rows.fields(), values);
        all.push_back(Json::parse(row));
      });
      out["tables"][to_utf8(table.name)] = std::move(all);
    }
    print(out.dump() + "\n");
  }

 private:
  ProgramRows rows_of(const std::string& table) {
    SelectionOptions one;
    one.table = table;
    one.stage = stage_.value();
    return {run_, one};
  }

  store::RunReader& run_;
  StageId stage_;
  UnitId unit_;
};

}  // namespace

void need_unit(const store::RunReader& run, std::uint64_t unit, std::optional<std::uint64_t> stage) {
  std::uint64_t most = 0;
  for (std::uint32_t i = 0; i < run.stages(); ++i) {
    if (!is_meant(i, stage)) continue;
    if (has_ended(run.stage(StageId(i)), UnitId(unit))) return;
    most = std::max(most, run.stage(StageId(i)).plan->body.units);
  }
  const std::string where = stage ? fmt::format("stage {}", *stage) : "any stage";
  throw Error(ExitCode::bad_input, unit < most ? fmt::format("unit {} has not ended in {} yet", unit, where)
                                               : fmt::format("there is no unit {} in {}", unit, where));
}

void print_unit(store::RunReader& run, std::uint64_t unit, const ResultsCommand& command) {
  const std::optional<std::uint64_t> wanted = command.selection.stage;
  need_unit(run, unit, wanted);
  for (std::uint32_t i = 0; i < run.stages(); ++i) {
    if (!is_meant(i, wanted) || !has_ended(run.stage(StageId(i)), UnitId(unit))) continue;
    UnitOfStage one(run, StageId(i), UnitId(unit));
    if (command.format == Format::json) {
      one.print_json();
    } else {
      one.print_text();
    }
  }
}

}  // namespace kiln::cli
