#include "job/clock.hpp"
#include "job/program_running.hpp"

#include <utility>

/// ProgramRun: what rank 0 does at every turn, the join among it.
namespace kiln::job {

// Whether a collective is under way.
bool ProgramRun::turn(Running& running) {
  if (running.loop.own_worker() != nullptr) rank0_.rank.turn(*running.loop.own_worker());
  if (join_asked_) turn_join(running);
  if (auto early = running.archive.take_early()) answer_early(running, std::move(*early));
  return join_asked_ || !rank0_.collectives.poll();
}

void ProgramRun::turn_join(Running& running) {
  if (!join_) {
    exec::HeldResults mine;
    if (running.loop.own_worker() != nullptr) {
      auto given = rank0_.rank.take_given();
      if (!given) return;
      mine = std::move(*given);
    }
    join_ = std::make_unique<RankJoin>(rank0_.collectives, *join_asked_, std::move(mine));
    join_->sum_into(std::make_unique<flow::StageHarvest>(plan_->reduces));
  }
  if (!join_->poll()) return;
  RankJoin::Result result = join_->result();
  join_.reset();
  join_asked_.reset();
  std::uint64_t units = 0;
  for (const auto& one : result.joined) {
    for (const Interval interval : one.units) units += interval.size();
  }
  running.archive.give_joined(std::move(result.sum), units == running.loop.coordinator().held_units());
  running.loop.joined(result.joined, result.bytes);
}

// The present call is over for the program, on all ranks, while its stage is still being written.
void ProgramRun::answer_early(Running& running, ProgramArchive::Early early) {
  const auto counts = running.loop.coordinator().counts();
  detail::StageResult result;
  result.values = std::move(early.values);
  result.counts = {counts.units, counts.done, counts.failed, early.rejected};
  result.seconds = wall_seconds() - stage_begun_;
  answered_ = true;
  plan_ = nullptr;
  begin_answer(running, *rank0_.thread.call(), std::move(result));
}

}  // namespace kiln::job
