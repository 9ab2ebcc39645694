#pragma once

#include <kiln/detail/graph.hpp>
#include <kiln/detail/stage.hpp>
#include <kiln/report.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace kiln {

template <class First, class F>
class JoinedJob;

/// Stages that are ready to run: what the sinks of a stream return, and together(). `Value` are what its reductions
/// give. Nothing happens before it is run (Session::run, testing::run); it may be run several times. A value.
template <class... Value>
class Job {
 public:
  /// `jobs`: how many of the strands each of the jobs has that are to run together.
  explicit Job(std::vector<std::shared_ptr<const detail::Strand>> targets, std::vector<std::size_t> jobs = {1})
      : targets_(std::move(targets)), jobs_(std::move(jobs)), plan_(detail::plan_job(targets_, jobs_)) {}

  /// This job, and when all of it is done the job that `f` returns. `f` gets the reduced value (of several, all of
  /// them in order; of none, nothing), on every rank the same, and must return the same job on every rank.
  template <class F>
    requires std::invocable<const F&, const Value&...>
  JoinedJob<Job, F> join(F f) const {
    return {*this, std::move(f)};
  }

  /// What fills its sinks.
  const std::vector<std::shared_ptr<const detail::Strand>>& targets() const { return targets_; }
  const std::vector<std::size_t>& jobs() const { return jobs_; }
  const detail::JobPlan& stages() const { return plan_; }
  /// Of the last stage.
  const detail::StagePlan& plan() const { return plan_.stages.back(); }

 private:
  std::vector<std::shared_ptr<const detail::Strand>> targets_;
  std::vector<std::size_t> jobs_;
  detail::JobPlan plan_;
};

namespace detail {

template <class... Before>
Job<Before...> add_jobs(const Job<Before...>& job) {
  return job;
}
template <class... Before, class... Value, class... Rest>
auto add_jobs(const Job<Before...>& job, const Job<Value...>& next, const Rest&... rest) {
  auto targets = job.targets();
  auto jobs = job.jobs();
  targets.insert(targets.end(), next.targets().begin(), next.targets().end());
  jobs.insert(jobs.end(), next.jobs().begin(), next.jobs().end());
  return add_jobs(Job<Before..., Value...>(std::move(targets), std::move(jobs)), rest...);
}

}  // namespace detail

/// One job of several: each source and each step before a step by key runs once, whichever of the jobs read it, and a
/// unit is done when all of them have what it gave. Its values are those of the first job, then those of the second,
/// and so on; the counts of its report are those of its last stage. Throws kiln::Error (usage) where a stream is read
/// twice without copy<N>(), and where two sinks have one name.
template <class... Jobs>
auto together(const Jobs&... jobs) {
  static_assert(sizeof...(Jobs) > 0, "kiln: together() wants a job at least: what rows(…), reduce(…), into(…) return");
  return detail::add_jobs(jobs...);
}

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

/// Runs stages in their order; `run_stage` is what runs one: StagePlan -> StageResult. The result is the last one's,
/// with the values of the job; dead letters and rejected records of the others are added to `before`.
template <class RunStage>
StageResult run_stages(const JobPlan& plan, RunStage&& run_stage, RunsRead& runs, ReportBase& before) {
  const std::vector<bool> needed = runs.needed(plan);
  std::vector<StageResult> results(plan.stages.size());
  for (std::size_t stage = 0; stage < plan.stages.size(); ++stage) {
    if (!needed[stage]) continue;
    results[stage] = run_stage(runs.with_runs(plan, stage, results, needed));
    if (stage + 1 == plan.stages.size()) continue;
    before.failed_before += results[stage].counts.failed;
    before.rejected_before += results[stage].counts.rejected;
  }
  runs.end_job();
  return take_values(std::move(results), plan.values);
}

template <class... Value, class RunStage>
Report<Value...> run_job(const Job<Value...>& job, RunStage&& run_stage, RunsRead& runs) {
  ReportBase before;
  Report<Value...> report = make_report<Value...>(run_stages(job.stages(), run_stage, runs, before));
  report.failed_before = before.failed_before;
  report.rejected_before = before.rejected_before;
  return report;
}
template <class First, class F, class RunStage>
auto run_job(const JoinedJob<First, F>& job, RunStage&& run_stage, RunsRead& runs) {
  const auto first = run_job(job.first(), run_stage, runs);
  auto last = run_job(apply_values(job.next(), first), run_stage, runs);
  last.failed_before += first.failed_before + first.counts.failed;
  last.rejected_before += first.rejected_before + first.counts.rejected;
  return last;
}

}  // namespace detail
}  // namespace kiln
