#include "store/results_file.hpp"

#include "base/log.hpp"
#include "base/start_directory.hpp"
#include "base/text.hpp"
#include "store/file_ops.hpp"
#include "store/guarded_file.hpp"
#include "store/program_tables.hpp"
#include "store/results_tables.hpp"
#include "store/results_trailer.hpp"
#include "store/small_file.hpp"
#include "store/source_copy.hpp"
#include "units/command_list.hpp"

#include <fmt/core.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <kiln/error.hpp>
#include <kiln/version.hpp>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>

namespace kiln::store {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kResultsFormat = 1;

fs::path folder_of(const fs::path& file) { return file.has_parent_path() ? file.parent_path() : fs::path("."); }

void require_space(const fs::path& folder, std::uint64_t bytes) {
  struct statvfs disk {};
  if (::statvfs(from_start(folder).c_str(), &disk) != 0) return;
  if (static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize >= bytes) return;
  throw StorageError(ENOSPC, fmt::format("make {} of about {} bytes in", "results.h5", bytes), folder);
}

std::string launch_state(const ResultsRequest& request) {
  return request.end ? outcome_name(request.end->outcome) : "unfinished";
}

bool is_program(const ResultsRequest& request) { return request.facts.kind == kProgramKind; }

void write_facts(const h5::Handle& file, const ResultsRequest& request) {
  const RunFacts& facts = request.facts;
  const auto text = [&](const char* name, std::string_view value) { h5::write_attribute(file, name, to_utf8(value)); };
  text("kiln_version", KILN_VERSION);
  h5::write_attribute(file, "format_version", kResultsFormat);
  text("kind", facts.kind);
  text("program", facts.program);
  if (!facts.directory.empty()) text("directory", facts.directory);
  text("arguments", nlohmann::json(facts.arguments).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  h5::write_attribute(file, "seed", facts.seed);
  h5::write_attribute(file, "created", facts.created);
  text("outcome", launch_state(request));
  h5::write_attribute(file, "exit_code", request.end ? request.end->exit_code : std::int32_t{-1});
  h5::write_attribute(file, "launches", request.view.ledger.launches());
  h5::write_attribute(file, "made_from", request.made_from.value());
  const Totals totals = request.view.totals();
  h5::write_attribute(file, "units", totals.units);
  h5::write_attribute(file, "done", totals.done);
  h5::write_attribute(file, "failed", totals.failed);
  h5::write_attribute(file, "pending", totals.pending);
  if (!is_program(request)) h5::write_attribute(file, "removed", totals.removed);
  if (request.units != nullptr) h5::write_attribute(file, "selected", request.units->count());
}

// Dead letters whose rows are nowhere get rows all the same: each unit that is settled has one.
std::vector<UnitId> dead_units(const ResultsRequest& request) {
  std::vector<UnitId> units;
  for (const auto& [unit, letter] : request.view.ledger.dead) {
    if (request.units == nullptr || request.units->contains(unit)) units.push_back(unit);
  }
  return units;
}

std::vector<StageDead> dead_letters(const ResultsRequest& request) {
  std::vector<StageDead> letters = request.view.all_dead();
  if (request.units == nullptr) return letters;
  std::erase_if(letters, [&](const StageDead& one) { return !request.units->contains(one.dead.letter.unit); });
  return letters;
}

std::uint64_t bytes_around(const ResultsRequest& request) {
  return request.view.batches.size() * sizeof(StageBatch) + (std::uint64_t{1} << 20);
}

// Where the stages of the present task file begin. Nothing where the copy of it is lost.
std::vector<std::int64_t> stage_lines(const ResultsRequest& request) {
  const auto& sources = request.view.ledger.sources;
  if (sources.empty()) return {};
  try {
    return units::stage_lines(as_text(read_source_copy(request.run_directory, sources.back().body)));
  } catch (const Error& error) {
    log::warning("{}; units/stage is 0", error.what());
    return {};
  }
}

void write_command_tables(const GuardedFile& guarded, const ResultsRequest& request) {
  const h5::Handle& file = guarded.file();
  std::vector<RowsPart> parts = request.view.parts;
  if (request.units != nullptr) keep_units(parts, *request.units);
  RowStream stream(parts, dead_units(request));
  const Schema schema = stream.schema().empty() ? request.schema : stream.schema();
  if (has_unit_table(schema))
    stream.add(rows_for_dead(stream.missing(), request.view, schema, request.run_directory), schema);
  require_space(folder_of(request.file), stream.bytes() + stream.bytes() / 2 + bytes_around(request));
  ResultsTables tables(file, schema, stream.rows(), request.view, stage_lines(request));
  RowWindow window;
  while (stream.next(window)) {
    tables.put(window);
    guarded.check();
  }
  tables.finish();
}

void write_program_tables(const GuardedFile& guarded, const ResultsRequest& request) {
  const std::uint64_t rows = bytes_of_rows(request.view);
  require_space(folder_of(request.file), rows + rows / 2 + bytes_around(request));
  const RowStreamLimits limits = RowStreamLimits::within(request.memory);
  write_row_tables(guarded, request.view, limits);
  const auto rejected = write_rejected(guarded, request.view, limits);
  write_reduced(guarded, request.view);
  write_stages(guarded.file(), request.view, rejected);
}

void write_tables(const GuardedFile& guarded, const ResultsRequest& request) {
  const bool program = is_program(request);
  if (program) {
    write_program_tables(guarded, request);
  } else {
    write_command_tables(guarded, request);
  }
  write_dead_letters(guarded.file(), dead_letters(request), program);
  write_batches(guarded.file(), request.view.batches, program);
  write_facts(guarded.file(), request);
}

class Temporary {
 public:
  explicit Temporary(const fs::path& file)
      : path_(folder_of(file) / fmt::format("{}{}-{}", kTemporaryPrefix, file.filename().string(), ::getpid())) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    std::error_code ignored;
    fs::remove(from_start(path_), ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

const char* outcome_name(protocol::Outcome outcome) {
  switch (outcome) {
    case protocol::Outcome::complete:
      return "complete";
    case protocol::Outcome::units_failed:
      return "units_failed";
    case protocol::Outcome::too_many_failures:
      return "too_many_failures";
    case protocol::Outcome::interrupted:
      return "interrupted";
    case protocol::Outcome::storage:
      return "storage";
    case protocol::Outcome::fault:
      return "fault";
    case protocol::Outcome::held_up:
      return "held_up";
    case protocol::Outcome::cut_off:
      return "cut_off";
  }
  return "unknown";
}

void write_results_file(const ResultsRequest& request, const std::function<void()>& last_check) {
  const Temporary temporary(request.file);
  {
    GuardedFile guarded(temporary.path());
    write_tables(guarded, request);
    guarded.finish();
  }
  append_results_trailer(temporary.path(), request.made_from);
  if (last_check) last_check();
  if (::rename(from_start(temporary.path()).c_str(), from_start(request.file).c_str()) != 0)
    throw StorageError(errno, "replace", request.file);
  sync_folder(system_file_ops(), folder_of(request.file));
}

}  // namespace kiln::store
