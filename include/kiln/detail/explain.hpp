#pragma once

#include <kiln/job.hpp>

#include <string>

namespace kiln::detail {

/// What --explain prints: the stages of a job, their strands of fused steps, what they read and where their items end.
/// Stages count from 0, as everywhere.
std::string explain(const JobPlan& plan);
/// The lines about one of them, whose number in the run is this; a line end behind each.
std::string explain_stage(const StagePlan& stage, std::uint32_t number);
/// The same on one line for the log, shortened where the stage has many strands. A stage alone in which nothing is to
/// be explained (one strand from a source to its sinks) gives "" where that is no short line.
std::string stage_line(const StagePlan& stage, std::uint32_t number);

/// Thrown when that is printed: the program ends.
struct Explained {
  std::string text;
};

template <class... Value>
const JobPlan& first_plan(const Job<Value...>& job) {
  return job.stages();
}
template <class First, class F>
const JobPlan& first_plan(const JoinedJob<First, F>& job) {
  return first_plan(job.first());
}

}  // namespace kiln::detail
