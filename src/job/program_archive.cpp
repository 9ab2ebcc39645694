#include "job/program_archive.hpp"

#include "store/segment.hpp"

namespace kiln::job {

void ProgramArchive::begin_stage(const detail::StagePlan& plan) {
  fold_ = std::make_unique<flow::Fold>(plan);
  store_.stages().read_partials([this](const Bytes& partials) { fold_->admit(partials); });
}

void ProgramArchive::commit(protocol::CommitPlan& plan) {
  if (plan.partials.size() > 1) plan.partials = {fold_->join(plan.partials)};
  store_.commit(plan);
  for (const Bytes& partials : plan.partials) fold_->admit(partials);
  for (const protocol::Segment& segment : plan.segments) {
    const store::SegmentFile file{segment.file, segment.length, segment.checksum, {}};
    store::read_segment_partials(store_.directory().path(), file,
                                 [this](const Bytes& partials) { fold_->admit(partials); });
  }
}

}  // namespace kiln::job
