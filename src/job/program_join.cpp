#include "flow/counts.hpp"
#include "job/clock.hpp"
#include "job/program_running.hpp"

#include <utility>

/// ProgramRun: what rank 0 does at every turn, the join among it.
namespace kiln::job {

// Whether a collective is under way.
bool ProgramRun::turn(Running& running) {
  if (running.loop.own_worker() != nullptr) rank0_.rank.turn(*running.loop.own_worker());
  if (join_asked_) turn_join(running);
  running.groups.turn(!join_asked_ && !broadcasting_ && rank0_.collectives.poll());
  pay(running);
  if (plan_ != nullptr) rejects_too_many(running, false);
  if (auto early = running.archive.take_early()) answer_early(running, std::move(*early));
  return join_asked_ || !rank0_.collectives.poll();
}

// Before the units end: memory takes longer than adding.
void ProgramRun::prepare_join(Running& running) {
  join_room_ = {};
  if (flow::count_length(reduces_) * sizeof(std::uint64_t) <= kMostInMessage) return;
  const bool works = running.loop.own_worker() != nullptr;  // then it mostly holds a value of its own
  running.writer.run([this, works] {
    join_room_.sum = std::make_unique<flow::StageHarvest>(reduces_);
    join_room_.value = std::make_unique<flow::StageHarvest>(reduces_);
    for (const auto& forest : join_room_.sum->forests()) forest->reserve_counts();
    if (works) return;
    for (const auto& forest : join_room_.value->forests()) forest->reserve_counts();
  });
}

void ProgramRun::turn_join(Running& running) {
  if (!join_) {
    if (running.writer.running()) return;  // prepares it
    exec::HeldResults mine;
    if (running.loop.own_worker() != nullptr) {
      auto given = rank0_.rank.take_given();
      if (!given) return;
      mine = std::move(*given);
    }
    join_ = std::make_unique<RankJoin>(rank0_.collectives, *join_asked_, std::move(mine));
    auto sum = std::move(join_room_.sum);
    if (sum == nullptr) sum = std::make_unique<flow::StageHarvest>(reduces_);
    join_->sum_into(std::move(sum), [this, &running](flow::StageHarvest& all, std::uint64_t units,
                                                     std::unique_ptr<flow::StageHarvest> own) {
      return answer_joined(running, all, units, std::move(own));
    });
  }
  if (join_->poll()) end_join(running);
}

// The sum is there.
void ProgramRun::end_join(Running& running) {
  RankJoin::Result result = join_->result();
  join_.reset();
  join_asked_.reset();
  std::uint64_t units = 0;
  for (const auto& one : result.joined) {
    for (const Interval interval : one.units) units += interval.size();
  }
  const bool last = !answered_ && units == running.loop.coordinator().held_units();
  running.archive.give_joined(std::move(result.sum), last);
  running.loop.joined(result.joined, result.bytes);
}

// A rank died before the sum was there. What this one gave, its worker holds again when it hears of it.
void ProgramRun::leave_join() {
  if (join_) rank0_.rank.give_back(join_->give_back());
  join_.reset();
  join_asked_.reset();
  join_room_ = {};
}

// Where all that the stage has given is in the sum, it is the stage's value. Rank 0's program gets a copy: the sum goes
// to the others, and then into the journal.
std::optional<protocol::Answer> ProgramRun::answer_joined(Running& running, flow::StageHarvest& sum,
                                                          std::uint64_t units,
                                                          std::unique_ptr<flow::StageHarvest> own) {
  auto value = own != nullptr ? std::move(own) : std::exchange(join_room_.value, nullptr);
  const auto counts = running.loop.coordinator().counts();
  if (value == nullptr || units != counts.done || !state_.done.empty()) return std::nullopt;
  flow::copy_counts(sum, *value);
  detail::StageResult result;
  result.forests.resize(reduces_.size());
  for (std::size_t i = 0; i < reduces_.size(); ++i) {
    const detail::Forest& forest = *sum.forests()[i];
    result.values.push_back(forest.count_length() == 0 ? forest.value() : std::nullopt);
    if (!sum.forests()[i]->counts().empty()) result.forests[i] = std::move(value->forests()[i]);
  }
  result.counts = {counts.units, counts.done, counts.failed, 0};  // whoever has rejected records has more than counts
  result.seconds = wall_seconds() - stage_begun_;
  answered_ = true;
  plan_ = nullptr;
  const ProgramCall& call = *rank0_.thread.call();
  large_answer_ = call.ordinal;
  note_answer(call, result, false);
  protocol::Answer answer{call.ordinal, call.digest, encode_call_answer(call.described, done_before_, result)};
  rank0_.thread.answer(std::move(result));  // the call is gone from here on
  return answer;
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
  const ProgramCall& call = *rank0_.thread.call();
  note_answer(call, result, false);
  Bytes content = encode_call_answer(call.described, done_before_, result);
  begin_answer(running, call, std::move(result), std::move(content));
}

}  // namespace kiln::job
