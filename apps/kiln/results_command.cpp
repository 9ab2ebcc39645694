#include "results_command.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
#include "observe/terminal.hpp"
#include "output.hpp"
#include "results_text.hpp"
#include "store/run_reader.hpp"

#include <fmt/core.h>
#include <unistd.h>
#include <kiln/error.hpp>

#include <string>
#include <vector>

namespace kiln::cli {
namespace {

using Format = ResultsCommand::Format;
using Stream = ResultsCommand::Stream;

constexpr std::size_t kBuffer = 256 * 1024;

// Which columns are shown: all but those that every row has anyway.
struct Shown {
  std::vector<std::string> names;
  std::vector<std::size_t> columns;  // of the schema
  std::optional<std::size_t> status;
};

Shown shown_columns(const store::RunReader& run) {
  Shown shown;
  shown.status = run.column("units/status");
  for (std::size_t i = 0; i < run.schema().size(); ++i) {
    const std::string& path = run.schema()[i].name;
    if (path == "units/status" || path == "units/attempts") continue;
    shown.names.push_back(path.substr(path.rfind('/') + 1));
    shown.columns.push_back(i);
  }
  return shown;
}

Value value_at(const Rows& rows, ColumnType type, std::size_t column, std::size_t row) {
  switch (type) {
    case ColumnType::u8:
      return static_cast<std::uint64_t>(rows.at<std::uint8_t>(column, row));
    case ColumnType::i32:
      return static_cast<std::int64_t>(rows.at<std::int32_t>(column, row));
    case ColumnType::i64:
      return rows.at<std::int64_t>(column, row);
    case ColumnType::u64:
      return rows.at<std::uint64_t>(column, row);
    case ColumnType::f64:
      return rows.at<double>(column, row);
    case ColumnType::text:
      return std::string(rows.text_at(column, row));
  }
  return std::monostate();
}

ResultRow to_row(const store::UnitRecord& record, const Schema& schema, const Shown& shown) {
  ResultRow out;
  out.unit = record.unit.value();
  out.line = record.line;
  out.attempts = record.attempts;
  out.reason = record.reason.value_or("");
  out.status = record.done ? "ok" : "failed";
  if (record.rows != nullptr && shown.status) out.status = record.rows->text_at(*shown.status, record.row);
  if (record.removed) out.status = "removed";
  for (const std::size_t column : shown.columns) {
    out.columns.push_back(record.rows == nullptr ? Value()
                                                 : value_at(*record.rows, schema[column].type, column, record.row));
  }
  return out;
}

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

void print_unit(const store::RunReader& run, const ResultsCommand& command) {
  const Shown shown = shown_columns(run);
  const bool found = run.find_unit(UnitId(*command.unit), [&](const store::UnitRecord& record) {
    const ResultRow row = to_row(record, run.schema(), shown);
    if (command.format == Format::csv) print(csv_header(shown.names) + csv_row(row));
    if (command.format == Format::json) print(json_row(shown.names, row));
    if (command.format == Format::table) print(unit_text(shown.names, row, command.directory));
  });
  if (!found) no_such_unit(run, command);
}

void print_all(const store::RunReader& run, const ResultsCommand& command) {
  const Shown shown = shown_columns(run);
  const store::Totals totals = run.totals();
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  const ResultTable table(shown.names, command.failed_only, terminal ? observe::terminal_columns(STDOUT_FILENO) : 0,
                          totals.units + totals.removed);
  std::string buffer;
  std::uint64_t count = 0;
  if (command.format == Format::csv) buffer = csv_header(shown.names);
  const auto which = command.failed_only ? store::RunReader::Which::failed : store::RunReader::Which::all;
  run.for_each(which, [&](const store::UnitRecord& record) {
    const ResultRow row = to_row(record, run.schema(), shown);
    if (command.format == Format::csv) buffer += csv_row(row);
    if (command.format == Format::json) buffer += json_row(shown.names, row);
    if (command.format == Format::table) buffer += (count == 0 ? table.header() : "") + table.row(row);
    ++count;
    if (buffer.size() < kBuffer) return;
    print(buffer);
    buffer.clear();
  });
  print(buffer);
  if (command.format != Format::table || count != 0) return;
  if (command.failed_only) {
    log::info("no unit has failed ({} done, {} to do)", format_count(totals.done), format_count(totals.pending));
  } else {
    log::info("no unit has a result yet ({} to do)", format_count(totals.pending));
  }
}

}  // namespace

int show_results(const ResultsCommand& command) {
  const store::RunReader run = store::RunReader::open(command.directory);
  for (const std::string& line : run.damage()) log::warning("{}", line);
  if (command.stream != Stream::none) {
    print_stream(run, command);
  } else if (command.unit) {
    print_unit(run, command);
  } else {
    print_all(run, command);
  }
  return to_int(ExitCode::ok);
}

}  // namespace kiln::cli
