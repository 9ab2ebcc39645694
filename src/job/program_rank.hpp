#pragma once

#include "flow/slice_cache.hpp"
#include "job/memory_budget.hpp"
#include "job/program_messages.hpp"
#include "job/program_thread.hpp"
#include "job/rank_collectives.hpp"
#include "job/worker_side.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kiln::job {

/// A call that a rank's program has made and has the answer to.
struct PassedCall {
  std::uint32_t call = 0;
  std::uint64_t plan = 0;  ///< as in protocol::Answer
  std::string described;
  std::optional<std::uint32_t> stage;
  std::uint64_t done_before = 0;  ///< as in StageSetup
};

/// A rank of a program as one that works: joins the program's thread, the calls it waits in, and what the coordinator
/// says of them. Main thread.
class ProgramRank {
 public:
  /// `thread` outlives this. `build` and `machine`: of this rank. `keep_bytes`: of slices of datasets, at most, that it
  /// keeps for later stages, within the budget. `patience`: as Execution.
  /// `durable_after`: runs of keyed data that a stage writes later than this after its begin are durable.
  ProgramRank(ProgramThread& thread, std::string build, std::string machine, MemoryBudget memory,
              std::size_t keep_bytes, Duration patience, Duration durable_after);

  /// For the rank's WorkerSide; refers to this. `rank`: of the process. `heartbeat`: as Execution.
  Execution execution(Rank rank, Duration heartbeat);
  /// For answers that come by broadcast, and joins; before the first message. Outlives the last turn.
  void use(net::Collectives& collectives) { collectives_.emplace(collectives); }
  /// At every turn of the main thread's loop: passes answers and faults on. Whether a collective is under way, which
  /// moves on only while this rank looks.
  bool turn(WorkerSide& worker);
  /// The coordinator's own rank: what its worker gives to the join that it was told of; nothing before it has come to
  /// that.
  std::optional<exec::HeldResults> take_given() { return std::exchange(given_, std::nullopt); }
  /// It is given up: the worker may hold it again (Execution::leave_join).
  void give_back(exec::HeldResults given) { given_ = std::move(given); }
  /// The coordinator's own rank is greeted by itself. One that worked has had its greeting.
  void greet(const Greeting& greeting) {
    if (!greeting_) greeting_ = greeting;
  }
  /// From now on this rank is the coordinator's, and answers itself: what has come of answers that its program has not
  /// asked for yet is dropped.
  void lead();
  /// The calls that are over for this rank's program, in their order.
  const std::vector<PassedCall>& passed() const { return passed_; }
  /// Of a call that is not, what the coordinator has said of it (StageSetup).
  std::optional<std::uint64_t> done_before(std::uint32_t call) const;
  /// A unit runs on and will not end: the program's thread must be left alone, as the unit may use what is in it.
  bool stuck() const { return stuck_; }
  const MemoryBudget& memory() const { return memory_; }

 private:
  void note_difference(const ProgramCall& call, UnitId unit, const std::string& what);
  std::unique_ptr<exec::Runner> make_runner(const protocol::Setup& setup, Rank rank);
  std::shared_ptr<detail::RunPlace> make_run_place(Rank rank);
  exec::HeldResults leave_join(bool keep);
  protocol::Segment write_segment(const protocol::SegmentContent& content, Rank rank);
  void hear(RankAnswer answer);
  void begin(const Greeting& greeting);
  void look_for_folders();
  void deliver(const ProgramCall& call, RankAnswer answer);
  std::uint32_t first_unanswered() const;
  void differs(const ProgramCall& call, const std::string& asked);

  ProgramThread& thread_;
  std::string build_, machine_;
  Rank of_{0};
  std::optional<Greeting> greeting_;
  FolderLook look_;
  std::map<std::uint32_t, RankAnswer> answers_;  // to calls that the program has not made yet
  std::uint32_t next_call_ = 0;                  // those before it have their answer
  std::vector<PassedCall> passed_;
  std::pair<std::uint32_t, std::uint64_t> done_before_{UINT32_MAX, 0};  // a call, and what its setup said
  bool greeted_ = false;                                                // and has not said what it has passed
  std::optional<RankCollectives> collectives_;
  std::optional<exec::HeldResults> given_;
  std::optional<protocol::Fault> fault_;
  bool fault_told_ = false;
  const detail::StagePlan* plan_ = nullptr;  // of the last runner
  std::uint32_t stage_ = 0;
  std::optional<std::uint32_t> runner_call_;  // the same
  const MemoryBudget memory_;
  const Duration patience_, durable_after_;
  bool stuck_ = false, leads_ = false;
  std::mutex remarks_mutex_;
  std::vector<std::string> remarks_;  // to be sent
  flow::SliceCache slices_;           // the executor's thread
  std::atomic<std::uint64_t> segments_ = 0;
  std::uint64_t run_places_ = 0;
};

}  // namespace kiln::job
