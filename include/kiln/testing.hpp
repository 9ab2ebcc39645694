#pragma once

#include <kiln/columns.hpp>
#include <kiln/detail/in_process.hpp>
#include <kiln/error.hpp>
#include <kiln/job.hpp>
#include <kiln/report.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// For users' unit tests: a job in one process, without MPI and without a run directory.
namespace kiln::testing {

struct Options {
  std::uint64_t seed = 0;
  std::uint32_t attempts = 1;  ///< of a unit that fails; 3 is what `--retries 2` gives
  std::uint64_t batch = 1000;  ///< units that are run at a time: must not change any result
};

using DeadLetter = detail::DeadUnit;
using RejectedRecord = detail::RejectedRecord;

/// What a job gave besides its report: of all its stages, where it was made by join().
class Gathered {
 public:
  std::vector<DeadLetter> dead_letters;  ///< of stage after stage
  std::vector<RejectedRecord> rejected;

  /// The rows of a table (of the last stage that has one of this name), sorted by unit; those of a unit in its order. T
  /// is the type that went in. Throws kiln::Error (usage) where there is no such table, or T has other columns.
  template <class T>
  std::vector<T> rows(std::string_view name) const {
    const Rows& all = find(name, detail::ColumnsOf<T>::schema());
    std::vector<T> values;
    values.reserve(all.size());
    for (std::size_t row = 0; row < all.size(); ++row) values.push_back(detail::ColumnsOf<T>::read(all, row));
    return values;
  }
  /// Which unit each of these rows is of.
  const std::vector<std::uint64_t>& units(std::string_view name) const { return table(name).units(); }

  /// For run().
  detail::StageResult add(detail::InProcessStage stage);

 private:
  const Rows& table(std::string_view name) const;
  const Rows& find(std::string_view name, const Schema& schema) const;

  std::vector<std::pair<Table, Rows>> tables_;
};

template <class JobReport>
struct Result : JobReport, Gathered {};

/// Runs the job in this thread. Functions given to so_far() are called after each batch but the last one of the stage,
/// whatever the time. What its functions throw becomes dead letters and rejected records, as in a run.
template <class AnyJob>
auto run(const AnyJob& job, const Options& options = {}) {
  Gathered gathered;
  detail::InProcessOptions stage{options.seed, 0, options.attempts, options.batch};
  const auto run_stage = [&](const detail::StagePlan& plan) {
    detail::StageResult result = gathered.add(detail::run_in_process(plan, stage));
    ++stage.stage;
    return result;
  };
  detail::RunsRead runs;
  auto report = detail::run_job(job, run_stage, runs);
  return Result<decltype(report)>{std::move(report), std::move(gathered)};
}

}  // namespace kiln::testing
