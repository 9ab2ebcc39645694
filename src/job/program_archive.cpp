#include "job/program_archive.hpp"

#include "base/log.hpp"
#include "job/clock.hpp"
#include "store/file_ops.hpp"
#include "store/segment.hpp"

#include <utility>

namespace kiln::job {

void ProgramArchive::begin_stage(const detail::StagePlan& plan) {
  fold_ = std::make_unique<flow::Fold>(plan);
  store_.stages().read_partials([this](const Bytes& partials) { fold_->admit(partials); });
  count_rejected();
  ahead_ = false;
  so_far_.begin_stage(plan, now());
  teller_.begin_stage(plan, now());
}

// What does not come to disk is only of interest while the run goes on.
void ProgramArchive::stop_stage() {
  teller_.end_stage();
  if (!fold_ || ahead_) return;
  try {
    so_far_.write_last(*fold_);
  } catch (const store::StorageError& error) {
    log::debug("{}", error.fact());
  }
}

void ProgramArchive::tick() {
  if (!fold_ || ahead_) return;
  so_far_.write_if_due(*fold_, now());
  teller_.tell_if_due(*fold_, now());
}

void ProgramArchive::count_rejected() {
  records_ = store_.stages().records();
  rejected_ = store_.stages().rejected();
}

void ProgramArchive::commit(protocol::CommitPlan& plan) {
  if (plan.joined && joined_) put_joined(plan);
  if (plan.partials.size() > 1) plan.partials = {fold_->join(plan.partials)};
  store_.commit(plan);
  ahead_ = false;
  so_far_.note_news();
  teller_.note_news();
  count_rejected();
  if (!plan.joined) {
    for (const Bytes& partials : plan.partials) fold_->admit(partials);
  }
  for (const protocol::Segment& segment : plan.segments) {
    const store::SegmentFile file{segment.file, segment.length, segment.checksum, {}};
    store::read_segment_partials(store_.directory().path(), file,
                                 [this](const Bytes& partials) { fold_->admit(partials); });
  }
}

void ProgramArchive::give_joined(std::unique_ptr<flow::StageHarvest> sum, bool last) {
  joined_ = std::move(sum);
  joined_last_ = last;
}

// All of the commit's partial results as one, in the entry and in the fold. A plan that failed has it already. Ranks
// get the values before it is written: nothing that follows is done before the entry is there.
void ProgramArchive::put_joined(protocol::CommitPlan& plan) {
  const std::unique_ptr<flow::StageHarvest> sum = std::move(joined_);
  ahead_ = true;
  for (const Bytes& partials : std::exchange(plan.partials, {})) sum->admit(partials);
  const bool early = joined_last_ && plan.segments.empty() && plan.rows.empty();  // else records may be rejected in it
  const bool alone = fold_->empty();
  if (early && alone) publish(sum->values());
  ByteWriter out;
  out.reserve(sum->bytes());
  sum->encode(out);
  plan.partials.push_back(out.take());
  fold_->absorb(*sum);
  if (early && !alone) publish(fold_->values());
}

void ProgramArchive::publish(std::vector<std::optional<Bytes>> values) {
  teller_.end_stage();  // the program goes on with them
  const std::lock_guard lock(early_mutex_);
  early_ = Early{std::move(values), store_.stages().rejected()};
}

std::optional<ProgramArchive::Early> ProgramArchive::take_early() {
  const std::lock_guard lock(early_mutex_);
  return std::exchange(early_, std::nullopt);
}

}  // namespace kiln::job
