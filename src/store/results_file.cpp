#include "store/results_file.hpp"

#include "base/text.hpp"
#include "store/file_ops.hpp"
#include "store/guarded_file.hpp"
#include "store/results_tables.hpp"
#include "store/results_trailer.hpp"
#include "store/small_file.hpp"

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
  if (::statvfs(folder.c_str(), &disk) != 0) return;
  if (static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize >= bytes) return;
  throw StorageError(ENOSPC, fmt::format("make {} of about {} bytes in", "results.h5", bytes), folder);
}

std::string launch_state(const ResultsRequest& request) {
  return request.end ? outcome_name(request.end->outcome) : "unfinished";
}

void write_facts(const h5::Handle& file, const ResultsRequest& request) {
  const RunFacts& facts = request.facts;
  const auto text = [&](const char* name, std::string_view value) { h5::write_attribute(file, name, to_utf8(value)); };
  text("kiln_version", KILN_VERSION);
  h5::write_attribute(file, "format_version", kResultsFormat);
  text("kind", facts.kind);
  text("program", facts.program);
  text("arguments", nlohmann::json(facts.arguments).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  h5::write_attribute(file, "seed", facts.seed);
  h5::write_attribute(file, "created", facts.created);
  text("outcome", launch_state(request));
  h5::write_attribute(file, "exit_code", request.end ? request.end->exit_code : std::int32_t{-1});
  h5::write_attribute(file, "launches", std::uint64_t{request.view.ledger.epochs.size()});
  h5::write_attribute(file, "made_from", request.made_from.value());
  const Totals totals = request.view.totals();
  h5::write_attribute(file, "units", totals.units);
  h5::write_attribute(file, "done", totals.done);
  h5::write_attribute(file, "failed", totals.failed);
  h5::write_attribute(file, "pending", totals.pending);
  h5::write_attribute(file, "removed", totals.removed);
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

std::vector<RowsPart> parts_wanted(const ResultsRequest& request) {
  std::vector<RowsPart> parts = request.view.parts;
  if (request.units == nullptr) return parts;
  for (RowsPart& part : parts) {
    schedule::IntervalSet take;
    for (const Interval interval : part.take.intervals()) take.insert(request.units->intersection(interval));
    part.take = std::move(take);
  }
  return parts;
}

void write_tables(const GuardedFile& guarded, const ResultsRequest& request) {
  const h5::Handle& file = guarded.file();
  RowStream stream(parts_wanted(request), dead_units(request));
  const Schema schema = stream.schema().empty() ? request.schema : stream.schema();
  if (has_unit_table(schema)) stream.add(rows_for_dead(stream.missing(), request.view, schema), schema);
  const std::uint64_t batches = request.view.batches.size() * sizeof(StageBatch);
  require_space(folder_of(request.file), stream.bytes() + stream.bytes() / 2 + batches + (std::uint64_t{1} << 20));
  ResultsTables tables(file, schema, stream.rows(), request.view);
  RowWindow window;
  while (stream.next(window)) {
    tables.put(window);
    guarded.check();
  }
  tables.finish();
  write_dead_letters(file, dead_letters(request), false);
  write_batches(file, request.view.batches, false);
  write_facts(file, request);
}

class Temporary {
 public:
  explicit Temporary(const fs::path& file)
      : path_(folder_of(file) / fmt::format("{}{}-{}", kTemporaryPrefix, file.filename().string(), ::getpid())) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    std::error_code ignored;
    fs::remove(path_, ignored);
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
  }
  return "unknown";
}

void write_results_file(const ResultsRequest& request) {
  const Temporary temporary(request.file);
  {
    GuardedFile guarded(temporary.path());
    write_tables(guarded, request);
    guarded.finish();
  }
  append_results_trailer(temporary.path(), request.made_from);
  if (::rename(temporary.path().c_str(), request.file.c_str()) != 0) throw StorageError(errno, "replace", request.file);
  sync_folder(system_file_ops(), folder_of(request.file));
}

}  // namespace kiln::store
