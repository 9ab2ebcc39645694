#include "results_command.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
#include "output.hpp"
#include "program_options.hpp"
#include "program_results.hpp"
#include "row_printer.hpp"
#include "run_notes.hpp"
#include "selection.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <optional>
#include <string>

namespace kiln::cli {
namespace {

using Format = ResultsCommand::Format;
using Stream = ResultsCommand::Stream;

[[noreturn]] void no_such_unit(const store::RunReader& run, const ResultsCommand& command) {
  const store::Totals totals = run.totals();
  const std::uint64_t units = totals.units + totals.removed;
  if (*command.unit < units) {
    throw Error(ExitCode::bad_input, fmt::format("unit {} has not ended yet: kiln status {} shows how the run stands",
                                                 *command.unit, command.directory));
  }
  throw Error(ExitCode::bad_input, units == 0 ? fmt::format("{} has no units", command.directory)
                                              : fmt::format("{} has no unit {}: they are 0 to {}", command.directory,
                                                            *command.unit, units - 1));
}

void print_stream(const store::RunReader& run, const ResultsCommand& command) {
  if (!run.find_unit(UnitId(*command.unit), [](const store::UnitRecord&) {})) no_such_unit(run, command);
  const bool out = command.stream == Stream::out;
  const auto text = run.raw_text(UnitId(*command.unit), out ? "output/stdout" : "output/stderr");
  if (!text) {
    throw Error(ExitCode::bad_input, fmt::format("nothing was kept of the standard {} of unit {} in {}",
                                                 out ? "output" : "error", *command.unit, command.directory));
  }
  print(*text);
}

RowPrinter printer_for(const ResultsCommand& command, const Selection& selection, std::uint64_t units) {
  const auto layout = !command.selection.only.empty() ? ResultTable::Layout::chosen
                      : command.selection.failed_only ? ResultTable::Layout::failed
                                                      : ResultTable::Layout::all;
  return {command.format, selection.fields(), {layout, 0, units, selection.from_output()}};
}

void print_unit(const store::RunReader& run, const ResultsCommand& command, const Selection& selection) {
  const bool found = run.find_unit(UnitId(*command.unit), [](const store::UnitRecord&) {});
  if (!found) no_such_unit(run, command);
  RowPrinter printer = printer_for(command, selection, 0);
  selection.find_unit(UnitId(*command.unit), [&](RowValues values) {
    if (command.format == Format::table) {
      print(unit_text(selection.fields(), values, command.directory));
    } else {
      printer.put(values);
    }
  });
  printer.flush();
}

void say_nothing_found(const store::RunReader& run, const ResultsCommand& command) {
  const store::Totals totals = run.totals();
  if (!command.selection.where.empty()) {
    log::info("no {}unit matches --where", command.selection.failed_only ? "failed " : "");
  } else if (command.selection.failed_only) {
    log::info("no unit has failed ({} done, {} to do)", format_count(totals.done), format_count(totals.pending));
  } else if (totals.done + totals.failed + totals.removed == 0) {
    log::info("no unit has a result yet ({} to do)", format_count(totals.pending));
  }
}

}  // namespace

int show_results(const ResultsCommand& command) {
  store::RunReader run = store::RunReader::open(command.directory);
  if (run.is_program()) return show_program_results(run, command);
  refuse_program_options(command.directory, command.selection);
  note_state(run, command.directory);
  if (command.stream != Stream::none) {
    print_stream(run, command);
    return to_int(ExitCode::ok);
  }
  const Selection selection(run, command.selection);
  if (command.unit) {
    print_unit(run, command, selection);
  } else {
    RowPrinter printer = printer_for(command, selection, run.totals().units + run.totals().removed);
    selection.for_each([&](RowValues values) { printer.put(values); });
    printer.flush();
    if (command.format == Format::table && printer.rows() == 0) say_nothing_found(run, command);
  }
  note_cut_outputs(selection.cut_outputs());
  return to_int(ExitCode::ok);
}

}  // namespace kiln::cli
