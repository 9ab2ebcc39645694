#include "job/command_run.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "exec/command_setup.hpp"
#include "job/clock.hpp"
#include "job/command_facts.hpp"
#include "job/launch_facts.hpp"
#include "job/launch_id.hpp"
#include "job/recovery_note.hpp"
#include "job/retry_choice.hpp"
#include "job/run_archive.hpp"
#include "job/slurm_again.hpp"
#include "job/source_settings.hpp"
#include "job/stop_time.hpp"
#include "job/task_input.hpp"
#include "job/task_stages.hpp"
#include "job/tell_fault.hpp"
#include "job/told_by_mpirun.hpp"
#include "job/until_note.hpp"
#include "net/versions.hpp"
#include "store/run_reader.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <kiln/error.hpp>
#include <utility>

namespace kiln::job {
namespace {

int exit_code_for(protocol::Outcome outcome) {
  switch (outcome) {
    case protocol::Outcome::complete:
      return to_int(ExitCode::ok);
    case protocol::Outcome::units_failed:
    case protocol::Outcome::too_many_failures:
      return to_int(ExitCode::units_failed);
    case protocol::Outcome::interrupted:
    case protocol::Outcome::storage:
    case protocol::Outcome::held_up:
    case protocol::Outcome::cut_off:
      return to_int(ExitCode::stopped_early);
    case protocol::Outcome::fault:
      break;
  }
  return to_int(ExitCode::internal);
}

// As the one who began the run called it. The run directory holds a copy of the file.
std::string source_name(const store::RunFacts& facts) {
  return facts.source.empty() || facts.source == "-" ? "task file" : facts.source;
}

}  // namespace

CommandRun::CommandRun(const RunOptions& options, const Environment& environment,
                       const std::vector<std::string>& arguments, net::Transport& transport, Waiter& waiter)
    : options_(options),
      environment_(environment),
      transport_(transport),
      waiter_(waiter),
      launch_id_(environment.launched() ? environment.launch_id : make_launch_id()) {
  end_.started = wall_seconds();
  open(arguments);
}

// The run is as the one before began it: nothing is asked, nothing is withdrawn.
CommandRun::CommandRun(const RunOptions& options, const Environment& environment,
                       const std::vector<std::string>& arguments, net::Transport& transport, Waiter& waiter,
                       std::string launch_id, Epoch follows)
    : options_(options),
      environment_(environment),
      transport_(transport),
      waiter_(waiter),
      launch_id_(std::move(launch_id)) {
  open_store(arguments, follows);
  end_.started = store_->recovered().launch_started;
  tasks_ = units::parse_source(store_->source_copy(), source_name(store_->recovered().facts));
  store_->set_source(tasks_.bytes, tasks_);
  source_.emplace(tasks_, store_->registry().indices());
  set_dead();
}

void CommandRun::open_store(const std::vector<std::string>& arguments, std::optional<Epoch> follows) {
  store::RunStoreOptions open;
  open.path = options_.directory;
  open.arguments = rank_arguments(options_, arguments);
  open.source = options_.task_file;
  open.seed = options_.seed;
  open.fresh = options_.fresh && !environment_.goes_on() && !follows;
  open.follows = follows;
  open.takeover = options_.takeover;
  open.launch_id = launch_id_;
  open.first_launch = environment_.first_launch_id;
  open.previous_launch = environment_.previous_launch_id;
  for (const exec::ResultColumn& column : options_.columns) open.columns.push_back(exec::to_text(column));
  store_ = store::RunStore::open(open);
  if (environment_.mpi_ranks_here != transport_.size()) {
    const std::string reign = fmt::format("{}-{}", launch_id_, store_->recovered().epoch.value());
    probes_.push_back(lay_probe(FolderProbe::Of::run_directory, store_->directory().path(), reign));
  }
  columns_ = exec::parse_result_columns(options_.directory + "/run.json", store_->recovered().facts.columns);
  schema_ = exec::command_schema(columns_);
}

void CommandRun::set_dead() {
  const schedule::IntervalSet active = store_->registry().active();
  for (const protocol::DeadLetter& letter : store_->recovered().dead) {
    if (active.contains(letter.unit)) dead_.insert(single(letter.unit));
  }
}

void CommandRun::open(const std::vector<std::string>& arguments) {
  if (!options_.retry) tasks_ = load_tasks(options_, environment_);
  if (options_.retry) check_retry(options_.directory, options_.where);  // it must be a run already
  if (!options_.retry && !options_.fresh) refuse_another_command(options_.directory, tasks_);
  open_store(arguments, std::nullopt);
  keep_until(store_->directory(), options_, environment_);
  const Variables variables = read_variables();
  if (variables.contains("KILN_NEXT_JOB")) note_next_job(options_.directory, variables.at("KILN_NEXT_JOB"));
  const std::string note = recovery_note(options_, environment_, net::mpi_library_version());
  if (!note.empty() && !environment_.goes_on()) log::info("{}", note);
  if (options_.retry) tasks_ = units::parse_source(store_->source_copy(), source_name(store_->recovered().facts));
  store_->set_source(tasks_.bytes, tasks_);
  static_assert(store::SourceRegistry::kNowhere == units::CommandSource::kNone);
  source_.emplace(tasks_, store_->registry().indices());
  set_dead();
  schedule::IntervalSet again;
  if (options_.retry) again = options_.where.empty() ? dead_ : choose_retries(options_.directory, options_.where);
  again.erase(store_->recovered().dead_since);
  report_opening(again);
  for (const std::string& line : stage_plan(tasks_)) log::debug("{}", line);
  store_->withdraw(again);
  dead_.erase(again);
  before_ = {recovered_done(), dead_.count()};
}

void CommandRun::report_opening(const schedule::IntervalSet& again) const {
  const store::Recovered& recovered = store_->recovered();
  for (const std::string& line : recovered.damage) log::warning("{}", line);
  const std::uint64_t units = store_->registry().active().count();
  if (units == 0) log::warning("{} has no commands: nothing to do", for_message(tasks_.name));
  if (units < workers().size() && !environment_.slurm_job_id.empty() && !environment_.goes_on()) {
    log::warning("{} for {} workers: so many CPUs have nothing to do; ask for fewer",
                 units == 1 ? "1 command" : fmt::format("{} commands", format_count(units)),
                 format_count(workers().size()));
  }
  if (recovered.created || units == 0) return;
  const std::uint64_t done = recovered_done();
  const std::string failed = dead_.empty() ? "" : fmt::format(", {} failed", format_count(dead_.count()));
  if (options_.retry) {
    const bool all = again.count() == dead_.count();
    log::info("{}: {} of {} units done; trying {}{} failed ones again", options_.directory, format_count(done),
              format_count(units), format_count(again.count()),
              all ? "" : fmt::format(" of {}", format_count(dead_.count())));
  } else if (done + dead_.count() == units) {
    log::info("{}: all {} units were done earlier{}; nothing is left to run (--fresh begins anew)", options_.directory,
              format_count(units), failed);
  } else {
    log::info("{}: going on: {} of {} units were done earlier{}", options_.directory, format_count(done),
              format_count(units), failed);
  }
}

std::uint64_t CommandRun::recovered_done() const {
  std::uint64_t done = 0;
  for (const Interval interval : store_->registry().active().intervals()) {
    done += store_->recovered().done.intersection(interval).count();
  }
  return done;
}

protocol::CoordinatorOptions CommandRun::coordinator_options() const {
  protocol::CoordinatorOptions coordinator;
  coordinator.batch = options_.batch;
  coordinator.retries = options_.retries;
  coordinator.backoff = options_.backoff;
  coordinator.grace = options_.grace;
  coordinator.task_signal = !options_.task_signal.empty();
  coordinator.seed = options_.seed;
  coordinator.checkpoint_adapts = !options_.checkpoint_every;
  if (options_.speculate.value_or(false)) coordinator.speculate = protocol::Speculate::all;
  coordinator.no_rerun_lost = options_.no_rerun_lost;
  if (options_.checkpoint_every) coordinator.checkpoint_every = *options_.checkpoint_every;
  if (options_.max_failures) {
    const auto units = static_cast<double>(store_->registry().active().count());
    coordinator.max_failures = options_.max_failures->count.value_or(std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::ceil(options_.max_failures->percent.value_or(100) / 100 * units))));
  }
  coordinator.time_limit = time_limit(options_, environment_);
  apply_limits(tasks_, *source_, coordinator);
  apply_stages(tasks_, *source_, coordinator);
  return coordinator;
}

std::vector<Rank> CommandRun::workers() const { return working_ranks(options_, transport_.size()); }

exec::CommandSetup CommandRun::command_setup(const std::vector<Rank>& workers) const {
  exec::CommandSetup setup = make_command_setup(options_, store_->directory().path());
  setup.columns = columns_;
  setup.first_worker = workers.front().value();
  setup.done_before = before_.done;
  setup.failed_before = before_.failed;
  const store::RunFacts& facts = store_->recovered().facts;
  const std::string& file = options_.retry ? facts.source : options_.task_file;
  const std::string name = file == "-" ? "stdin" : std::filesystem::path(file).filename().string();
  set_source_variables(setup, tasks_, {job_id_of(environment_.slurm_job_id, facts.created), name, workers.size()});
  return setup;
}

protocol::CoordinatorStart CommandRun::start() const {
  protocol::CoordinatorStart start;
  start.units = store_->registry().units();
  start.done = store_->recovered().done;
  start.dead = dead_;
  start.given = store_->recovered().given;
  start.removed = schedule::IntervalSet(make_interval(0, start.units));
  start.removed.erase(store_->registry().active());
  start.setup.content = exec::encode(command_setup(workers()));
  return start;
}

RunObserver::Facts CommandRun::observer_facts() {
  RunObserver::Facts facts = launch_facts(options_, environment_, *store_, launch_id_, end_.started);
  facts.done_before = before_.done;
  facts.name_unit = [this](UnitId unit) { return name_unit(unit); };
  facts.settled = [this](Bytes& rows, bool succeeded) {
    if (printing_ != nullptr) printing_->settled(rows, succeeded);
  };
  for (const units::TaskStage& stage : tasks_.stages) facts.stages.push_back(stage.name);
  facts.command = [this](UnitId unit) { return std::string(source_->command(unit).substr(0, 400)); };
  return facts;
}

std::string CommandRun::name_unit(UnitId unit) const {
  const std::string place = tasks_.place(store_->registry().lines().at(unit.value()));
  return fmt::format("unit {} ({}{}{})", unit.value(), place, place.empty() ? "" : ": ",
                     for_message(source_->command(unit), 80));
}

// Some of what the journal has is this launch's own: the coordinator before knew what is not.
void CommandRun::inherit_before(ByteView content) {
  const exec::CommandSetup setup = exec::decode_command_setup(content);
  before_ = {setup.done_before, setup.failed_before};
}

int CommandRun::run(const Execution& execution, std::unique_ptr<Inheritance> inheritance) {
  RunArchive archive(*store_, schema_, [this] { print_before_commit(); });
  Writer writer(archive, [this] { waiter_.wake(); });
  const bool takes_over = inheritance != nullptr;
  if (takes_over) inherit_before(inheritance->setup.content);
  RunObserver::Facts facts = observer_facts();
  facts.takes_over = takes_over;
  RunObserver observer(std::move(facts), writer);
  const std::unique_ptr<RunPrinting> printing = begin_printing(observer.display(), takes_over);
  set_printing(printing.get());
  const auto no_printing = [this](void*) { set_printing(nullptr); };
  const std::unique_ptr<void, decltype(no_printing)> until_here(this, no_printing);
  StageStart stage{coordinator_options(), start()};
  if (inheritance) stage.start.setup = inheritance->setup;
  CoordinatorLoop loop(transport_, waiter_, store_->recovered().epoch, workers(), writer, observer, execution,
                       std::move(inheritance));
  try {
    show_folder(loop, takes_over);
    return finish(loop, writer, observer, loop.run(std::move(stage), *source_));
  } catch (const store::Deposed&) {
    throw;  // the others are not its workers any more
  } catch (const std::exception& fault) {
    loop.stop_workers(exit_code_of(fault));
    throw;
  }
}

// Before anything is handed out. Of those that take part in a takeover, each has seen it under the coordinator before.
void CommandRun::show_folder(CoordinatorLoop& loop, bool takes_over) {
  if (probes_.empty()) return;
  const auto show = [this, &loop](Rank rank) { loop.tell(rank, protocol::Answer{kGreetingCall, 0, encode(probes_)}); };
  loop.set_on_back(show);
  loop.set_on_passed([this](Rank rank, std::uint32_t) { seeing_.insert(rank); });
  if (takes_over) return;
  for (const Rank rank : loop.others()) show(rank);
  const auto all_see = [&] {
    return std::ranges::all_of(loop.others(), [this](Rank rank) { return seeing_.contains(rank); });
  };
  loop.wait_while([&] { return !loop.rank_fault() && !loop.interrupted() && !all_see(); });
  if (const auto& fault = loop.rank_fault()) {
    throw Error(static_cast<ExitCode>(fault->fault.exit_code),
                fmt::format("rank {}: {}", fault->rank.value(), fault->fault.text));
  }
  if (!loop.interrupted()) return;
  throw Error(ExitCode::stopped_early, "stopped before any command was begun; the same command goes on from there");
}

int CommandRun::finish(CoordinatorLoop& loop, Writer& writer, RunObserver& observer, protocol::Outcome outcome) {
  observer.assembling();
  const auto counts = loop.coordinator().counts();
  set_end(outcome, counts);
  end_.stages = observer.stages(loop.coordinator());
  end_.in_time = loop.coordinator().stopped_in_time();
  look_for_cut_off(observer);
  end_.storage_failure = observer.storage_failure();
  if (const auto& fault = loop.rank_fault()) {
    log::error("rank {}: {}", fault->rank.value(), fault->fault.text);
    end_.entry.exit_code = fault->fault.exit_code;
  }
  // Nothing of this frame by reference: an exception may leave it before the writer has done this.
  writer.run([this] {
    try {
      remove_probes(probes_);
      close_run(*store_, schema_, end_);
    } catch (const store::StorageError& error) {
      log::error("{}; what is committed is safe: run the same command again when it can be written", error.fact());
      end_.entry.exit_code = to_int(ExitCode::stopped_early);
    }
  });
  if (printing_ != nullptr) printing_->end();
  loop.wait_while([&writer] { return writer.running(); });
  if (printing_ != nullptr) print_rest(loop);
  observer.ended();
  writer.run([] {});  // behind the status: a launcher knows of the end before it hears the summary
  loop.wait_while([&writer] { return writer.running(); });
  summarise(counts.committed);
  loop.stop_workers(end_.entry.exit_code);
  return end_.entry.exit_code;
}

// By the time limit of its job: kiln saw it come, or the script did, which then sends USR1.
void CommandRun::look_for_cut_off(const RunObserver& observer) {
  if (end_.entry.outcome != protocol::Outcome::interrupted || environment_.slurm_job_id.empty()) return;
  const bool until = options_.until.kind == Until::Kind::at;  // which somebody wished for
  if (until || !(end_.in_time || observer.signal() == SIGUSR1)) return;
  end_.cut_off = find_cut_off(options_.directory, observer.ran_last(), end_.seconds);
}

void CommandRun::set_printing(RunPrinting* printing) {
  const std::lock_guard lock(printing_mutex_);
  printing_ = printing;
}

// Writer thread. What is committed does not run again, so it must be with whoever prints it.
void CommandRun::print_before_commit() {
  const std::lock_guard lock(printing_mutex_);
  if (printing_ != nullptr) printing_->wait_written();
}

std::unique_ptr<RunPrinting> CommandRun::begin_printing(observe::ProgressDisplay* display, bool takes_over) const {
  if (options_.print == observe::PrintMode::none) return nullptr;
  RunPrinting::Facts facts;
  facts.file = takes_over ? next_print_file(store_->directory().path(), launch_id_)
                          : print_file(store_->directory().path(), launch_id_);
  facts.mode = options_.print;
  facts.keep = options_.keep_output;
  facts.launched = environment_.launched();
  facts.units = store_->registry().active();
  facts.units.erase(store_->recovered().done);
  facts.units.erase(dead_);
  return std::make_unique<RunPrinting>(facts, schema_, display);
}

// All of it, however slowly it is read, unless a second signal comes in.
void CommandRun::print_rest(CoordinatorLoop& loop) {
  loop.wait_while([&] { return printing_->busy() && loop.signals() < 2; });
  if (!printing_->busy()) return;
  log::warning("what was not printed yet is not printed; the results are kept");
  printing_->abandon();
}

void CommandRun::set_end(protocol::Outcome outcome, const protocol::Coordinator::Counts& counts) {
  using protocol::Outcome;
  if (outcome == Outcome::interrupted && told_by_mpirun(environment_, waiter_)) outcome = Outcome::cut_off;
  end_.seconds = wall_seconds() - end_.started;
  end_.entry = {launch_id_, outcome, exit_code_for(outcome), wall_seconds()};
  end_.units = counts.units;
  end_.done = counts.done;
  end_.failed = counts.failed;
  end_.removed = counts.removed;
}

void CommandRun::summarise(std::uint64_t committed) {
  observe::RunSummary summary = summary_of(end_, options_.directory);
  summary.done_before = before_.done + before_.failed;
  if (end_.failed != 0) {
    for (const auto& dead : store::RunReader::open(options_.directory).dead_letters()) {
      if (summary.first_failures.size() > observe::kShownFailures) break;
      summary.first_failures.push_back({dead.letter.unit.value(),
                                        tasks_.place(store_->registry().lines().at(dead.letter.unit.value())),
                                        std::string(source_->command(dead.letter.unit)), dead.letter.reason});
    }
  }
  if (end_.cut_off) log::warning("{}", cut_off_text(*end_.cut_off));
  tell_end(summary, std::max(end_.done + end_.failed, committed) - committed);
}

}  // namespace kiln::job
