#include "job/launch_attempt.hpp"

#include "base/quantity.hpp"
#include "job/launch_processes.hpp"
#include "job/launch_word.hpp"
#include "job/run_printing.hpp"
#include "store/owner.hpp"
#include "store/small_file.hpp"

#include <fmt/core.h>
#include <poll.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <kiln/error.hpp>
#include <utility>

namespace kiln::job {
namespace {

constexpr int kPollMilliseconds = 200;
constexpr int kPollAtBegin = 50;
constexpr Duration kPatienceAfterSecond = std::chrono::seconds(4);  // then mpirun itself is told to end
constexpr Duration kPatienceWithIdle = std::chrono::seconds(2);     // with an mpirun that has nothing left to do
constexpr Duration kPatienceWithWords = std::chrono::seconds(30);   // for the last words of a run that has ended
constexpr Duration kPatienceAfterAsking = std::chrono::seconds(4);  // then it is not asked any more
constexpr Duration kPatienceWithBegin = std::chrono::seconds(20);   // of a run that has lost a rank before it
constexpr Duration kPatienceWithUp = std::chrono::seconds(1);       // of a run that a rank said it has lost: was it up?
constexpr Duration kPatienceWithAsked = std::chrono::seconds(3);    // the same after a second signal
constexpr Duration kLookEvery = std::chrono::milliseconds(500);
constexpr std::size_t kMostStatusBytes = std::size_t{64} << 20;

}  // namespace

LaunchAttempt::LaunchAttempt(Shared shared, const std::vector<std::string>& words,
                             const std::vector<std::string>& variables, std::string launch_id, int standard_input)
    : shared_(shared),
      launch_id_(std::move(launch_id)),
      process_(words, variables, standard_input),
      noise_(shared.options.verbosity > 0),
      stop_(shared.options.grace),
      silence_(shared.silence_limit) {
  if (shared_.options.print != observe::PrintMode::none) begin_printing();
}

LaunchAttempt::End LaunchAttempt::run() {
  while (true) {
    pollfd wait{stream_ended_ ? -1 : process_.error_descriptor(), POLLIN, 0};
    ::poll(&wait, 1, is_beginning() ? kPollAtBegin : kPollMilliseconds);
    hear_mpirun();
    hear_signals();
    look_at_begin();
    end_lingering();
    if (const auto status = process_.poll()) {
      hear_mpirun();
      for (const std::string& line : noise_.end()) show_line(line);
      shared_.display.done();
      print_rest();
      return {*status, exit_code_ ? exit_code_ : code_of_a_rank_, asked_to_end_, overdue_, silent_};
    }
  }
}

void LaunchAttempt::hear_mpirun() {
  std::vector<std::string> texts;
  if (!stream_ended_) texts = process_.read_lines(stream_ended_);
  show_status();  // after the lines were read: the summary comes when the status says "ended"
  for (const std::string& text : texts) hear_line(text);
}

void LaunchAttempt::hear_line(const std::string& text) {
  const auto word = launch_word_in(text, launch_id_);
  if (word && word->what == Says::up) {
    up_ = true;
  } else if (word && word->what == Says::rank_lost) {
    if (!lost_at_) lost_at_ = now();
  } else if (word) {
    std::optional<int>& code = word->what == Says::run_ends ? exit_code_ : code_of_a_rank_;
    if (!code) code = word->exit_code;
  }
  if (word && word->before.empty()) return;
  for (const std::string& line : noise_.line(word ? word->before : text)) show_line(line);
}

// The summary stands behind everything that the units said.
void LaunchAttempt::show_line(const std::string& line) {
  if (over_ && printer_ && !printer_->finished()) {
    held_.push_back(line);
  } else {
    for (const std::string& earlier : std::exchange(held_, {})) shared_.display.line(earlier);
    shared_.display.line(line);
  }
}

void LaunchAttempt::begin_printing() {
  observe::Printer::Options options;
  options.file = print_file(shared_.options.directory, launch_id_);
  options.mode = shared_.options.print;
  options.display = &shared_.display;
  printer_.emplace(options, [this](const std::string& text) { shared_.display.line("kiln: " + text); });
}

// Everything, however slowly it is read, unless a second signal comes in.
void LaunchAttempt::print_rest() {
  if (!printer_) return;
  printer_->no_more();
  while (!printer_->finished()) {
    ::poll(nullptr, 0, kPollMilliseconds / 4);
    for ([[maybe_unused]] const int signal : shared_.waiter.take_signals()) {
      if (++shared_.signals.count == 1)
        shared_.display.line("kiln: the run has ended, its outputs are still printed. Once more ends that.");
    }
    if (shared_.signals.count < 2 || printer_->finished()) continue;
    printer_->abandon();
    shared_.display.line("kiln: what was not printed yet is not printed; the results are kept");
    break;
  }
  for (const std::string& line : std::exchange(held_, {})) shared_.display.line(line);
}

// Open MPI answers TERM and INT by killing the ranks within two seconds; USR1 it passes on, and the coordinator ends
// the run in good order. A second signal says: at once. Only when that does not help is mpirun itself told to end.
void LaunchAttempt::hear_signals() {
  for ([[maybe_unused]] const int signal : shared_.waiter.take_signals()) {
    const unsigned count = ++shared_.signals.count;
    if (count == 1) {
      shared_.display.line(
          fmt::format("kiln: stopping: running units get {}; what is done is kept. Once more ends it at once.",
                      format_duration(shared_.options.grace)));
    }
    pending_ = true;
    stop_.told(now());
    if (count >= 2 && !end_mpirun_at_) end_mpirun_at_ = now() + kPatienceAfterSecond;
    if (count >= 3) end_mpirun_at_ = now();
  }
  if (pending_ && running_) {
    pending_ = false;
    process_.signal(SIGUSR1);
  }
}

// After deaths mpirun may stay though all is over. It takes its ranks and its daemons on other nodes along when it is
// asked to end.
void LaunchAttempt::end_lingering() {
  if (now() >= look_at_) {
    look_at_ = now() + kLookEvery;
    if (!is_idle()) {
      idle_since_.reset();
    } else if (!idle_since_) {
      idle_since_ = now();
    }
    if (!end_mpirun_at_ && lost_a_rank_early()) end_mpirun_at_ = now();
    if (!end_mpirun_at_ && is_not_coming_up()) {
      end_mpirun_at_ = now();
      asked_to_end_ = true;  // asked, it would wake what is stopped, and that would still begin the run
    }
    look_at_stop();
    look_at_silence();
  }
  if (!end_mpirun_at_ && idle_since_) end_mpirun_at_ = *idle_since_ + kPatienceWithIdle;
  if (!end_mpirun_at_ || now() < *end_mpirun_at_) return;
  end_mpirun_at_ = now() + (shared_.signals.count >= 2 ? kPatienceWithAsked : kPatienceAfterAsking);
  if (std::exchange(asked_to_end_, true)) {
    process_.kill_group();
  } else {
    process_.signal(SIGTERM);
  }
}

// Ranks that are told to stop may never do so: stopped ones, ones whose connections are gone, a helper that hangs.
void LaunchAttempt::look_at_stop() {
  if (!stop_.was_told() || exit_code_ || over_ || end_mpirun_at_) return;
  stop_.seen(sight_of(status_, shared_.options.directory), now());
  if (!stop_.passed(now())) return;
  overdue_ = stop_.waited(now());
  end_mpirun_at_ = now();
  asked_to_end_ = true;  // as above: whoever has stopped them may not want them to go on
}

// Where the coordinator has died and all others hang inside MPI, nobody is left who could do anything about it.
void LaunchAttempt::look_at_silence() {
  if (!running_ || stop_.was_told() || exit_code_ || over_ || end_mpirun_at_) return;
  silence_.look(beat(),
                {[this] { return sight_of(status_, shared_.options.directory); },
                 [this] { return has_stopped_ranks(launch_id_); }},
                now());
  if (!silence_.passed()) return;
  silent_ = silence_.silence();
  end_mpirun_at_ = now();
}

// Nothing where it cannot be seen, or is of another launch: that says nothing of this one.
std::string LaunchAttempt::beat() const {
  try {
    const auto text = store::read_small_file(std::filesystem::path(shared_.options.directory) / "owner.json");
    const auto owner = text ? store::parse_owner(*text) : std::nullopt;
    if (!owner || owner->launch_id != launch_id_) return "";
    return fmt::format("{} {}", *text, status_ ? status_->updated : 0);
  } catch (const Error&) {
    return "";
  }
}

bool LaunchAttempt::is_idle() {
  if (exit_code_) return true;
  if (over_ && now() >= *over_since_ + kPatienceWithWords) return true;
  const bool ranks = has_children(process_.pid());
  had_ranks_ = had_ranks_ || ranks || has_ended_children(process_.pid());
  return had_ranks_ && !ranks;
}

// One that was here and is gone; one that was not yet here may only be slow.
void LaunchAttempt::look_at_begin() {
  if (!is_beginning() || lost_at_) return;
  const std::vector<pid_t> living = rank_children(process_.pid(), launch_id_);
  const bool lost =
      std::ranges::any_of(began_, [&](pid_t one) { return std::ranges::find(living, one) == living.end(); });
  began_.insert(living.begin(), living.end());
  if (lost) lost_at_ = now();
}

// MPI comes up on all ranks together: one that dies before that, nobody else can be told of, and the others wait for
// ever.
bool LaunchAttempt::lost_a_rank_early() {
  if (running_ || exit_code_) return false;
  if (lost_at_ && !up_) return now() >= *lost_at_ + kPatienceWithUp && say_lost_early();
  std::uint64_t living = 0, started = 0;
  for (const LaunchProcess& one : processes_of_launch(launch_id_)) {
    living += one.ranks_here != 0 ? 1 : 0;
    started = std::max(started, one.ranks_here);
  }
  if (living >= started) {
    lost_early_since_.reset();
    return false;
  }
  if (!lost_early_since_) lost_early_since_ = now();
  return now() >= *lost_early_since_ + kPatienceWithBegin && say_lost_early();
}

bool LaunchAttempt::say_lost_early() {
  shared_.display.line("kiln: a rank died before the run began, and the others wait for it: they are ended");
  return true;
}

// Of a death on another node while MPI comes up, nothing is to be seen here.
bool LaunchAttempt::is_not_coming_up() {
  const Duration limit = shared_.options.start_limit;
  if (up_ || running_ || exit_code_ || limit == Duration::zero() || now() < begun_ + limit) return false;
  shared_.display.line(fmt::format("kiln: the ranks have not come up within {} (--start-limit): they are ended",
                                   format_duration(limit)));
  return true;
}

void LaunchAttempt::show_status() {
  try {
    const auto text =
        store::read_small_file(std::filesystem::path(shared_.options.directory) / "status.json", kMostStatusBytes);
    if (!text) return;
    const observe::StatusSnapshot snapshot = observe::status_from_json(*text);
    if (snapshot.launch_id != launch_id_) return;
    running_ = true;
    over_ = snapshot.state == observe::RunState::ended;
    if (over_ && !over_since_) over_since_ = now();
    shared_.display.show(snapshot);
    status_ = snapshot;
  } catch (const Error&) {
    // Not ours, of another version, not to be read now: the run itself will say so.
  }
}

}  // namespace kiln::job
