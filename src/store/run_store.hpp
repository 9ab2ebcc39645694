#pragma once

#include "store/compaction.hpp"
#include "store/crash_mark.hpp"
#include "store/journal.hpp"
#include "store/journal_view.hpp"
#include "store/liveness.hpp"
#include "store/run_directory.hpp"
#include "store/stage_store.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace kiln::store {

struct RunStoreOptions {
  std::filesystem::path path;
  std::string kind = "commands";
  std::string program = "kiln";        ///< of a new run; an existing one keeps its own
  std::vector<std::string> arguments;  ///< of a new run
  std::string directory;               ///< of a new run of a program: where it was started
  std::string build;                   ///< of a new run of a program: which executable it is
  std::string source;                  ///< of a new run: its task file as it was named; "" for none
  std::uint64_t seed = 0;              ///< of a new run
  std::vector<std::string> columns;    ///< of a new run, as in RunFacts; of an existing one: the same, or none given
  bool fresh = false;                  ///< begin anew: an existing run's content is deleted
  bool takeover = false;               ///< do not ask whether the run is in use
  /// A rank of the run takes over from the coordinator of this epoch, while others live: the run is in use, and what
  /// they write stays. Throws Deposed where a later epoch has begun.
  std::optional<Epoch> follows;
  std::string launch_id;  ///< names this launch in epoch and end entries; file-name characters only
  // Of a launch that goes on with earlier ones of the same launcher:
  std::string first_launch;     ///< the one that began; "" for none
  std::string previous_launch;  ///< whose processes have been ended: as owner it is not alive; "" for none

  Duration owner_deadline = kOwnerDeadline;
  std::uint64_t results_memory = 0;         ///< ResultsRequest::memory
  std::uint64_t numbers_per_folder = 1000;  ///< the same for the whole life of a run directory
  CompactionOptions compaction;
  FileOps* ops = nullptr;  ///< borrowed, must outlive the store; nullptr: the system's
};

/// What was there when the run was opened.
struct Recovered {
  bool created = false;             ///< the run is new
  RunFacts facts;                   ///< of run.json
  std::optional<RunFacts> deleted;  ///< of the run that was there, and that `fresh` deleted; not where it is unreadable
  Epoch epoch;                      ///< this launch's
  schedule::IntervalSet done;
  std::vector<protocol::DeadLetter> dead;  ///< ascending; also of units that are not in the source any more
  schedule::IntervalSet given;             ///< may have begun, and have no result; so of units that were removed
  std::uint64_t units = 0;                 ///< ids taken so far
  std::vector<std::string> damage;         ///< for people, one line each; their units run again
  std::optional<EndEntry> last_end;
  EntryNumber highest;                      ///< before this launch wrote anything
  std::uint64_t launches = 0;               ///< before this one
  std::optional<EntryNumber> first_launch;  ///< where RunStoreOptions::first_launch began
  double launch_started = 0;                ///< this launch, Unix seconds UTC: its first epoch
  Epoch launch_epoch;                       ///< that epoch; without `follows` its only one
  schedule::IntervalSet dead_since;         ///< of `dead`: what became so after that
  std::vector<CrashMark> crashed;           ///< ranks that no coordinator of their launch has lived to miss
};

/// A run's storage as its one writer sees it. Opened on one thread, then used by one thread at a time. Every call may
/// throw Deposed (another coordinator took over: write nothing more, leave) or StorageError (nothing of the call
/// happened; it may be tried again).
class RunStore {
 public:
  /// Creates or opens the run directory, asks whether it is in use (up to two owner deadlines), begins an epoch, reads
  /// the journal and repairs it. Throws kiln::Error (run_directory) that says who uses it, or what is wrong and what to
  /// do; nothing was changed then.
  static std::unique_ptr<RunStore> open(const RunStoreOptions& options,
                                        const LivenessClock& clock = LivenessClock::real());

  const Recovered& recovered() const { return recovered_; }
  const RunDirectory& directory() const { return directory_; }

  /// The source of this launch, of which `copy` is kept. Appends a source entry where it differs from what the journal
  /// knows. After it registry() tells units, lines and places in the listing.
  void set_source(ByteView copy, const units::Listing& listing);
  /// The same of plain commands: commands[i] stands on lines[i].
  void set_source(ByteView copy, const std::vector<std::string_view>& commands, const std::vector<std::int64_t>& lines);
  const SourceRegistry& registry() const { return registry_; }
  /// The bytes of the last source, as they were given (for `kiln retry`). Throws kiln::Error (run_directory) where
  /// there is none or it is damaged.
  Bytes source_copy() const;

  /// These dead letters do not count any more: their units may run again. Nothing for an empty set.
  void withdraw(const schedule::IntervalSet& dead);
  /// When it returns, it is durable that these units may begin.
  void give(const schedule::IntervalSet& units);
  /// When it returns, the results are durable. Rows need not be sorted. Throws also kiln::Error (internal)
  /// where rows do not fit the schema.
  EntryNumber commit(const protocol::CommitPlan& plan, const Schema& schema);
  /// The same for the present stage of a program (stages().begin), with the tables of its plan; partial results and
  /// segments of the plan count with it. Segments are files that write_segment made for this run directory.
  EntryNumber commit(const protocol::CommitPlan& plan);
  /// The stages of a program.
  StageStore& stages() { return *stages_; }
  const StageStore& stages() const { return *stages_; }
  /// One piece of housekeeping (merging of old entries); true where there may be more. Called between commits.
  bool maintain() { return compactor_->step(); }
  /// The mark of the dead rank of this launch, as store::find_crash_mark.
  std::optional<CrashMark> find_crash_mark(Rank rank);
  /// What ranks of earlier launches have left counts for nothing: their units are tried as if for the first time.
  void forget_crashes();
  /// About once a second: this launch lives. A beat that cannot be written is no error: it only saves work. Any thread,
  /// also while another one is in a call.
  void beat() noexcept;
  /// Throws Deposed where somebody else has begun an epoch: before what is no entry of the journal is written.
  void check_reign() const;
  /// The same after a pause of this process, in which the other may have put the journal's entries together. Lists the
  /// journal.
  void look_at_reign() const;
  /// The launch has ended.
  void end(const EndEntry& entry);
  /// Makes results.h5 of what is committed; the old one stays until the new one is complete. `schema` gives the columns
  /// where no unit has a row yet. With `coming`, the file tells that outcome and counts as made after the end entry
  /// that must be appended next, with end(*coming).
  void write_results(const Schema& schema = {}, const EndEntry* coming = nullptr);
  /// Last call, after end(): the next run need not wait, and no marks of crashes are left. Errors are of no
  /// consequence.
  void release() noexcept;

  EntryNumber last() const { return journal_.last(); }

 private:
  [[noreturn]] void throw_deposed() const;
  RunStore(RunDirectory directory, const RunStoreOptions& options);
  void begin(const Owner& self);
  void recover(const JournalView& view);
  JournalView read(const ViewOptions& options) const;
  void set_source(ByteView copy, SourceRegistry next, const std::optional<SourceEntry>& entry);
  std::filesystem::path results_path() const { return directory_.file("results.h5"); }

  RunDirectory directory_;
  RunStoreOptions options_;
  Journal journal_;
  std::mutex heart_mutex_;
  Heart heart_;
  Recovered recovered_;
  bool over_ = false;  // nothing is left to be done
  SourceRegistry registry_;
  std::optional<SourceEntry> last_source_;  // without hashes and lines
  std::optional<StageStore> stages_;
  std::optional<Compactor> compactor_;
};

}  // namespace kiln::store
