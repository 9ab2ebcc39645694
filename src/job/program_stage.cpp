#include <kiln/detail/explain.hpp>
#include "base/log.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "flow/counts.hpp"
#include "flow/source_resolver.hpp"
#include "job/clock.hpp"
#include "job/machine.hpp"
#include "job/program_running.hpp"
#include "job/stage_plan.hpp"
#include "job/stop_time.hpp"
#include "store/stage_identity.hpp"
#include "units/range_source.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <kiln/error.hpp>
#include <utility>

/// ProgramRun: one stage, from its source to its values.
namespace kiln::job {
namespace {

constexpr std::uint64_t kMostHoles = 10'000;  // dead letters that a reduction bears, where --max-failures says nothing
constexpr std::uint64_t kMostSuspects = 100'000;  // of a rank that has died: they run one at a time

// The lines that --explain prints, each as one of the log.
void tell_plan(std::string_view lines) {
  for (std::size_t end = 0; (end = lines.find('\n')) != std::string_view::npos; lines.remove_prefix(end + 1)) {
    log::debug("{}", lines.substr(0, end));
  }
}

// Nothing of them is to be run: they can be read by nobody.
void expect_done(const std::vector<flow::GoneFile>& gone, const store::StageState& state) {
  schedule::IntervalSet settled = state.done;
  for (const protocol::DeadLetter& letter : state.dead) settled.insert(single(letter.unit));
  for (const flow::GoneFile& file : gone) {
    if (file.units.empty() || settled.contains(file.units)) continue;
    throw Error(
        ExitCode::bad_input,
        fmt::format("{} is not among the input files any more, and not all of it is done; put it back, or begin "
                    "anew in another run directory (--out)",
                    for_message(file.path, 400)));
  }
}

}  // namespace

void ProgramRun::run_stage(Running& running, const ProgramCall& call) {
  plan_ = call.plan;
  stage_ = call.stage;
  stage_name_ = plan_->name;
  reduces_ = plan_->reduces;
  answered_ = false;
  ended_.reset();
  stage_begun_ = wall_seconds();
  running.observer.begin_stage(stage_, stage_name_, detail::explain_stage(*plan_, stage_));
  const auto begin = [&] { begin_stage(call, running.archive); };
  // Meanwhile a rank may have said that it cannot go on: nobody would hear of it again.
  if (!on_writer(running, begin) || must_stop(running)) {
    plan_ = nullptr;
    return;
  }
  // That all later ones run again is said with the first.
  if (!state_.why.empty()) {
    std::exchange(runs_again_, true) ? log::debug("{}", state_.why) : log::warning("{}", state_.why);
  }
  const bool ended_here = state_.end && of_this_launch(state_.ended_in);
  count_before(call, ended_here   ? 0
                     : state_.end ? state_.end->counts.done + state_.end->counts.failed
                                  : state_.done.count() + state_.dead.size());
  total_.units += state_.plan.units;
  for (const protocol::DeadLetter& letter : state_.dead) note_failure(earlier_failures_, letter.unit, letter.reason);
  if (state_.end) {
    total_.done += state_.end->counts.done;
    total_.failed += state_.end->counts.failed;
    total_.rejected += state_.end->counts.rejected;
    answer(running, call, result_of(*state_.end, !ended_here));
    plan_ = nullptr;
    return;
  }
  run_units(running, call, units::RangeSource(state_.plan.units));
  plan_ = nullptr;
}

// Where nobody looks at a bar. An iteration has the same stage many times: its plan is told once.
void ProgramRun::tell_stage(const Running& running) {
  if (!running.observer.shows_log() || log::enabled(log::Level::debug) || running.loop.inherits()) return;
  const std::string line = detail::stage_line(*plan_, stage_);
  const std::string_view plan = std::string_view(line).substr(std::min(line.size(), line.find('\'')));
  if (!line.empty() && told_.emplace(plan).second) log::info("{}", line);
}

void ProgramRun::run_units(Running& running, const ProgramCall& call, const units::Source& source) {
  tell_stage(running);
  if (state_.resumed && !running.loop.inherits() && !(state_.done.empty() && state_.dead.empty())) {
    log::info("{}: going on: {} of {} units were done earlier", call.described, format_count(state_.done.count()),
              format_count(state_.plan.units));
  }
  StageStart start{coordinator_options(*plan_), coordinator_start(call)};
  if (start.options.join_counts != 0 || !rank0_.collectives.begins_with_all()) running.groups.want();
  start.join = [this](const protocol::Join& join) { join_asked_ = join; };
  start.leave_join = [this] { leave_join(); };
  start.can_join = [&running] { return running.groups.can_join(); };
  prepare_join(running);
  const protocol::Outcome outcome = running.loop.run(std::move(start), source);
  end_.in_time = running.loop.coordinator().stopped_in_time();
  if (answered_) end_answer(running);
  const auto counts = running.loop.coordinator().counts();
  counts_ = {counts.units, counts.done, counts.failed, 0};
  total_.done += counts.done;
  total_.failed += counts.failed;
  total_.rejected += running.archive.rejected().rejected;
  if (outcome != protocol::Outcome::complete && outcome != protocol::Outcome::units_failed) {
    stopped_as_ = outcome;
    unwritten_ = counts.done + counts.failed - counts.committed;
    on_writer(running, [&] { running.archive.stop_stage(); });
    return;
  }
  if (rejects_too_many(running, true)) {
    must_stop(running);
    return;
  }
  if (!on_writer(running, [&] { end_stage(running.archive); })) return;
  if (answered_) answers_.back().durable = true;
  if (!answered_) answer(running, call, result_of(*ended_, false));
}

void ProgramRun::begin_stage(const ProgramCall& call, ProgramArchive& archive) {
  const detail::StagePlan& plan = *call.plan;
  const std::string explained = detail::explain_stage(plan, call.stage);
  tell_plan(explained);
  store::StageStore& stages = store_->stages();
  const StageGround ground{rank0_.build, call.inputs, stages.chain()};
  const store::PlanEntry* const stored = stages.stored_plan(StageId(call.stage));
  SetupRecord recorded;
  if (stored != nullptr) recorded = decode_setup_record(stored->setup);
  flow::ResolveOptions how;
  // Files that are newer than the stage: whoever goes on in it has its source as it was.
  how.only_new = options_.only_new && !began_in_this_launch(StageId(call.stage));
  how.gone_stay = options_.only_new;
  if (stored != nullptr && same_but_source(*stored, plan, ground)) {
    how.recorded = recorded.source;
  } else if (stored != nullptr && options_.only_new) {
    flow::expect_all_there(plan.source, recorded.source);  // else what earlier nights gave would be lost without a word
  }
  flow::ResolvedSource source = flow::resolve_source(plan.source, how);
  if (!source.advice.empty() && advised_.insert(source.advice).second) log::info("{}", source.advice);

  for (const std::string& change : seen_files_.note(plan.source, source.descriptor)) {
    log::warning(
        "{}: {}; it is read as it is now, and this run cannot go on later with both: begin anew (--fresh) with "
        "files that nobody changes",
        call.described, change);
  }

  store::PlanEntry entry = plan_entry(plan, ground, source.identity, source.units);
  entry.setup = encode(SetupRecord{rank0_.machine, source.descriptor, explained});
  std::optional<store::PlanEntry> shorter;
  if (!how.recorded.empty() && source.recorded_identity != source.identity) {
    shorter = plan_entry(plan, ground, source.recorded_identity, source.recorded_units);
  }
  state_ = begin_stage(plan, StageId(call.stage), std::move(entry), shorter ? &*shorter : nullptr);
  if (state_.why.ends_with(store::kPlanChanged)) state_.why += plan_change(recorded.plan, explained);
  source_ = std::move(source.descriptor);
  if (state_.resumed && recorded.machine != rank0_.machine) {
    log::warning(
        "{} was begun with {}, this is {}: the last bits of exp, log, sin and the like may differ; --fresh "
        "begins anew",
        call.described, recorded.machine, rank0_.machine);
  }
  if (state_.end) return;
  expect_done(source.gone, state_);
  priorities_ = priority_classes(plan, state_.plan.units);
  archive.begin_stage(plan);
}

void ProgramRun::end_stage(ProgramArchive& archive) {
  join_room_ = {};
  store::StageEndEntry end;
  end.values = archive.values();
  counts_.rejected = store_->stages().rejected();
  archive.end_stage();  // a large value is not to be there once more while it is written
  end.counts = counts_;
  end.seconds = wall_seconds() - stage_begun_;
  for (std::uint32_t i = 0; i < reduces_.size(); ++i) {
    const detail::ReduceSink& reduce = reduces_[i];
    if (!end.values[i] || !reduce.show) continue;
    for (auto& [table, rows] : reduce.show(*end.values[i])) end.show.push_back({i, std::move(table), std::move(rows)});
  }
  store_->stages().end(end);
  archive.stage_ended();
  ended_ = std::move(end);
}

detail::StageResult ProgramRun::result_of(const store::StageEndEntry& end, bool resumed) const {
  detail::StageResult result;
  result.values = end.values;
  result.counts = end.counts;
  result.seconds = resumed ? 0 : end.seconds;
  result.resumed = resumed;
  return result;
}

protocol::CoordinatorOptions ProgramRun::coordinator_options(const detail::StagePlan& plan) const {
  protocol::CoordinatorOptions coordinator;
  const MemoryBudget memory = memory_budget(options_, environment_);
  coordinator.commit_bytes = memory.committed(coordinator.commit_bytes);
  coordinator.pause_bytes = memory.waiting(coordinator.pause_bytes);
  coordinator.batch = options_.batch;
  coordinator.retries = options_.retries;
  coordinator.backoff = options_.backoff;
  coordinator.grace = options_.grace;
  coordinator.give_up_after = give_up_after(options_);
  coordinator.seed = options_.seed;
  coordinator.time_limit = time_limit(options_, environment_);
  coordinator.most_in_flight = plan.most_in_flight;
  coordinator.checkpoint_adapts = !options_.checkpoint_every;
  if (options_.checkpoint_every) coordinator.checkpoint_every = *options_.checkpoint_every;
  if (options_.max_failures) {
    const auto units = static_cast<double>(state_.plan.units);
    coordinator.max_failures = options_.max_failures->count.value_or(std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::ceil(options_.max_failures->percent.value_or(100) / 100 * units))));
  } else if (!options_.max_failures_given && !plan.reduces.empty()) {
    coordinator.max_failures = kMostHoles;
  }
  const bool inexact =
      std::any_of(plan.reduces.begin(), plan.reduces.end(), [](const auto& one) { return !one.exact; });
  using Kind = detail::SourceSpec::Kind;
  const bool files =
      plan.source.kind == Kind::lines || plan.source.kind == Kind::records || plan.source.kind == Kind::hdf5;
  if (plan.pure && (!plan.reduces.empty() || files)) coordinator.queue.order = schedule::Order::home;
  coordinator.queue.dyadic = inexact;
  if (plan.pure && options_.speculate.value_or(true)) coordinator.speculate = protocol::Speculate::others;
  coordinator.queue.direction = plan.descending ? schedule::Direction::descending : schedule::Direction::ascending;
  coordinator.queue.priorities = priorities_;
  coordinator.join_counts = flow::count_length(plan.reduces);
  return coordinator;
}

protocol::CoordinatorStart ProgramRun::coordinator_start(const ProgramCall& call) const {
  protocol::CoordinatorStart start;
  start.units = state_.plan.units;
  start.done = state_.done;
  for (const protocol::DeadLetter& letter : state_.dead) start.dead.insert(single(letter.unit));
  start.setup = {encode(StageSetup{call.described, source_, options_.verify && call.plan->pure ? state_.plan.units : 0,
                                   done_before_}),
                 call.ordinal, call.digest};
  for (const store::CrashMark& mark : store_->recovered().crashed) {
    if (mark.stage != StageId(call.stage) || mark.build != rank0_.build || mark.units.size() > kMostSuspects) continue;
    for (UnitId unit = mark.units.first; unit < mark.units.last; unit = unit.next()) {
      std::vector<Rank>& died = start.suspects[unit];
      if (mark.units.size() == 1) died.push_back(mark.rank);
    }
  }
  return start;
}

}  // namespace kiln::job
