#include "export_command.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
#include "joblog.hpp"
#include "observe/output_file.hpp"
#include "output_directory.hpp"
#include "program_options.hpp"
#include "program_rows.hpp"
#include "run_notes.hpp"
#include "selection.hpp"
#include "store/file_ops.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <system_error>
#include <vector>

namespace kiln::cli {
namespace {

namespace fs = std::filesystem;
using observe::OutputFile;
using Existing = OutputFile::Existing;

// What takes rows, and ends.
struct Sink {
  std::function<void(RowValues)> put;
  std::function<void()> finish;
};

// The files asked for; all begun before a row is read, so that a bad name costs nothing.
class Sinks {
 public:
  /// `fields` outlives this. `units`: the highest id expected.
  Sinks(const ExportCommand& command, const std::vector<Field>& fields, std::uint64_t units) {
    const Existing existing = command.force ? Existing::replaced : Existing::refused;
    if (!command.csv.empty()) {
      OutputFile& file = add_file("--csv", command.csv, existing);
      if (!fields.empty()) append_csv_header(file.buffer(), fields);
      add(file, [](std::string& out, RowValues values) { append_csv_row(out, values); });
    }
    if (!command.json.empty()) {
      add(add_file("--json", command.json, existing),
          [&fields](std::string& out, RowValues values) { append_json_row(out, fields, values); });
    }
    if (!command.joblog.empty()) {
      OutputFile& file = add_file("--joblog", command.joblog, existing);
      file.buffer() += Joblog::header();
      add(file, [joblog = Joblog(fields)](std::string& out, RowValues values) { joblog.append_row(out, values); });
    }
    if (!command.output_dir.empty()) {
      directory_.emplace(command.output_dir, fields, units);
      sinks_.push_back({[this](RowValues values) { directory_->put(values); }, [this] { directory_->finish(); }});
    }
  }
  Sinks(const Sinks&) = delete;
  Sinks& operator=(const Sinks&) = delete;

  bool empty() const { return sinks_.empty(); }
  void put(RowValues values) {
    for (const Sink& sink : sinks_) sink.put(values);
  }
  void finish() {
    for (const Sink& sink : sinks_) sink.finish();
  }

 private:
  OutputFile& add_file(const char* option, const std::string& name, Existing existing) {
    files_.push_back(std::make_unique<OutputFile>(option, name, existing));
    return *files_.back();
  }
  template <class Append>
  void add(OutputFile& file, Append append) {
    sinks_.push_back({[&file, append = std::move(append)](RowValues values) {
                        append(file.buffer(), values);
                        file.flush_when_full();
                      },
                      [&file] { file.finish(); }});
  }

  std::vector<std::unique_ptr<OutputFile>> files_;
  std::optional<OutputDirectory> directory_;
  std::vector<Sink> sinks_;
};

// Removes the file, where it still is, on every way out.
struct Temporary {
  fs::path path;
  explicit Temporary(fs::path temporary) : path(std::move(temporary)) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    std::error_code ignored;
    fs::remove(path, ignored);
  }
};

void export_hdf5(const store::RunReader& run, const ExportCommand& command, const schedule::IntervalSet* units) {
  const Existing existing = command.force ? Existing::replaced : Existing::refused;
  const fs::path file = command.hdf5;
  const Temporary temporary(OutputFile::temporary_for(file));
  try {
    run.export_hdf5(temporary.path, units);
  } catch (const store::StorageError& error) {
    if (error.path().parent_path() != temporary.path.parent_path()) throw;
    observe::refuse_output("--hdf5", "write", file, error.error_number());
  }
  OutputFile::place("--hdf5", temporary.path, file, existing);
}

// The units that the options choose, in the order of their ids.
schedule::IntervalSet units_wanted(const store::RunReader& run, SelectionOptions options) {
  options.only = {"unit"};
  schedule::IntervalSet units;
  Selection(run, options).for_each([&](RowValues values) {
    if (const auto* const unit = std::get_if<std::uint64_t>(&values[0])) units.insert(single(UnitId(*unit)));
  });
  return units;
}

void export_commands(const store::RunReader& run, const ExportCommand& command) {
  const Selection selection(run, command.selection);
  const store::Totals totals = run.totals();
  Sinks sinks(command, selection.fields(), totals.units + totals.removed);
  if (!sinks.empty()) {
    selection.for_each([&](RowValues values) { sinks.put(values); });
  }
  if (!command.hdf5.empty()) {
    const bool all = command.selection.where.empty() && !command.selection.failed_only;
    const schedule::IntervalSet units = all ? schedule::IntervalSet() : units_wanted(run, command.selection);
    export_hdf5(run, command, all ? nullptr : &units);
  }
  sinks.finish();
  note_cut_outputs(selection.cut_outputs());
}

void check_for_program(const store::RunReader& run, const ExportCommand& command) {
  const std::string& directory = command.directory;
  const SelectionOptions& asked = command.selection;
  if (!command.joblog.empty()) refuse_for_program(directory, "--joblog", "its units are no commands; --failed --csv");
  if (!command.output_dir.empty()) refuse_for_program(directory, "--output-dir", "its units have no output");
  refuse_command_options(directory, asked);
  refuse_other_stages(run, asked);
  const bool part = asked.failed_only || asked.stage || !asked.where.empty() || !asked.table.empty();
  if (!command.hdf5.empty() && (part || !asked.reduced.empty())) {
    throw Error(ExitCode::usage,
                fmt::format("--hdf5 writes the whole run of a program, all tables and values: leave out --table, "
                            "--reduced, --stage, --failed and --where, or choose with --csv or --json"));
  }
}

void export_program(store::RunReader& run, const ExportCommand& command) {
  check_for_program(run, command);
  if (!command.hdf5.empty() && command.csv.empty() && command.json.empty()) return export_hdf5(run, command, nullptr);
  const ProgramRows rows(run, command.selection);
  note_so_far(rows, command.selection.reduced);
  Sinks sinks(command, rows.fields(), 0);
  rows.for_each([&](RowValues values) { sinks.put(values); });
  if (!command.hdf5.empty()) export_hdf5(run, command, nullptr);
  sinks.finish();
}

}  // namespace

int export_results(const ExportCommand& command) {
  store::RunReader run = store::RunReader::open(command.directory);
  if (!run.is_program()) refuse_program_options(command.directory, command.selection);
  note_state(run, command.directory);
  if (!command.hdf5.empty()) {
    observe::check_destination("--hdf5", command.hdf5, command.force ? Existing::replaced : Existing::refused);
  }
  if (run.is_program()) {
    export_program(run, command);
  } else {
    export_commands(run, command);
  }
  return to_int(ExitCode::ok);
}

}  // namespace kiln::cli
