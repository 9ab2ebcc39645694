#include "base/log.hpp"
#include "job/program_running.hpp"

#include <fmt/core.h>

#include <kiln/error.hpp>
#include <utility>

/// ProgramRun: of a rank that has taken over. Its own program waits in some call, or is on its way to it. What was
/// answered before it has passed is in the journal, and is not asked for again.
namespace kiln::job {

ProgramRun::ProgramRun(const RunOptions& options, const Environment& environment, const ProgramFacts& program,
                       Rank0 rank0, std::string launch_id, Epoch follows)
    : options_(options),
      environment_(environment),
      program_(program),
      rank0_(std::move(rank0)),
      launch_id_(std::move(launch_id)) {
  store::RunStoreOptions open;
  open.follows = follows;
  open_store(std::move(open));
  end_.started = store_->recovered().launch_started;
}

bool ProgramRun::of_this_launch(Epoch epoch) const { return epoch >= store_->recovered().launch_epoch; }

bool ProgramRun::began_in_this_launch(StageId stage) const {
  const store::LedgerState* const ledger = store_->stages().opened_with(stage);
  return ledger != nullptr && ledger->plan && of_this_launch(ledger->plan->epoch);
}

void ProgramRun::take_over(Running& running) {
  rank0_.rank.lead();
  for (const Rank rank : running.loop.others()) asked_.insert(rank);
  const std::vector<PassedCall>& passed = rank0_.rank.passed();
  std::uint32_t stages = 0;
  for (const PassedCall& call : passed) stages += call.stage ? 1 : 0;
  bool there = false;
  if (!on_writer(running, [&] { there = store_->stages().skip_to(StageId(stages)); })) return;
  if (!there) {
    throw Error(
        ExitCode::stopped_early,
        fmt::format("rank {} cannot go on in the place of rank 0: its program has the value of {}, which did not "
                    "come to disk. What is committed is safe: the same command goes on from there",
                    rank0_.transport.rank().value(), passed.back().described));
  }
  note_passed(passed);
  std::uint64_t committed = total_.done + total_.failed;
  if (const store::LedgerState* const present = store_->stages().opened_with(StageId(stages)); present != nullptr) {
    committed += present->done.count() + present->dead.size();
  }
  running.loop.tell_takeover(committed);
}

// A stage that a signal is to stop gets what the others have of it, and commits that.
bool ProgramRun::gathers_first(Running& running) {
  const ProgramCall* const call = running.loop.inherits() ? rank0_.thread.call() : nullptr;
  return call != nullptr && call->kind == ProgramCall::Kind::stage;
}

// As if this rank had run the stages that its program has passed.
void ProgramRun::note_passed(const std::vector<PassedCall>& passed) {
  for (const PassedCall& call : passed) {
    Answered answered{call, false, true};
    if (call.stage) {
      const store::LedgerState& ledger = *store_->stages().opened_with(StageId(*call.stage));
      const detail::StageCounts& counts = ledger.end->body.counts;
      answered.resumed = !of_this_launch(ledger.end->epoch);
      total_.units += ledger.plan->body.units;
      total_.done += counts.done;
      total_.failed += counts.failed;
      total_.rejected += counts.rejected;
      stage_ = *call.stage;
      stage_name_ = ledger.plan->body.name;
      for (const auto& [unit, dead] : ledger.dead) note_failure(earlier_failures_, unit, dead.letter.reason);
    }
    done_before_ = call.done_before;
    answers_.push_back(std::move(answered));
  }
}

// `found`: units of the stage that earlier launches have settled, as far as the journal says. The coordinator before
// knew it better: some of what is committed is its own.
void ProgramRun::count_before(const ProgramCall& call, std::uint64_t found) {
  const auto said = rank0_.rank.done_before(call.ordinal);
  done_before_ = said ? *said : done_before_ + found;
}

}  // namespace kiln::job
