#pragma once

#include "flow/seen_files.hpp"
#include "job/environment.hpp"
#include "job/program_archive.hpp"
#include "job/program_rank.hpp"
#include "job/rank_join.hpp"
#include "job/rank_loop.hpp"
#include "job/run_end.hpp"
#include "job/run_observer.hpp"
#include "job/run_options.hpp"
#include "job/run_program.hpp"
#include "observe/summary.hpp"
#include "store/run_store.hpp"

#include <kiln/detail/keyed/run_place.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kiln::job {

/// The coordinator of a program's run: goes through the program's calls, stage by stage, to results.h5.
class ProgramRun {
 public:
  /// The coordinator's rank; lives as long as that.
  struct Rank0 {
    net::Transport& transport;
    net::Collectives& collectives;
    Waiter& waiter;
    ProgramThread& thread;
    ProgramRank& rank;
    std::string build, machine;
  };
  /// Opens the run directory. Everything referred to outlives this. Throws kiln::Error.
  ProgramRun(const RunOptions& options, const Environment& environment, const std::vector<std::string>& arguments,
             const ProgramFacts& program, Rank0 rank0);

  /// The same of a rank that takes over from the coordinator of this epoch, from what the run directory says. Any
  /// thread. Throws store::Deposed where another has been faster.
  ProgramRun(const RunOptions& options, const Environment& environment, const ProgramFacts& program, Rank0 rank0,
             std::string launch_id, Epoch follows);

  /// Runs to the end and sends the other ranks home, also when it throws. Returns the exit code. With an inheritance:
  /// goes on from there. Throws store::Deposed when another rank has taken over.
  int run(std::unique_ptr<Inheritance> inheritance = nullptr);

 private:
  struct Running;  // what exists while it runs

  void open(const std::vector<std::string>& arguments);
  void open_store(store::RunStoreOptions open);
  void withdraw_dead();
  std::vector<Rank> workers() const;
  void greet(Running& running);
  std::string reign() const;
  bool all_see(Running& running) const;
  RunObserver::Facts observer_facts();

  // The calls.
  void serve(Running& running);
  bool must_stop(Running& running);
  bool gathers_first(Running& running);
  void run_call(Running& running, const ProgramCall& call);
  void run_root(Running& running, const ProgramCall& call);
  void end_program(Running& running, const ProgramCall& call);
  void answer(Running& running, const ProgramCall& call, detail::StageResult result);
  void begin_answer(Running& running, const ProgramCall& call, detail::StageResult result, Bytes content);
  void end_answer(Running& running);

  // Another rank was the coordinator before (program_takeover.cpp).
  void take_over(Running& running);
  void note_passed(const std::vector<PassedCall>& passed);
  void count_before(const ProgramCall& call, std::uint64_t found);
  bool of_this_launch(Epoch epoch) const;
  bool began_in_this_launch(StageId stage) const;

  // Ranks that die, and those that are back (program_lost.cpp).
  struct Answered {
    PassedCall call;
    bool resumed = false;  // as in detail::StageResult
    bool durable = false;  // its values are in the journal
  };
  void hear_passed(Rank rank, std::uint32_t call);
  void rank_lost(Running& running);
  void rank_back(Running& running, Rank rank);
  void owe(Running& running, Rank rank);
  bool owes_any() const;
  void note_answer(const ProgramCall& call, const detail::StageResult& result, bool durable);
  void pay(Running& running);
  bool pay(Running& running, const Answered& answer);

  // Stages.
  void run_stage(Running& running, const ProgramCall& call);
  void tell_stage(const Running& running);
  void run_units(Running& running, const ProgramCall& call, const units::Source& source);
  bool turn(Running& running);
  void prepare_join(Running& running);
  void turn_join(Running& running);
  void end_join(Running& running);
  void leave_join();
  std::optional<protocol::Answer> answer_joined(Running& running, flow::StageHarvest& sum, std::uint64_t units,
                                                std::unique_ptr<flow::StageHarvest> own);
  void answer_early(Running& running, ProgramArchive::Early early);

  // The present stage; on the writer thread, while the main thread waits.
  void begin_stage(const ProgramCall& call, ProgramArchive& archive);
  // Runs of steps by key (program_runs.cpp).
  store::StageState begin_stage(const detail::StagePlan& plan, StageId stage, store::PlanEntry entry,
                                const store::PlanEntry* shorter);
  std::vector<detail::RunReference> runs_of(const detail::StagePlan& plan, const store::StageState& state) const;
  std::filesystem::path runs_folder() const;
  std::filesystem::path scratch_of(const store::RunFacts& run) const;
  void prepare_scratch();
  void leave_runs() const;
  void end_stage(ProgramArchive& archive);
  detail::StageResult result_of(const store::StageEndEntry& end, bool resumed) const;
  bool on_writer(Running& running, const std::function<void()>& task);

  protocol::CoordinatorOptions coordinator_options(const detail::StagePlan& plan) const;
  protocol::CoordinatorStart coordinator_start(const ProgramCall& call) const;
  std::string name_unit(UnitId unit) const;
  void note_failure(std::vector<observe::FailedUnit>& failures, UnitId unit, const std::string& reason);

  // The end.
  int finish(Running& running);
  void set_end(const Running& running);
  void write_exports();
  void summarise() const;
  // Rejected records (program_rejected.cpp).
  bool rejects_too_many(Running& running, bool all);
  void tell_rejected() const;

  const RunOptions& options_;
  const Environment& environment_;
  const ProgramFacts& program_;
  Rank0 rank0_;
  std::string launch_id_;
  std::unique_ptr<store::RunStore> store_;

  // The present stage.
  const detail::StagePlan* plan_ = nullptr;
  std::string stage_name_;
  std::vector<detail::ReduceSink> reduces_;
  bool answered_ = false;  // the program has its values and goes on: the plan is gone
  std::uint32_t stage_ = 0;
  store::StageState state_;
  Bytes source_;  // its descriptor
  std::vector<schedule::PriorityClass> priorities_;
  double stage_begun_ = 0;
  detail::StageCounts counts_;
  std::optional<store::StageEndEntry> ended_;
  std::optional<protocol::Join> join_asked_;  // by the coordinator; until it is over
  std::unique_ptr<RankJoin> join_;            // begun
  struct JoinRoom {
    std::unique_ptr<flow::StageHarvest> sum, value;  // the program's
  };
  JoinRoom join_room_;  // made by the writer thread while units run
  // A call whose answer went by a collective: until all have passed it, some may still be in that.
  std::optional<std::uint32_t> large_answer_;
  bool broadcasting_ = false;

  Greeting greeting_;
  std::optional<protocol::Setup> end_setup_;  // the program has come to its end
  std::vector<Answered> answers_;             // to all calls of this launch
  std::map<Rank, std::uint32_t> owed_;        // ranks that may have missed answers: to this call and those behind
  std::set<Rank> asked_;                      // greeted, and to say what they have missed
  std::set<Rank> seeing_;                     // the folders that all must see
  bool reading_ends_ = false;
  std::map<StageId, store::StageEndEntry> ends_;  // the writer thread's while it reads

  detail::StageCounts total_;                    // of all stages
  std::uint64_t done_before_ = 0;                // of total_: by earlier launches
  std::uint64_t dead_ = 0;                       // in total
  std::optional<int> program_code_;              // what the program returned
  std::optional<protocol::Outcome> stopped_as_;  // it did not come to its end
  bool storage_failed_ = false;
  bool over_rejected_ = false;                                          // stopped by --max-rejected
  std::vector<observe::FailedUnit> first_failures_, earlier_failures_;  // of this launch, and of those before
  std::uint64_t unwritten_ = 0;                                         // settled, but not committed
  std::set<std::string> advised_;                                       // what was said of sources
  flow::SeenFiles seen_files_;                                          // by the stages of this launch
  std::set<std::string> told_;                                          // plans of stages, said on one line
  bool runs_again_ = false;                                             // a stage does, and that was said
  RunEnd end_;
};

}  // namespace kiln::job
