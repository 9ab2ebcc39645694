#include "store/run_store.hpp"

#include "base/log.hpp"
#include "store/commit_rows.hpp"
#include "store/crash_mark.hpp"
#include "store/reign.hpp"
#include "store/rejected_count.hpp"
#include "store/results_file.hpp"
#include "store/source_copy.hpp"

#include <fmt/core.h>
#include <kiln/version.hpp>

#include <algorithm>
#include <chrono>

namespace kiln::store {
namespace {

double unix_now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

// Somebody else ended it; what a process of it on another node may still write is behind our epoch.
bool is_ended_launch(const RunStoreOptions& options) {
  if (options.previous_launch.empty()) return false;
  const auto text = read_small_file(options.path / "owner.json");
  const auto owner = text ? parse_owner(*text) : std::nullopt;
  return owner && owner->launch_id == options.previous_launch;
}

void refuse_if_in_use(const RunStoreOptions& options, const Owner& self, const LivenessClock& clock) {
  if (is_ended_launch(options)) return;
  const OwnerCheck check = check_owner(options.path, self, options.owner_deadline, clock);
  // A stopped owner that wakes after its entries were deleted could add one to the new run's.
  if (options.fresh && check.may_wake) {
    throw Error(
        ExitCode::run_directory,
        fmt::format("run directory {} cannot be begun anew: {}, but its process is still there. End it first, or "
                    "force it aside with --takeover",
                    options.path.string(), check.why));
  }
  if (!check.in_use) return;
  throw Error(ExitCode::run_directory,
              fmt::format("run directory {} is in use: {}. Wait until that run has ended (kiln status {}), or force it "
                          "aside with --takeover",
                          options.path.string(), check.why, options.path.string()));
}

// A run of another kind, or of a newer kiln, is not ours to delete; one whose run.json is damaged is. What it was.
std::optional<RunFacts> remove_old(const RunStoreOptions& options) {
  std::optional<RunFacts> facts;
  try {
    facts = RunDirectory::open_for_writing(options.path, options.kind).facts();
  } catch (const DamagedFacts&) {
    log::warning("{}: run.json is damaged; its content is removed all the same", options.path.string());
  }
  RunDirectory::remove_content(options.path);
  return facts;
}

RunDirectory create(const RunStoreOptions& options) {
  RunFacts facts;
  facts.kind = options.kind;
  facts.program = options.program;
  facts.arguments = options.arguments;
  facts.source = options.source;
  facts.directory = options.directory;
  facts.build = options.build;
  facts.seed = options.seed;
  facts.created = unix_now();
  facts.kiln_version = KILN_VERSION;
  facts.columns = options.columns;
  facts.format_version = needed_version(facts);
  return RunDirectory::create(options.path, facts);
}

// Rows of other columns beside the old ones would leave gaps that nobody asked for.
void refuse_other_columns(const RunStoreOptions& options, const RunDirectory& directory) {
  const std::vector<std::string>& has = directory.facts().columns;
  const auto sorted = [](std::vector<std::string> columns) {
    std::sort(columns.begin(), columns.end());
    return columns;
  };
  if (options.columns.empty() || sorted(options.columns) == sorted(has)) return;
  std::string list;
  for (const std::string& column : has) list += fmt::format("\n  --columns '{}'", column);
  throw Error(
      ExitCode::run_directory,
      fmt::format("run directory {} takes {} from the output, and that cannot change within a run. Leave "
                  "--columns away to go on; look at what was kept with kiln results --columns; or choose another "
                  "--out, or begin anew with --fresh{}",
                  options.path.string(), has.empty() ? "no columns" : "other columns", list));
}

CommitEntry ledger_of(const protocol::CommitPlan& plan) {
  CommitEntry entry;
  entry.done = plan.done;
  for (const protocol::DeadLetter& letter : plan.dead) entry.dead.push_back({letter, EntryNumber(0)});
  entry.batches = plan.batches;
  return entry;
}

}  // namespace

std::unique_ptr<RunStore> RunStore::open(const RunStoreOptions& options, const LivenessClock& clock) {
  Owner self = this_process();
  self.launch_id = options.launch_id;
  RunDirectory::Found found = RunDirectory::examine(options.path);
  std::optional<RunFacts> deleted;
  if (found == RunDirectory::Found::run) {
    if (!options.fresh) refuse_other_columns(options, RunDirectory::open(options.path, RunDirectory::For::writing));
    if (!options.takeover && !options.follows) refuse_if_in_use(options, self, clock);
    if (options.fresh) {
      deleted = remove_old(options);
      found = RunDirectory::Found::half_gone;
    }
  }
  const bool created = found != RunDirectory::Found::run;
  if (created && options.follows) {
    throw Error(
        ExitCode::run_directory,
        fmt::format("run directory {} is gone: what the run still had to write is lost", options.path.string()));
  }
  RunDirectory directory = created ? create(options) : RunDirectory::open_for_writing(options.path, options.kind);
  std::unique_ptr<RunStore> store(new RunStore(std::move(directory), options));
  store->recovered_.created = created;
  store->recovered_.deleted = std::move(deleted);
  store->begin(self);
  return store;
}

RunStore::RunStore(RunDirectory directory, const RunStoreOptions& options)
    : directory_(std::move(directory)),
      options_(options),
      journal_(directory_.path(), {.launch_id = options.launch_id, .numbers_per_folder = options.numbers_per_folder},
               options.ops == nullptr ? system_file_ops() : *options.ops),
      heart_(directory_, {}) {
  recovered_.facts = directory_.facts();
}

void RunStore::begin(const Owner& self) {
  const Entry epoch = journal_.begin_epoch(
      {.launch_id = options_.launch_id, .host = self.host, .pid = self.pid, .started = unix_now()}, options_.follows);
  // From here on nobody else writes the journal: what lies around is nobody's.
  heart_ = Heart(directory_, self);
  heart_.set_epoch(epoch.epoch);
  beat();
  if (!options_.follows) recovered_.crashed = read_crash_marks(directory_.path());
  remove_temporaries(directory_.path(), {options_.follows ? kPrintPrefix : "", kCrashPrefix});
  remove_temporaries(directory_.file("source"));
  recovered_.epoch = epoch.epoch;
  recovered_.highest = EntryNumber(epoch.number.value() - 1);
  const JournalView view = read({.whole_segments = true});
  journal_.repair(view.scan, options_.follows ? Journal::Workers::live : Journal::Workers::gone);
  recover(view);
  stages_.emplace(journal_, [this] { return read({.parts = true, .batches = true}); });
  stages_->restore(view);
  compactor_.emplace(journal_, view.scan, options_.compaction);
}

void RunStore::recover(const JournalView& view) {
  recovered_.done = view.ledger.done;
  for (const auto& [unit, dead] : view.ledger.dead) recovered_.dead.push_back(dead.letter);
  const auto began = std::ranges::find_if(
      view.ledger.epochs, [this](const auto& epoch) { return epoch.body.launch_id == options_.launch_id; });
  recovered_.launch_started = began == view.ledger.epochs.end() ? unix_now() : began->body.started;
  recovered_.launch_epoch = began == view.ledger.epochs.end() ? recovered_.epoch : began->epoch;
  for (const auto& launch : view.ledger.epochs) {
    const bool is_first = !options_.first_launch.empty() && launch.body.launch_id == options_.first_launch;
    if (is_first && !recovered_.first_launch) recovered_.first_launch = launch.number;
  }
  for (const auto& [unit, dead] : view.ledger.dead) {
    if (recovered_.first_launch && dead.number > *recovered_.first_launch) recovered_.dead_since.insert(single(unit));
  }
  recovered_.given = view.ledger.given;
  recovered_.units = view.units;
  recovered_.damage = view.scan.lines();
  recovered_.damage.insert(recovered_.damage.end(), view.notes.begin(), view.notes.end());
  if (!view.ledger.ends.empty()) recovered_.last_end = view.ledger.ends.back().body;
  recovered_.launches = view.ledger.launches() - 1;
  registry_ = view.registry;
  std::uint32_t newest = 0;
  for (const auto& source : view.ledger.sources) newest = std::max(newest, source.body.version);
  for (const auto& source : view.ledger.sources) {
    // Rebuilt from source/: said once more, so that it is in the journal again.
    if (source.number == EntryNumber(0)) journal_.append(source.body);
    if (source.body.version != newest) continue;
    last_source_ = SourceEntry{source.body.version, source.body.fingerprint, source.body.units, {}, {}};
  }
}

JournalView RunStore::read(const ViewOptions& options) const {
  ViewOptions own = options;
  own.numbers_per_folder = options_.numbers_per_folder;
  own.commands = recovered_.facts.kind == RunFacts().kind;
  return read_journal(directory_.path(), own);
}

void RunStore::set_source(ByteView copy, const units::Listing& listing) {
  SourceRegistry next = registry_;
  const auto entry = next.update(listing, checksum(copy));
  set_source(copy, std::move(next), entry);
}

void RunStore::set_source(ByteView copy, const std::vector<std::string_view>& commands,
                          const std::vector<std::int64_t>& lines) {
  SourceRegistry next = registry_;
  const auto entry = next.update(commands, lines, checksum(copy));
  set_source(copy, std::move(next), entry);
}

void RunStore::set_source(ByteView copy, SourceRegistry next, const std::optional<SourceEntry>& entry) {
  if (entry) {
    write_source_copy(directory_.path(), *entry, copy);
    journal_.append(*entry);
    last_source_ = SourceEntry{entry->version, entry->fingerprint, entry->units, {}, {}};
  }
  registry_ = std::move(next);
}

Bytes RunStore::source_copy() const {
  if (!last_source_) {
    throw Error(ExitCode::run_directory, fmt::format("run directory {} has no task file yet. Give one: kiln run FILE "
                                                     "--out {}",
                                                     directory_.path().string(), directory_.path().string()));
  }
  return read_source_copy(directory_.path(), *last_source_);
}

void RunStore::withdraw(const schedule::IntervalSet& dead) {
  if (dead.empty()) return;
  journal_.append(ReopenEntry{dead});
  std::erase_if(recovered_.dead, [&](const protocol::DeadLetter& letter) { return dead.contains(letter.unit); });
}

void RunStore::give(const schedule::IntervalSet& units) { journal_.append(GivenEntry{units}); }

EntryNumber RunStore::commit(const protocol::CommitPlan& plan, const Schema& schema) {
  CommitEntry entry = ledger_of(plan);
  entry.rows = join_rows(plan.rows, schema);
  return journal_.append(std::move(entry), schema);
}

EntryNumber RunStore::commit(const protocol::CommitPlan& plan) {
  const Tables& tables = stages_->plan().tables;
  CommitEntry entry = ledger_of(plan);
  std::vector<Rows> rows = join_tables(plan.rows, tables);
  std::uint64_t rejected = rejected_in(rows, tables);
  put_tables(std::move(rows), tables, entry);
  entry.partials = plan.partials;
  entry.has_partials = !plan.partials.empty();
  for (const protocol::Segment& segment : plan.segments) {
    SegmentFile file{segment.file, segment.length, segment.checksum, {}};
    for (const Interval& interval : segment.units) file.units.insert(interval);
    entry.done.insert(file.units);
    entry.segments.push_back(std::move(file));
    rejected += segment.rejected;
  }
  const EntryNumber number = journal_.append(std::move(entry), tables.empty() ? Schema() : tables.front().schema,
                                             stages_->stage(), stages_->round());
  std::uint64_t records = 0;
  for (const protocol::BatchRecord& batch : plan.batches) records += batch.records;
  stages_->count_rejected(rejected, records);
  return number;
}

void RunStore::beat() noexcept {
  try {
    const std::lock_guard lock(heart_mutex_);
    heart_.beat();
  } catch (const std::exception& error) {
    log::debug("owner.json: {}", error.what());
  }
}

void RunStore::check_reign() const {
  if (journal_.passed()) throw_deposed();
}

void RunStore::look_at_reign() const {
  check_reign();
  if (const auto last = last_epoch(directory_.path()); last && *last > recovered_.epoch) throw_deposed();
}

void RunStore::throw_deposed() const {
  throw Deposed(
      fmt::format("somebody else has taken over the run directory {}: this rank writes nothing more and leaves",
                  directory_.path().string()));
}

std::optional<CrashMark> RunStore::find_crash_mark(Rank rank) {
  check_reign();  // else it is another's to see
  return store::find_crash_mark(directory_.path(), options_.launch_id, rank);
}

void RunStore::forget_crashes() {
  remove_crash_marks(directory_.path());
  recovered_.crashed.clear();
}

void RunStore::end(const EndEntry& entry) {
  journal_.append(entry);
  over_ = entry.outcome == protocol::Outcome::complete || entry.outcome == protocol::Outcome::units_failed;
}

void RunStore::write_results(const Schema& schema, const EndEntry* coming) {
  for (int tries = 1;; ++tries) {
    const JournalView view = read({.parts = true, .batches = true});
    for (const std::string& line : view.scan.lines()) log::warning("{}", line);
    ResultsRequest request{results_path(), directory_.path(),   directory_.facts(), view,
                           schema,         view.standing_end(), view.scan.highest};
    request.memory = options_.results_memory;
    if (coming != nullptr) {
      request.end = *coming;
      request.made_from = journal_.last().next();
    }
    try {
      return write_results_file(request, [this] { check_reign(); });
    } catch (const Damage& damage) {
      // It was sound a moment ago; the next reading reports it and leaves it out.
      if (tries == 2) throw Error(ExitCode::run_directory, fmt::format("journal: {}", damage.what()));
    }
  }
}

void RunStore::release() noexcept {
  if (over_) remove_crash_marks(directory_.path());  // else the next launch wants to know
  try {
    const std::lock_guard lock(heart_mutex_);
    heart_.release();
  } catch (const std::exception& error) {
    log::debug("owner.json: {}", error.what());
  }
}

}  // namespace kiln::store
