#pragma once

#include "store/journal.hpp"
#include "store/journal_view.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kiln::store {

/// What the run directory knows of a stage when the program comes to it.
struct StageState {
  std::uint32_t round = 0;
  bool resumed = false;  ///< an earlier launch worked on this round: what follows is its
  std::string why;       ///< for people: why what an earlier launch had of this stage does not count; "" where it does
  PlanEntry plan;        ///< as it is in the journal
  schedule::IntervalSet done;
  std::vector<protocol::DeadLetter> dead;  ///< ascending
  std::uint64_t partials = 0;              ///< how many read_partials will give
  std::optional<StageEndEntry> end;        ///< the stage is over: nothing of it is to be run
  Epoch ended_in;                          ///< the reign in which it came to that
};

/// The stages of a program's run, as their one writer sees them: which of their results count, and what is appended
/// for them. Called in the order in which the program comes to its stages. Throws as RunStore.
class StageStore {
 public:
  /// Borrows all for its life. `read` reads the journal, with parts and batches, as it is now.
  StageStore(Journal& journal, std::function<JournalView()> read);

  /// What the run had when it was opened.
  void restore(const JournalView& view);

  /// What the journal holds of a stage's plan so far, whether it will count or not; nullptr for nothing.
  const PlanEntry* stored_plan(StageId stage) const;
  /// What the journal had of a stage when the run was opened, whether it counts or not; nullptr for nothing.
  const LedgerState* opened_with(StageId stage) const;
  /// The next stage; the one before must have ended. `plan`: without before and identity. Where the journal knows the
  /// same stage after the same stages, its results are kept; else a new round begins. Throws kiln::Error (usage) where
  /// a table's name was used by an earlier stage or is one of kiln's own. `shorter`: the plan as it was before units
  /// were added behind; where the journal knows the stage so, its results are kept too, and the stage is open again.
  /// `lost` is asked, where there are results to be kept, why they cannot be; read_partials() may be called in it. ""
  /// keeps them, all else begins a new round.
  StageState begin(StageId stage, PlanEntry plan, const PlanEntry* shorter = nullptr,
                   const std::function<std::string(const StageState&)>& lost = {});
  /// Whether the journal has the ends of so many stages behind this one, on top of this end: what it has of them
  /// counts.
  bool is_followed(StageId stage, const StageEndEntry& end, std::uint32_t by) const;
  /// Instead of begin() for all stages before this one: the program has passed them already, in this launch, when this
  /// rank takes over, and they count as the journal has them. False, with nothing changed, where the journal does not
  /// have the end of each.
  bool skip_to(StageId stage);
  /// Gives the partial results of the stage's committed units, one blob at a time, in the journal's order: together
  /// those of exactly StageState::done. To be called directly after begin().
  void read_partials(const std::function<void(Bytes)>& take) const;

  /// Rejected records of the present stage that are committed, by earlier launches too.
  std::uint64_t rejected() const { return rejected_; }
  /// Of so many lines, or binary records, of files that were read; those that were read again count again.
  std::uint64_t records() const { return records_; }
  /// So many more are.
  void count_rejected(std::uint64_t rejected, std::uint64_t records) {
    rejected_ += rejected;
    records_ += records;
  }

  /// The present stage's tables, number and round.
  const PlanEntry& plan() const;
  StageId stage() const { return stage_; }
  std::uint32_t round() const { return round_; }
  /// The present stage is over. The entry is durable on return.
  void end(const StageEndEntry& entry);

  /// The ends of the stages so far, read from the journal as it is now.
  std::map<StageId, StageEndEntry> ends() const;

  /// Digest of all stages so far and of their values: what an at_root that was done before must have seen.
  std::uint64_t chain() const { return chain_; }
  bool root_done(const std::string& name, std::uint32_t call) const;
  void record_root(const std::string& name, std::uint32_t call);

  struct Withdrawn {
    StageId stage;
    std::string name;
    std::uint64_t units = 0;
  };
  /// Withdraws the dead letters of every stage that counts (`--retry`); before the first begin(). Stages behind one
  /// that then gives another value run again. Not those that became so after entry `until`.
  std::vector<Withdrawn> withdraw_dead(std::optional<EntryNumber> until = std::nullopt);

 private:
  LedgerState* known(StageId stage);
  void check_tables(const PlanEntry& plan);
  std::uint64_t identity_here(PlanEntry plan) const;
  StageState keep(LedgerState& ledger, const PlanEntry& plan);
  void begin_round(StageState& state, const PlanEntry& plan, const LedgerState* old, std::string why = {});

  Journal& journal_;
  std::function<JournalView()> read_;
  std::map<StageId, LedgerState> ledgers_;
  std::uint32_t standing_ = 0;
  std::vector<RootEntry> roots_;
  std::vector<RowsPart> parts_;  // with partial results of the present stage
  std::set<std::string> table_names_;

  bool began_ = false, ended_ = false;  // the present stage
  StageId stage_;
  std::uint32_t round_ = 0;
  PlanEntry plan_;
  std::uint64_t chain_ = 0;
  std::uint64_t rejected_ = 0, records_ = 0;
};

}  // namespace kiln::store
