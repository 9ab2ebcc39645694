#pragma once

#include <kiln/detail/explain.hpp>
#include <kiln/detail/stage.hpp>
#include <kiln/inputs.hpp>
#include <kiln/job.hpp>
#include <kiln/report.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace kiln {

/// A program's way to the run. The program runs on every rank; what takes a Session, or is called on one, is
/// collective: all ranks call it, in the same order and with the same arguments. Exceptions that leave these calls end
/// the run on all ranks; those that are no kiln::Error are not to be caught.
class Session {
 public:
  /// `explain`: the first job is not run, but explained (--explain).
  explicit Session(detail::SessionPort& port, bool explain = false) : port_(&port), explain_(explain) {}

  /// Collective. Runs the units of the job that are not done yet, and returns on every rank the same report. `inputs`
  /// (kiln::inputs(a, b, …)) stands for everything that the job's functions read besides their arguments: what was
  /// committed by an earlier launch is kept only if it is the same. Throws kiln::Error where the ranks ask for
  /// different jobs, and for a source that cannot be read.
  template <class AnyJob>
  auto run(const AnyJob& job, std::uint64_t inputs = 0) {
    if (explain_) throw detail::Explained{detail::explain(detail::first_plan(job))};
    return detail::run_job(
        job, [&](const detail::StagePlan& plan) { return port_->run(plan, inputs); }, runs_);
  }

  /// Collective. `f` runs on one rank, once; when it has returned, all go on. After a failure it may run again, so it
  /// must not rely on what an earlier call left in memory. The name says which one it is: one that has ended is not
  /// run again when the run is resumed.
  void at_root(std::string_view name, const std::function<void()>& f) { port_->at_root(name, f); }

  /// Of the run (--seed): what Unit::random() starts from.
  std::uint64_t seed() const { return port_->seed(); }
  /// The run directory: a program may write files of its own there, from at_root.
  std::string directory() const { return port_->directory(); }
  /// A path beside the run directory for what belongs to this run alone and is not to go with it: DIRECTORY.NAME. The
  /// same in each launch, and another one in each run.
  std::string beside(std::string_view name) const {
    std::string path = directory();
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return path + "." + std::string(name);
  }

 private:
  detail::SessionPort* port_;
  bool explain_;
  detail::RunsRead runs_;
};

}  // namespace kiln
