#include "job/program_run.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
#include "base/start_directory.hpp"
#include "job/clock.hpp"
#include "job/launch_facts.hpp"
#include "job/launch_id.hpp"
#include "job/launcher.hpp"
#include "job/program_running.hpp"
#include "job/recovery_note.hpp"
#include "job/tell_fault.hpp"
#include "job/until_note.hpp"
#include "net/versions.hpp"
#include "store/launch_note.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <kiln/error.hpp>
#include <utility>

namespace kiln::job {
namespace {

/// So long the end of the program waits for ranks whose units were given up.
constexpr Duration kPatienceWithUnits = std::chrono::seconds(2);

}  // namespace

ProgramRun::ProgramRun(const RunOptions& options, const Environment& environment,
                       const std::vector<std::string>& arguments, const ProgramFacts& program, Rank0 rank0)
    : options_(options),
      environment_(environment),
      program_(program),
      rank0_(std::move(rank0)),
      launch_id_(environment.launched() ? environment.launch_id : make_launch_id()) {
  end_.started = wall_seconds();
  open(arguments);
}

void ProgramRun::open(const std::vector<std::string>& arguments) {
  store::RunStoreOptions open;
  open.program = program_.name;
  open.arguments = arguments;
  open.directory = start_directory().string();
  open.build = rank0_.build;
  open.seed = options_.seed;
  open.fresh = options_.fresh && !environment_.goes_on();
  open.takeover = options_.takeover;
  open_store(std::move(open));
  const std::string note = recovery_note(options_, environment_, net::mpi_library_version());
  if (!note.empty() && !environment_.goes_on()) log::info("{}", note);
  const store::Recovered& recovered = store_->recovered();
  if (!recovered.created && recovered.facts.program != program_.name) {
    store_->release();
    throw Error(ExitCode::run_directory,
                fmt::format("run directory {} belongs to the program {}, this is {}. Name another with --out, or begin "
                            "anew with --fresh, which deletes that run's results",
                            options_.directory, recovered.facts.program, program_.name));
  }
  for (const std::string& line : recovered.damage) log::warning("{}", line);
  if (options_.seed != recovered.facts.seed && !environment_.goes_on()) {
    log::warning("{}: the run began with --seed {}, and goes on with it", options_.directory, recovered.facts.seed);
  }
  keep_until(store_->directory(), options_, environment_);
  write_launch_note(store_->directory(),
                    {launch_id_, own_program(), start_directory().string(), program_.options, program_.operands});
  prepare_scratch();
  if (options_.retry) withdraw_dead();
}

void ProgramRun::open_store(store::RunStoreOptions open) {
  open.path = options_.directory;
  open.kind = "program";
  open.launch_id = launch_id_;
  open.first_launch = environment_.first_launch_id;
  open.previous_launch = environment_.previous_launch_id;
  open.results_memory = rank0_.rank.memory().results();
  store_ = store::RunStore::open(open);
  if (environment_.mpi_ranks_here == rank0_.transport.size()) return;
  greeting_.probes.push_back(lay_probe(FolderProbe::Of::run_directory, store_->directory().path(), reign()));
}

void ProgramRun::withdraw_dead() {
  const auto withdrawn = store_->stages().withdraw_dead(store_->recovered().first_launch);
  if (!environment_.goes_on()) store_->forget_crashes();
  for (const auto& one : withdrawn) {
    log::info("stage {} ('{}'): {} failed units are tried again", one.stage.value(), one.name, format_count(one.units));
  }
  if (withdrawn.empty() && !environment_.goes_on())
    log::info("{}: no failed units: nothing to try again", options_.directory);
}

std::vector<Rank> ProgramRun::workers() const { return working_ranks(options_, rank0_.transport.size()); }

RunObserver::Facts ProgramRun::observer_facts() {
  RunObserver::Facts facts = launch_facts(options_, environment_, *store_, launch_id_, end_.started);
  facts.name_unit = [this](UnitId unit) { return name_unit(unit); };
  facts.dead = [this](UnitId unit, const std::string& reason) { note_failure(first_failures_, unit, reason); };
  return facts;
}

std::string ProgramRun::name_unit(UnitId unit) const {
  return fmt::format("unit {} of stage {} ('{}')", unit.value(), stage_, stage_name_);
}

void ProgramRun::note_failure(std::vector<observe::FailedUnit>& failures, UnitId unit, const std::string& reason) {
  if (failures.size() >= observe::kShownFailures) return;
  const std::string place = fmt::format("stage {} '{}'", stage_, stage_name_);
  failures.push_back({unit.value(), place, "", reason});
}

void ProgramRun::greet(Running& running) {
  Greeting& greeting = greeting_;
  greeting.seed = store_->recovered().facts.seed;
  greeting.epoch = store_->recovered().epoch.value();
  greeting.launch = launch_id_;
  greeting.directory = std::filesystem::absolute(from_start(store_->directory().path())).lexically_normal().string();
  greeting.build = rank0_.build;
  greeting.machine = rank0_.machine;
  greeting.runs = runs_folder().string();
  running.loop.tell_workers(protocol::Answer{kGreetingCall, 0, encode(greeting)});
  rank0_.rank.greet(greeting);
  if (rank0_.thread.started()) return;
  if (!greeting.probes.empty()) running.loop.wait_while([&] { return !must_stop(running) && !all_see(running); });
  if (!stopped_as_) rank0_.thread.start(greeting.seed, greeting.directory);
}

std::string ProgramRun::reign() const { return fmt::format("{}-{}", launch_id_, store_->recovered().epoch.value()); }

bool ProgramRun::all_see(Running& running) const {
  return std::ranges::all_of(running.loop.others(), [this](Rank rank) { return seeing_.contains(rank); });
}

int ProgramRun::run(std::unique_ptr<Inheritance> inheritance) {
  const bool takes_over = inheritance != nullptr;
  Running running(*this, std::move(inheritance));
  running.loop.set_each_turn([this, &running] { return turn(running); });
  running.loop.set_on_death([this, &running] { rank_lost(running); });
  running.loop.set_on_back([this, &running](Rank rank) { rank_back(running, rank); });
  running.loop.set_on_grouped(
      [&running](Rank rank, const protocol::Grouped& said) { running.groups.hear(rank, said); });
  running.loop.set_on_passed([this](Rank rank, std::uint32_t call) { hear_passed(rank, call); });
  try {
    if (takes_over) take_over(running);
    greet(running);
    serve(running);
    return finish(running);
  } catch (const store::Deposed&) {
    throw;  // the others are not its workers any more
  } catch (const std::exception& fault) {
    running.loop.stop_workers(exit_code_of(fault));
    throw;
  }
}

// Until the program has ended, or must.
void ProgramRun::serve(Running& running) {
  while (!program_code_ && !stopped_as_) {
    const ProgramCall* call = nullptr;
    running.loop.wait_while([&] { return !must_stop(running) && (call = rank0_.thread.call()) == nullptr; });
    if (!stopped_as_) run_call(running, *call);
  }
}

bool ProgramRun::must_stop(Running& running) {
  if (const auto fault = rank0_.thread.fault(); fault && !running.loop.rank_fault()) running.loop.fault_here(*fault);
  if (running.loop.rank_fault()) {
    stopped_as_ = protocol::Outcome::fault;
  } else if (running.loop.interrupted() && !gathers_first(running)) {
    stopped_as_ = protocol::Outcome::interrupted;
  } else if (storage_failed_) {
    stopped_as_ = protocol::Outcome::storage;
  }
  return stopped_as_.has_value();
}

void ProgramRun::run_call(Running& running, const ProgramCall& call) {
  switch (call.kind) {
    case ProgramCall::Kind::stage:
      return run_stage(running, call);
    case ProgramCall::Kind::at_root:
      return run_root(running, call);
    case ProgramCall::Kind::end:
      return end_program(running, call);
  }
}

// False: the disk refuses, and the run ends.
bool ProgramRun::on_writer(Running& running, const std::function<void()>& task) {
  running.writer.run([this, task] {
    try {
      task();
    } catch (const store::StorageError& error) {
      log::error("{}. The run ends: the same command goes on from what is committed when it can be written",
                 error.fact());
      storage_failed_ = true;
    }
  });
  running.loop.wait_while([&running] { return running.writer.running(); });
  return !storage_failed_;
}

void ProgramRun::run_root(Running& running, const ProgramCall& call) {
  if (!store_->stages().root_done(call.name, call.ordinal)) {
    rank0_.thread.run_root();
    const ProgramCall* again = nullptr;
    running.loop.wait_while([&] { return (again = rank0_.thread.call()) == nullptr && !rank0_.thread.fault(); });
    if (must_stop(running) && again == nullptr) return;
    if (!on_writer(running, [&] { store_->stages().record_root(call.name, call.ordinal); })) return;
  }
  answer(running, call, {});
}

// Every rank must come to its end: an exception there is one of the run.
void ProgramRun::end_program(Running& running, const ProgramCall& call) {
  const std::uint32_t ordinal = call.ordinal;
  end_setup_ = protocol::Setup{encode(StageSetup{call.described, {}, 0, done_before_}), ordinal, call.digest};
  running.loop.tell_workers(*end_setup_);
  const Instant until = now() + std::min<Duration>(give_up_after(options_), kPatienceWithUnits);
  const auto there = [&] { return running.loop.all_reached(ordinal, now() < until); };
  running.loop.wait_while([&] { return !must_stop(running) && !there(); });
  if (stopped_as_) return;
  program_code_ = call.exit_code;
  rank0_.thread.answer();
}

void ProgramRun::answer(Running& running, const ProgramCall& call, detail::StageResult result) {
  // Under the coordinator before, a rank that took over may have been asked to give up what it still runs.
  const auto busy = [&] { return running.loop.own_worker() != nullptr && running.loop.own_worker()->busy(); };
  running.loop.wait_while([&] { return busy() && !must_stop(running); });
  if (busy()) return;
  note_answer(call, result, true);
  Bytes content = encode_call_answer(call.described, done_before_, result);
  if (content.size() > kMostInMessage) {
    using CanJoin = protocol::CoordinatorPort::CanJoin;
    running.groups.want();
    running.loop.wait_while([&] { return running.groups.can_join() == CanJoin::soon && !must_stop(running); });
  }
  begin_answer(running, call, std::move(result), std::move(content));
  end_answer(running);
}

void ProgramRun::begin_answer(Running& running, const ProgramCall& call, detail::StageResult result, Bytes content) {
  const bool large = content.size() > kMostInMessage && !running.loop.others().empty();
  if (!large || !running.groups.usable()) {
    running.loop.tell_workers(protocol::Answer{call.ordinal, call.digest, std::move(content)});
  } else {
    running.loop.tell_workers(protocol::Announce{call.ordinal, call.digest, content.size(), checksum(content)});
    rank0_.collectives.begin_broadcast(std::move(content));
    large_answer_ = call.ordinal;
    broadcasting_ = true;
  }
  rank0_.thread.answer(std::move(result));  // the call is gone from here on
}

void ProgramRun::end_answer(Running& running) {
  running.loop.wait_while([this] { return !rank0_.collectives.poll(); });
  rank0_.collectives.received();
  broadcasting_ = false;
}

int ProgramRun::finish(Running& running) {
  running.observer.assembling();
  set_end(running);
  if (const auto& fault = running.loop.rank_fault()) {
    log::error("rank {}: {}", fault->rank.value(), fault->fault.text);
  }
  on_writer(running, [this, &running] {
    if (end_.entry.outcome == protocol::Outcome::complete) leave_runs();
    if (program_code_) running.archive.stage_ended();
    if (program_code_) write_exports();
    remove_probes(greeting_.probes);
    close_run(*store_, {}, end_);
  });
  if (storage_failed_) end_.entry.exit_code = to_int(ExitCode::stopped_early);
  running.observer.ended();
  running.writer.run([] {});  // behind the status: a launcher knows of the end before it hears the summary
  running.loop.wait_while([&running] { return running.writer.running(); });
  summarise();
  if (over_rejected_) running.writer.run([this] { tell_rejected(); });
  running.loop.wait_while([&running] { return running.writer.running(); });
  running.loop.stop_workers(end_.entry.exit_code);
  return end_.entry.exit_code;
}

}  // namespace kiln::job
