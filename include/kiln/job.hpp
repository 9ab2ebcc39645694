#pragma once

#include <kiln/detail/stage.hpp>
#include <kiln/report.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace kiln {

template <class First, class F>
class JoinedJob;

/// A stage that is ready to run: what the sinks of a stream return. `Value` are what its reductions give. Nothing
/// happens before it is run (Session::run, testing::run); it may be run several times. A value.
template <class... Value>
class Job {
 public:
  explicit Job(detail::StagePlan plan) : plan_(std::move(plan)) {}

  /// This stage, and when all of it is done the job that `f` returns. `f` gets the reduced value (of several, all of
  /// them in order; of none, nothing), on every rank the same, and must return the same job on every rank.
  template <class F>
    requires std::invocable<const F&, const Value&...>
  JoinedJob<Job, F> join(F f) const {
    return {*this, std::move(f)};
  }

  const detail::StagePlan& plan() const { return plan_; }

 private:
  detail::StagePlan plan_;
};

/// Jobs one after the other: made by join(). Its report is the last one's.
template <class First, class F>
class JoinedJob {
 public:
  JoinedJob(First first, F next) : first_(std::move(first)), next_(std::move(next)) {}

  template <class G>
  JoinedJob<JoinedJob, G> join(G f) const {
    return {*this, std::move(f)};
  }

  const First& first() const { return first_; }
  const F& next() const { return next_; }

 private:
  First first_;
  F next_;
};

namespace detail {

/// Runs a stage, and before it those that it reads from; their dead letters are added to `failed_before`.
template <class RunStage>
StageResult run_stages(const StagePlan& plan, RunStage&& run_stage, std::uint64_t& failed_before) {
  if (plan.before.empty()) return run_stage(plan);
  StagePlan here = plan;
  for (const auto& before : plan.before) {
    StageResult result = run_stages(*before, run_stage, failed_before);
    failed_before += result.counts.failed;
    here.source.runs.push_back(std::make_shared<const Bytes>(runs_of(std::move(result))));
  }
  return run_stage(here);
}

/// Runs the stages of a job in order; `run_stage` is what runs one: StagePlan -> StageResult.
template <class... Value, class RunStage>
Report<Value...> run_job(const Job<Value...>& job, RunStage&& run_stage) {
  std::uint64_t failed_before = 0;
  Report<Value...> report = make_report<Value...>(run_stages(job.plan(), run_stage, failed_before));
  report.failed_before = failed_before;
  return report;
}
template <class First, class F, class RunStage>
auto run_job(const JoinedJob<First, F>& job, RunStage&& run_stage) {
  const auto first = run_job(job.first(), run_stage);
  auto last = run_job(apply_values(job.next(), first), run_stage);
  last.failed_before += first.failed_before + first.counts.failed;
  return last;
}

}  // namespace detail
}  // namespace kiln
