#include "program_results.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "output.hpp"
#include "program_options.hpp"
#include "program_overview.hpp"
#include "program_rows.hpp"
#include "program_unit.hpp"
#include "row_printer.hpp"
#include "run_notes.hpp"
#include "show_text.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

namespace kiln::cli {
namespace {

using Format = ResultsCommand::Format;
using Layout = ResultTable::Layout;

void check(const store::RunReader& run, const ResultsCommand& command) {
  const std::string& directory = command.directory;
  if (command.stream != ResultsCommand::Stream::none) {
    refuse_for_program(directory, "--stdout and --stderr", "its units have no output of their own");
  }
  refuse_command_options(directory, command.selection);
  refuse_other_stages(run, command.selection);
}

bool asks_for_rows(const ResultsCommand& command) {
  const SelectionOptions& asked = command.selection;
  return asked.failed_only || !asked.table.empty() || !asked.reduced.empty() || !asked.where.empty() ||
         !asked.only.empty() || asked.limit || command.format == Format::csv;
}

// Everything of the value, as tables one below the other.
bool asks_for_whole_value(const ResultsCommand& command) {
  const SelectionOptions& asked = command.selection;
  return !asked.reduced.empty() && command.format == Format::table && asked.where.empty() && asked.only.empty() &&
         !asked.limit;
}

void print_overview(const store::RunReader& run, const ResultsCommand& command) {
  ProgramOverview overview;
  overview.directory = command.directory;
  overview.program = run.directory().facts().program;
  overview.stages = run.stage_infos();
  overview.tables = run.tables();
  overview.reduced = run.reduced();
  for (const store::ReducedValue& value : run.reduced_so_far()) overview.reduced.push_back(value);
  overview.dead = run.all_dead();
  print(command.format == Format::json ? overview_json(overview) : overview_text(overview));
}

void print_value(store::RunReader& run, const ResultsCommand& command) {
  const ReducedChoice choice = choose_reduced(run, command.selection.reduced, command.selection.stage);
  const store::ReducedValue& value = choice.value;
  const std::string& name = value.reduce->name;
  const std::string state = value.empty()  ? "; empty: no unit gave anything"
                            : value.so_far ? "; " + so_far_text(value)
                                           : std::string();
  print(fmt::format("{}: {}, of stage {}{}\n", for_message(name), for_message(value.reduce->description),
                    value.stage.value(), state));
  const auto tables = value.tables();
  for (const auto* shown : tables) {
    const std::string& part = shown->table.name;
    if (!choice.part.empty() && part != choice.part) continue;
    SelectionOptions one = command.selection;
    one.reduced = part.empty() ? name : fmt::format("{}/{}", name, part);
    const ProgramRows rows(run, one);
    if (!part.empty()) print(fmt::format("\n{}:\n", for_message(one.reduced)));
    RowPrinter printer(Format::table, rows.fields(), {Layout::chosen});
    rows.for_each([&](RowValues values) { printer.put(values); });
    printer.flush();
  }
  if (!choice.part.empty()) choose_reduced_table(run, command.selection.reduced, command.selection.stage);
}

void print_rows(store::RunReader& run, const ResultsCommand& command) {
  const ProgramRows rows(run, command.selection);
  note_so_far(rows, command.selection.reduced);
  RowPrinter printer(command.format, rows.fields(), {Layout::chosen});
  if (command.unit) {
    need_unit(run, *command.unit, command.selection.stage);
    rows.for_unit(UnitId(*command.unit), [&](RowValues values) { printer.put(values); });
  } else {
    rows.for_each([&](RowValues values) { printer.put(values); });
  }
  printer.flush();
  if (printer.rows() != 0) return;
  const bool filtered = !command.selection.where.empty() || command.selection.stage || command.unit;
  log::info("there are no {}{}", rows.what(), filtered ? " that match" : "");
}

}  // namespace

int show_program_results(store::RunReader& run, const ResultsCommand& command) {
  check(run, command);
  note_state(run, command.directory);
  const SelectionOptions& asked = command.selection;
  const bool one_table = !asked.table.empty() || !asked.only.empty() || command.format == Format::csv;
  if (command.unit && !one_table) {
    print_unit(run, *command.unit, command);
  } else if (asks_for_whole_value(command)) {
    print_value(run, command);
  } else if (asks_for_rows(command) || command.unit) {
    print_rows(run, command);
  } else {
    print_overview(run, command);
  }
  return to_int(ExitCode::ok);
}

}  // namespace kiln::cli
