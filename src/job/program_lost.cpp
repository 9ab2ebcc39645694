#include "base/log.hpp"
#include "job/program_running.hpp"

#include <algorithm>
#include <kiln/error.hpp>
#include <utility>

/// ProgramRun: ranks that die, and ranks that are back. Answers that they have missed are read from the journal.
namespace kiln::job {

// A collective with a dead rank never ends: all leave it. What is in the sum already is taken, before the stage hears
// of the death; what is not, who gave it holds again.
void ProgramRun::rank_lost(Running& running) {
  rank0_.collectives.abandon();
  running.groups.changed();
  broadcasting_ = false;
  if (join_ && join_->summed()) end_join(running);
  running.loop.tell_workers(protocol::JoinOver{true});
  if (!large_answer_) return;
  for (const Rank rank : running.loop.behind(*large_answer_)) owe(running, rank);
  large_answer_.reset();
}

void ProgramRun::owe(Running& running, Rank rank) { owed_[rank] = running.loop.reached(rank).value_or(0); }

// Its program waits where it was; what it had in hand runs elsewhere.
void ProgramRun::rank_back(Running& running, Rank rank) {
  running.groups.changed();
  running.loop.tell(rank, protocol::Answer{kGreetingCall, 0, encode(greeting_)});
  if (end_setup_) running.loop.tell(rank, *end_setup_);
  asked_.insert(rank);
}

// Nothing where it has all there is.
void ProgramRun::hear_passed(Rank rank, std::uint32_t call) {
  seeing_.insert(rank);
  if (asked_.erase(rank) == 0) return;
  owed_.erase(rank);
  if (!answers_.empty() && call <= answers_.back().call.call) owed_[rank] = call;
}

void ProgramRun::note_answer(const ProgramCall& call, const detail::StageResult& result, bool durable) {
  std::optional<std::uint32_t> stage;
  if (call.kind == ProgramCall::Kind::stage) stage = call.stage;
  answers_.push_back({{call.ordinal, call.digest, call.described, stage, done_before_}, result.resumed, durable});
}

bool ProgramRun::owes_any() const {
  return std::ranges::any_of(owed_, [this](const auto& one) {
    return std::ranges::any_of(
        answers_, [&](const Answered& answer) { return answer.call.call >= one.second && answer.durable; });
  });
}

// At every turn. Those whose stage is not on disk yet wait for it.
void ProgramRun::pay(Running& running) {
  if (owed_.empty()) return;
  if (!reading_ends_) {
    if (!owes_any()) return;
    reading_ends_ = true;
    running.writer.run([this] { ends_ = store_->stages().ends(); });
    return;
  }
  if (running.writer.running()) return;
  reading_ends_ = false;
  std::uint32_t paid = 0;
  for (const Answered& answer : answers_) {
    if (!answer.durable || !pay(running, answer)) break;
    paid = answer.call.call + 1;
  }
  ends_.clear();
  for (auto& [rank, from] : owed_) from = std::max(from, paid);
  std::erase_if(owed_, [&](const auto& one) { return one.second > answers_.back().call.call; });
}

// False: its stage ended after the journal was read.
bool ProgramRun::pay(Running& running, const Answered& answer) {
  detail::StageResult result;
  const PassedCall& call = answer.call;
  if (call.stage) {
    const auto end = ends_.find(StageId(*call.stage));
    if (end == ends_.end()) return false;
    result = result_of(end->second, answer.resumed);
  }
  const protocol::Answer message{call.call, call.plan, encode_call_answer(call.described, call.done_before, result)};
  for (const auto& [rank, from] : owed_) {
    if (call.call >= from) running.loop.tell(rank, message);
  }
  return true;
}

}  // namespace kiln::job
