#include "flow/stage_runner.hpp"

#include "base/start_directory.hpp"

#include <fmt/core.h>
#include <kiln/detail/join_failure.hpp>
#include <kiln/detail/keyed/pages.hpp>
#include <kiln/detail/keyed/run_place.hpp>
#include <kiln/detail/stage_loop.hpp>
#include <kiln/error.hpp>
#include "flow/rejected_table.hpp"
#include "flow/second_run.hpp"
#include "flow/stage_harvest.hpp"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <utility>

namespace kiln::flow {
namespace {

constexpr double kClaimSeconds = 2e-3;
/// Joining partial results costs about as much as reading them twice; claimed units shall take many times that.
constexpr double kJoinBytesPerSecond = 2e9, kClaimPerJoin = 20;
/// The part of what may be held that claimed units are to give at most.
constexpr double kClaimOfHeld = 1.0 / 16;

void report(const detail::StageOutput& output, Interval claimed, exec::Results& results) {
  UnitId next = claimed.first;
  const UnitId ran(claimed.first.value() + output.ran);
  for (const detail::FailedUnit& failure : output.failures) {
    results.succeeded({next, failure.unit});
    results.failed({failure.unit, protocol::FailureKind::failed, failure.reason, {}});
    next = failure.unit.next();
  }
  results.succeeded({next, ran});
  for (UnitId unit = ran; unit < claimed.last; unit = unit.next()) {
    results.failed({unit, protocol::FailureKind::cancelled, "cancelled", {}});
  }
}

std::string text_of(Interval units) {
  return (units.size() == 1 ? "of " : "of some of the ") + detail::units_text({units});
}

// Of user code that is run for one unit, the code takes what it throws; what comes out was thrown by a merge of
// several.
void run_code(detail::StageCode& code, Interval units, const detail::StageHost& host, detail::StageOutput& output) {
  try {
    code.run(units, host, output);
  } catch (const Error&) {
    throw;
  } catch (const detail::JoinFailure& failure) {
    detail::throw_fold_failed(failure.where(), detail::cause_text(failure));
  } catch (const std::exception& error) {
    detail::throw_fold_failed(text_of(units), detail::failure_text(error));
  } catch (...) {
    detail::throw_fold_failed(text_of(units), detail::kUnknownException);
  }
}

/// Runner::most_held: of `most`, what the stage's steps by key gain from.
std::size_t most_held_by(const detail::StagePlan& plan, std::size_t most) {
  std::size_t useful = 0;
  for (const detail::ReduceSink& one : plan.reduces) useful += one.most_held;
  return std::min(most, useful);
}

}  // namespace

StageRunner::StageRunner(const detail::StagePlan& plan, std::unique_ptr<detail::UnitInput> input, Options options)
    : plan_(plan),
      input_(std::move(input)),
      counted_(dynamic_cast<CountedInput*>(input_.get())),
      options_(std::move(options)),
      tables_(stage_tables(plan)),
      code_(plan.make_code()),
      most_held_(most_held_by(plan, options_.most_held)) {}

StageRunner::~StageRunner() {
  remove_scratch();
  detail::KeptPages::release();
}

std::unique_ptr<exec::Harvest> StageRunner::make_harvest() const {
  if (plan_.reduces.empty()) return nullptr;
  return std::make_unique<StageHarvest>(plan_.reduces, options_.place, most_held_);
}

detail::StageHost StageRunner::host(const exec::Work& work, exec::Results& results) {
  detail::StageHost host;
  host.seed = options_.seed;
  host.stage = options_.stage;
  host.attempt = work.attempt;
  host.input = input_.get();
  host.running = options_.running;
  host.cancelled = [&] { return results.cancelled(); };
  host.scratch = [&](UnitId unit) { return make_scratch(unit); };
  return host;
}

void StageRunner::run(const exec::Work& work, Interval claimed, exec::Results& results) {
  if (!options_.differs) {
    run_some(work, claimed, results);
  } else {
    const Sample sample(options_.seed, options_.stage, options_.units);
    UnitId next = claimed.first;
    for (UnitId unit = claimed.first; unit < claimed.last; unit = unit.next()) {
      if (!sample.has(unit)) continue;
      if (next < unit) run_some(work, {next, unit}, results);
      run_twice(work, unit, results);
      next = unit.next();
    }
    if (next < claimed.last) run_some(work, {next, claimed.last}, results);
  }
  if (counted_ != nullptr) results.count_records(counted_->take_records());
  if (const exec::Harvest* const harvest = results.harvest()) harvest_bytes_ = harvest->bytes();
  claimed_ = claimed.size();
}

void StageRunner::run_some(const exec::Work& work, Interval units, exec::Results& results) {
  Forests none;
  auto* harvest = static_cast<StageHarvest*>(results.harvest());
  detail::StageOutput output;
  output.tables = &results.tables();
  output.forests = harvest == nullptr ? &none : &harvest->forests();
  run_code(*code_, units, host(work, results), output);
  if (options_.place != nullptr) options_.place->expect_well();

  Rows& rejected = results.tables().back();
  for (const detail::RejectedRecord& record : output.rejected) put_rejected(rejected, record);
  report(output, units, results);
  remove_scratch();
}

// The unit's results are made apart from the others', so that they can be compared; then joined with them.
void StageRunner::run_twice(const exec::Work& work, UnitId unit, exec::Results& results) {
  if (!second_code_) second_code_ = plan_.make_code();
  UnitOutcome first(plan_, tables_), second(plan_, tables_);
  const auto run = [&](detail::StageCode& code, UnitOutcome& outcome) {
    run_code(code, single(unit), host(work, results), outcome.output());
    outcome.close();
    remove_scratch();
  };
  run(*code_, first);
  run(*second_code_, second);
  if (!results.cancelled() && first.output().ran == 1 && second.output().ran == 1) {
    for (const std::string& what : first.differences(second)) options_.differs(unit, what);
  }
  for (std::size_t i = 0; i < tables_.size(); ++i) results.tables()[i].append(first.tables()[i]);
  if (auto* const harvest = static_cast<StageHarvest*>(results.harvest())) {
    harvest->absorb(first.harvest());
    for (const auto& forest : harvest->forests()) {
      if (const std::string broken = forest->verify(); !broken.empty()) options_.differs(unit, broken);
    }
  }
  report(first.output(), single(unit), results);
}

std::uint64_t StageRunner::claim(double unit_seconds) const {
  if (unit_seconds <= 0) return 1;
  const double joining = static_cast<double>(harvest_bytes_) / kJoinBytesPerSecond;
  double units = std::max(kClaimSeconds, kClaimPerJoin * joining) / unit_seconds;
  if (most_held_ != 0 && harvest_bytes_ != 0) {
    const double each = static_cast<double>(harvest_bytes_) / static_cast<double>(claimed_);
    units = std::min(units, kClaimOfHeld * static_cast<double>(most_held_) / each);
  }
  return static_cast<std::uint64_t>(std::clamp(units, 1.0, 1e15));
}

std::string StageRunner::make_scratch(UnitId unit) {
  const std::filesystem::path folder =
      std::filesystem::path(options_.scratch) / fmt::format("s{}-u{}", options_.stage, unit.value());
  std::filesystem::create_directories(from_start(folder));
  if (scratch_dirs_.empty() || scratch_dirs_.back() != folder.native()) scratch_dirs_.push_back(folder.native());
  return folder.native();
}

void StageRunner::remove_scratch() noexcept {
  for (const std::string& folder : scratch_dirs_) {
    std::error_code ignored;
    std::filesystem::remove_all(from_start(folder), ignored);
  }
  scratch_dirs_.clear();
}

}  // namespace kiln::flow
