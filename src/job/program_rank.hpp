#pragma once

#include "flow/slice_cache.hpp"
#include "job/program_messages.hpp"
#include "job/program_thread.hpp"
#include "job/rank_collectives.hpp"
#include "job/worker_side.hpp"

#include <atomic>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kiln::job {

/// A rank of a program as one that works: joins the program's thread, the calls it waits in, and what the coordinator
/// says of them. Main thread.
class ProgramRank {
 public:
  /// `thread` outlives this. `build` and `machine`: of this rank. `keep_bytes`: of slices of datasets, at most, that it
  /// keeps for later stages. `patience`: as Execution.
  ProgramRank(ProgramThread& thread, std::string build, std::string machine, std::size_t keep_bytes, Duration patience);

  /// For the rank's WorkerSide; refers to this. `rank`: of the process.
  Execution execution(Rank rank);
  /// For answers that come by broadcast, and joins; before the first message. Outlives the last turn.
  void use(net::Collectives& collectives) { collectives_.emplace(collectives); }
  /// At every turn of the main thread's loop: passes answers and faults on. Whether a collective is under way, which
  /// moves on only while this rank looks.
  bool turn(WorkerSide& worker);
  /// The coordinator's own rank: what its worker gives to the join that it was told of; nothing before it has come to
  /// that.
  std::optional<exec::HeldResults> take_given() { return std::exchange(given_, std::nullopt); }
  /// The coordinator's own rank is greeted by itself.
  void greet(Greeting greeting) { greeting_ = std::move(greeting); }
  /// A unit runs on and will not end: the program's thread must be left alone, as the unit may use what is in it.
  bool stuck() const { return stuck_; }

 private:
  void note_difference(const ProgramCall& call, UnitId unit, const std::string& what);
  std::unique_ptr<exec::Runner> make_runner(const protocol::Setup& setup);
  protocol::Segment write_segment(const protocol::SegmentContent& content, Rank rank);
  void hear(RankAnswer answer);
  void begin(const Greeting& greeting);
  void deliver(const ProgramCall& call, RankAnswer answer);
  void differs(const ProgramCall& call, const std::string& asked);

  ProgramThread& thread_;
  std::string build_, machine_;
  std::optional<Greeting> greeting_;
  std::map<std::uint32_t, RankAnswer> answers_;  // to calls that the program has not made yet
  std::optional<RankCollectives> collectives_;
  std::optional<exec::HeldResults> given_;
  std::optional<protocol::Fault> fault_;
  bool fault_told_ = false;
  const detail::StagePlan* plan_ = nullptr;  // of the last runner
  std::uint32_t stage_ = 0;
  const Duration patience_;
  bool stuck_ = false;
  std::mutex remarks_mutex_;
  std::vector<std::string> remarks_;  // to be sent
  flow::SliceCache slices_;           // the executor's thread
  std::atomic<std::uint64_t> segments_ = 0;
};

}  // namespace kiln::job
