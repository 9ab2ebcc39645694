#include "job/program_rank.hpp"

#include "base/log.hpp"
#include "base/start_directory.hpp"
#include "flow/counts.hpp"
#include "flow/rejected_table.hpp"
#include "flow/source_resolver.hpp"
#include "flow/stage_runner.hpp"
#include "job/clock.hpp"
#include "job/crash_note.hpp"
#include "job/noted_runner.hpp"
#include "protocol/retained.hpp"
#include "shuffle/run_folder.hpp"
#include "store/crash_mark.hpp"
#include "store/run_directory.hpp"
#include "store/segment.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <filesystem>
#include <kiln/error.hpp>
#include <utility>

namespace kiln::job {
namespace {

/// Results larger than this stay with the worker until a flush.
constexpr std::size_t kRideBytes = std::size_t{64} << 10;

std::string scratch_folder() {
  std::error_code failed;
  const auto folder = std::filesystem::temp_directory_path(failed);
  return fmt::format("{}/kiln-{}-{}", failed ? "/tmp" : from_start(folder).string(), getuid(), getpid());
}

}  // namespace

ProgramRank::ProgramRank(ProgramThread& thread, std::string build, std::string machine, MemoryBudget memory,
                         std::size_t keep_bytes, Duration patience, Duration durable_after)
    : thread_(thread),
      build_(std::move(build)),
      machine_(std::move(machine)),
      memory_(memory),
      patience_(patience),
      durable_after_(durable_after),
      slices_(memory.slices(keep_bytes)) {}

Execution ProgramRank::execution(Rank rank, Duration heartbeat) {
  Execution execution;
  of_ = rank;
  execution.heartbeat = heartbeat;
  if (heartbeat > Duration::zero()) execution.retain_bytes = protocol::Retained::kBytes;
  execution.make_runner = [this](const protocol::Setup& setup, Rank of) { return make_runner(setup, of); };
  execution.executor.ride_bytes = kRideBytes;
  execution.most_buried = memory_.buried();
  execution.buried_in_collectives = [this] { return collectives_->buried(); };
  execution.hold_bytes = memory_.held(execution.hold_bytes);
  execution.write_segment = [this, rank](const protocol::SegmentContent& content) {
    return write_segment(content, rank);
  };
  execution.patience = patience_;
  execution.stuck = [this] { stuck_ = true; };
  execution.answer = [this](protocol::Answer answer) { hear({std::move(answer), nullptr, {}}); };
  execution.announce = [this](const protocol::Announce& announce) { collectives_.value().announce(announce); };
  leads_ = leads_ || rank == Rank(0);
  execution.join = [this](const protocol::Join& join, exec::HeldResults mine) {
    leads_ ? void(given_ = std::move(mine)) : collectives_.value().join(join, std::move(mine));
  };
  execution.group = [this](const protocol::Group& group, Rank root) { collectives_.value().group(group, root); };
  execution.make_group = [this](std::uint64_t number) { collectives_.value().make_group(number); };
  execution.leave_join = [this](bool keep) { return leave_join(keep); };
  execution.passed = [this] { return runner_call_ && *runner_call_ < next_call_; };
  return execution;
}

void ProgramRank::lead() {
  answers_.clear();
  leads_ = true;
}

// Rank 0's part in collectives is its coordinator's.
exec::HeldResults ProgramRank::leave_join(bool keep) {
  exec::HeldResults given;
  if (auto waiting = take_given()) given = std::move(*waiting);
  if (!collectives_ || (leads_ && keep)) return given;
  if (!keep) {
    collectives_->set_taken();
    return {};
  }
  auto back = collectives_->abandon();
  return back.units.empty() ? std::move(given) : std::move(back);
}

void ProgramRank::hear(RankAnswer answer) {
  const std::uint32_t call = answer.answer.call;
  if (call == kGreetingCall) {
    greeted_ = true;
    fault_told_ = false;  // to whoever greets
    return thread_.started() ? void() : begin(decode_greeting(answer.answer.content));
  }
  if (call < next_call_) return;  // it came twice: this rank was declared dead, or a collective broke off
  answers_.insert_or_assign(call, std::move(answer));
}

void ProgramRank::begin(const Greeting& greeting) {
  greeting_ = greeting;
  mark_crash(store::crash_mark(greeting.directory, greeting.launch, of_), build_);
  if (greeting.build != build_) {
    fault_ = protocol::Fault{to_int(ExitCode::bad_input),
                             "its executable (or libkiln.so) is not the one of rank 0; all ranks must run the same"};
    return;
  }
  if (greeting.machine != machine_) {
    log::warning(
        "this rank has {}, rank 0 has {}: the last bits of exp, log, sin and the like may differ with the "
        "rank that computes them",
        machine_, greeting.machine);
  }
  look_.begin(greeting.probes, now());
  look_for_folders();
}

void ProgramRank::look_for_folders() {
  if (!look_.turn(now())) return;
  fault_ = look_.fault();
  if (!fault_) thread_.start(greeting_->seed, greeting_->directory);
}

// Null: the program is not there yet, or it will never be, or the call is over for it: its answer came before.
std::unique_ptr<exec::Runner> ProgramRank::make_runner(const protocol::Setup& setup, Rank rank) {
  StageSetup content = decode_stage_setup(setup.content);
  done_before_ = {setup.call, content.done_before};
  const ProgramCall* const call = thread_.call();
  if (call == nullptr || call->ordinal != setup.call || fault_) return nullptr;
  if (call->digest != setup.plan) {
    differs(*call, content.described);
    return nullptr;
  }
  runner_call_ = setup.call;
  if (call->kind == ProgramCall::Kind::end) return std::make_unique<NoRunner>();
  plan_ = call->plan;
  stage_ = call->stage;
  flow::StageRunner::Options options;
  options.running = &noted_unit();
  options.seed = greeting_ ? greeting_->seed : 0;
  options.stage = call->stage;
  options.scratch = scratch_folder();
  if (content.verify_units != 0) {
    options.units = content.verify_units;
    options.differs = [this, call](UnitId unit, const std::string& what) { note_difference(*call, unit, what); };
  }
  options.place = make_run_place(rank);
  options.most_held = memory_.held_by_key();
  auto input = flow::open_input(call->plan->source, content.source, &slices_, options.place);
  return std::make_unique<NotedRunner>(std::make_unique<flow::StageRunner>(*call->plan, std::move(input), options),
                                       call->stage);
}

// Of each setup its own: a rank that begins anew meets what it wrote before.
std::shared_ptr<detail::RunPlace> ProgramRank::make_run_place(Rank rank) {
  const std::filesystem::path folder = greeting_ ? greeting_->runs : std::string();
  const std::uint64_t epoch = greeting_ ? greeting_->epoch : 0;
  return std::make_shared<shuffle::RunFolder>(shuffle::RunFolder::Options{
      folder, fmt::format("{}{}-r{:04}-{}-", store::runs_prefix(StageId(stage_)), epoch, rank.value(), ++run_places_),
      durable_after_, memory_.merged()});
}

// The worker's writer thread; the stage goes on until it is done.
protocol::Segment ProgramRank::write_segment(const protocol::SegmentContent& content, Rank rank) {
  schedule::IntervalSet units;
  for (const Interval interval : content.units) units.insert(interval);
  const Tables tables = flow::stage_tables(*plan_);
  protocol::Segment segment;
  store::SegmentContent what{StageId(stage_), units, tables, content.rows, content.partials, &segment.rejected};
  const store::SegmentFile written =
      store::write_segment(greeting_->directory, Epoch(greeting_->epoch), rank, ++segments_, std::move(what));
  segment.file = written.file;
  segment.length = written.length;
  segment.checksum = written.checksum;
  segment.units = content.units;
  return segment;
}

// The executor's thread, while the program waits in the call.
void ProgramRank::note_difference(const ProgramCall& call, UnitId unit, const std::string& what) {
  const std::lock_guard lock(remarks_mutex_);
  remarks_.push_back(fmt::format(
      "unit {} of {} gave something else when it ran a second time (--verify): {}. What a unit gives must depend on "
      "its item, kiln::Unit and declared inputs alone; the first result is kept",
      unit.value(), call.described, what));
}

bool ProgramRank::turn(WorkerSide& worker) {
  look_for_folders();
  {
    const std::lock_guard lock(remarks_mutex_);
    for (std::string& text : remarks_) worker.on_remark({std::move(text)});
    remarks_.clear();
  }
  if (auto answer = collectives_->poll()) hear(std::move(*answer));
  for (const protocol::Grouped& grouped : collectives_->take_grouped()) worker.on_grouped(grouped);
  if (!look_.under_way() && !fault_ && std::exchange(greeted_, false)) worker.on_passed({first_unanswered()});
  if (!fault_) fault_ = thread_.fault();
  // What was given up uses what is on the program's stack.
  const ProgramCall* const call = fault_ || worker.busy() ? nullptr : thread_.call();
  if (call != nullptr) {
    const auto answer = answers_.find(call->ordinal);
    if (answer == answers_.end()) {
      worker.catch_up();
    } else {
      deliver(*call, std::move(answer->second));
      answers_.erase(answer);
    }
  }
  if (fault_ && !std::exchange(fault_told_, true)) worker.on_fault(*fault_);
  return collectives_->under_way();
}

std::uint32_t ProgramRank::first_unanswered() const {
  std::uint32_t call = next_call_;
  while (answers_.contains(call)) ++call;
  return call;
}

std::optional<std::uint64_t> ProgramRank::done_before(std::uint32_t call) const {
  return done_before_.first == call ? std::optional(done_before_.second) : std::nullopt;
}

void ProgramRank::deliver(const ProgramCall& call, RankAnswer came) {
  CallAnswer content = decode_call_answer(std::move(came.answer.content));
  if (came.answer.plan != call.digest) return differs(call, content.described);
  if (!content.in_counts.empty()) {
    if (came.harvest == nullptr) {
      came.harvest = std::make_unique<flow::StageHarvest>(call.plan->reduces);
      for (const std::uint32_t at : content.in_counts) came.harvest->forests().at(at)->provide_counts();
      flow::SummedCounts(*came.harvest).take(0, came.counts);
    }
    content.result.forests.resize(content.result.values.size());
    for (const std::uint32_t at : content.in_counts) {
      content.result.forests.at(at) = std::move(came.harvest->forests().at(at));
    }
  }
  next_call_ = call.ordinal + 1;
  std::optional<std::uint32_t> stage;
  if (call.kind == ProgramCall::Kind::stage) stage = call.stage;
  passed_.push_back({call.ordinal, call.digest, call.described, stage, content.done_before});
  thread_.answer(std::move(content.result));  // the call is gone from here on
}

void ProgramRank::differs(const ProgramCall& call, const std::string& asked) {
  if (fault_) return;
  fault_ = protocol::Fault{
      to_int(ExitCode::bad_input),
      fmt::format("the ranks' programs differ: this one comes to {}, where rank 0 comes to {}{}. All ranks must make "
                  "the same calls in the same order: nothing that differs between ranks (time, host, rank) may decide",
                  call.described, asked, asked == call.described ? " of another content" : "")};
}

}  // namespace kiln::job
