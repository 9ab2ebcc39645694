#include "job/run_observer.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
#include "base/ranks_text.hpp"
#include "base/text.hpp"
#include "job/clock.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

namespace kiln::job {
namespace {

constexpr std::uint64_t kFailuresShown = 10;

std::uint64_t ended_units(const protocol::Coordinator::Counts& counts) { return counts.done + counts.failed; }

// ", and ranks 1 and 2 are lost with it"
std::string lost_text(const std::vector<Rank>& ranks) {
  if (ranks.empty()) return {};
  return fmt::format(", and {} {} lost with it", ranks_text(ranks), ranks.size() == 1 ? "is" : "are");
}

}  // namespace

RunObserver::RunObserver(Facts facts, Writer& writer) : facts_(std::move(facts)), writer_(writer) {
  status_.launch_id = facts_.launch_id;
  status_.epoch = facts_.epoch.value();
  status_.host = facts_.host;
  status_.pid = getpid();
  status_.job_id = facts_.job_id;
  status_.started = facts_.started;
  if (!facts_.launched) display_.emplace(facts_.display, observe::terminal_facts(STDERR_FILENO));
  if (!facts_.takes_over) event("begin", "");
}

void RunObserver::snapshot(const protocol::Coordinator& coordinator, Instant at) {
  const auto counts = coordinator.counts();
  if (!settled_before_) {
    settled_before_ = ended_units(counts);
    status_.done_before = facts_.done_before.value_or(counts.done);
  }
  rate_.add(at, ended_units(counts) - *settled_before_);
  status_.state = coordinator.draining() ? observe::RunState::draining : observe::RunState::running;
  status_.totals = {counts.units,     counts.done,    counts.committed, counts.failed,
                    counts.in_flight, counts.waiting, counts.removed};
  status_.copies = counts.copies;
  status_.copies_won = counts.copies_won;
  status_.rate = rate_.rate();
  const auto left = rate_.time_for(counts.units - ended_units(counts) - counts.blocked);
  status_.task_stages = stages(coordinator);
  status_.expected_end = left ? std::optional(wall_seconds() + to_seconds(*left)) : std::nullopt;
  if (counts.committed > 0 && coordinator.last_commit_cost()) {
    status_.last_commit_seconds = to_seconds(*coordinator.last_commit_cost());
    status_.last_commit = wall_seconds() - to_seconds(at - *coordinator.last_commit_at());
  }
  status_.result_bytes = coordinator.committed_bytes();
  list_ranks(coordinator, at);
  tell_of_slow_disk(coordinator);
  publish();
}

std::vector<observe::TaskStageStatus> RunObserver::stages(const protocol::Coordinator& coordinator) const {
  std::vector<observe::TaskStageStatus> stages;
  const auto views = coordinator.stages();
  for (std::size_t i = 0; i < std::min(views.size(), facts_.stages.size()); ++i) {
    stages.push_back({facts_.stages[i], views[i].units, views[i].done, views[i].dead, views[i].state});
  }
  return stages;
}

// Once: it may come and go with each commit.
void RunObserver::tell_of_slow_disk(const protocol::Coordinator& coordinator) {
  if (!storage_failure_.empty() || !coordinator.waits_for_disk() || std::exchange(slow_disk_told_, true)) return;
  log::warning("{} of results wait for the disk of the run directory: nothing is handed out until they are written",
               format_size(coordinator.pending_bytes()));
}

void RunObserver::list_ranks(const protocol::Coordinator& coordinator, Instant at) {
  status_.ranks.clear();
  for (const auto& worker : coordinator.workers()) {
    status_.ranks.push_back({worker.rank.value(), worker.host, worker.pid, worker.in_flight == 0 ? "idle" : "working",
                             worker.units_done, worker.busy_seconds, worker.in_flight});
  }
  status_.workers = status_.ranks.size();
  status_.slowest.clear();
  for (const auto& unit : coordinator.slowest(observe::kSlowUnits)) {
    // Workers come by rank.
    const auto at_rank =
        std::lower_bound(status_.ranks.begin(), status_.ranks.end(), unit.rank.value(),
                         [](const observe::RankStatus& s, std::int32_t rank) { return s.rank < rank; });
    status_.slowest.push_back(
        {unit.unit.value(), unit.rank.value(), at_rank == status_.ranks.end() ? "" : at_rank->host,
         std::max(0.0, to_seconds(at - unit.since)), facts_.command ? facts_.command(unit.unit) : ""});
  }
  if (!status_.slowest.empty()) {
    ran_last_ = status_.slowest;
    looked_ = at;
  } else if (looked_ && coordinator.finished()) {  // they ran until about now
    for (observe::SlowUnit& one : ran_last_) one.seconds += to_seconds(at - *looked_);
    looked_.reset();
  }
}

void RunObserver::failure(UnitId unit, Rank rank, std::uint32_t attempt, const std::string& reason, bool dead) {
  const std::string text = facts_.name_unit ? facts_.name_unit(unit) : "unit " + std::to_string(unit.value());
  if (!dead) {
    log::debug("{}: {} on rank {} (attempt {}); will be tried again", text, reason, rank.value(), attempt);
  } else if (failures_shown_ < kFailuresShown) {
    log::warning("failed: {}: {}", text, reason);
  } else if (failures_shown_ == kFailuresShown) {
    log::warning("more units have failed; 'kiln results DIR --failed' lists them all");
  }
  if (dead) ++failures_shown_;
  if (dead && facts_.dead) facts_.dead(unit, reason);
  const nlohmann::json members{
      {"unit", unit.value()}, {"rank", rank.value()}, {"attempt", attempt}, {"reason", to_utf8(reason)}};
  event(dead ? "dead_letter" : "retry", members.dump());
}

void RunObserver::commit_failed(const std::string& why) {
  if (storage_failure_.empty()) log::error("{}; nothing is handed out until it can be written again", why);
  storage_failure_ = why;
}

void RunObserver::segment_failed(Rank rank, const std::string& why) {
  commit_failed(fmt::format("rank {}: {}", rank.value(), why));
}

void RunObserver::storage_works() {
  if (!storage_failure_.empty()) log::warning("what could not be written can be written again; the run goes on");
  storage_failure_.clear();
}

void RunObserver::interrupted(int signal, bool at_once) {
  signal_ = signal;
  if (!facts_.launched) {
    log::warning("{}: {}; what is done is kept", strsignal(signal),  // NOLINT(concurrency-mt-unsafe): main thread only
                 at_once ? "ending at once" : "stopping, running units get their grace");
  }
  event("interrupted", nlohmann::json{{"signal", signal}, {"at_once", at_once}}.dump());
}

void RunObserver::remark(Rank rank, const std::string& text) {
  if (remarks_ < kFailuresShown) {
    log::error("{}", text);
  } else if (remarks_ == kFailuresShown) {
    log::error("more units differ; events.jsonl in the run directory lists them all");
  }
  ++remarks_;
  event("differs", nlohmann::json{{"rank", rank.value()}, {"text", to_utf8(text)}}.dump());
}

void RunObserver::died(const Living::Death& death, std::uint64_t units) {
  const std::string place = death.pid == 0 ? "" : fmt::format(" (pid {} on {})", death.pid, for_message(death.host));
  const std::string what =
      death.ended ? "died" : fmt::format("gave no sign of life for {}", format_duration(death.silence));
  const std::string rest = units == 0             ? "it had nothing in hand"
                           : facts_.no_rerun_lost ? "what it had in hand may have run and is a dead letter"
                           : units == 1           ? "its unit runs again"
                                                  : fmt::format("its {} units run again", format_count(units));
  log::warning("rank {}{} {}; {}", death.rank.value(), place, what, rest);
  lost_.insert(death.rank);
  status_.lost_ranks = lost_.size();
  event("rank_died", nlohmann::json{{"rank", death.rank.value()},
                                    {"host", to_utf8(death.host)},
                                    {"pid", death.pid},
                                    {"process_ended", death.ended},
                                    {"silence", to_seconds(death.silence)},
                                    {"units", units}}
                         .dump());
}

void RunObserver::returned(Rank rank) {
  log::warning("rank {} lives after all; it begins anew", rank.value());
  lost_.erase(rank);
  status_.lost_ranks = lost_.size();
  event("rank_returned", nlohmann::json{{"rank", rank.value()}}.dump());
}

void RunObserver::took_over(const TakeOver& facts) {
  const std::string place =
      facts.place.pid == 0 ? "" : fmt::format(" (pid {} on {})", facts.place.pid, for_message(facts.place.host));
  const std::string in_hand = facts.in_hand ? fmt::format(", {} are in hand", format_count(*facts.in_hand)) : "";
  log::warning("rank {}{} {}{}; rank {} has taken over: {} units are committed{}", facts.before.value(), place,
               facts.why, lost_text(facts.lost), facts.now.value(), format_count(facts.committed), in_hand);
  lost_.insert(facts.before);
  lost_.insert(facts.lost.begin(), facts.lost.end());
  status_.lost_ranks = lost_.size();
  nlohmann::json members{{"rank", facts.before.value()}, {"host", to_utf8(facts.place.host)},
                         {"pid", facts.place.pid},       {"why", facts.why},
                         {"by", facts.now.value()},      {"committed", facts.committed}};
  if (facts.in_hand) members["in_hand"] = *facts.in_hand;
  for (const Rank rank : facts.lost) members["lost"].push_back(rank.value());
  event("takeover", members.dump());
}

void RunObserver::begin_stage(std::uint32_t stage, const std::string& name, const std::string& plan) {
  status_.stage = observe::StageStatus{stage, name};
  status_.totals = {};
  status_.done_before = 0;
  settled_before_.reset();
  rate_ = {};
  event("stage", nlohmann::json{{"stage", stage}, {"name", to_utf8(name)}, {"plan", to_utf8(plan)}}.dump());
}

void RunObserver::assembling() {
  status_.state = observe::RunState::assembling;
  publish();
}

void RunObserver::ended() {
  status_.state = observe::RunState::ended;
  publish();
  if (display_) display_->done();
  event("end", "");
}

void RunObserver::publish() {
  status_.updated = wall_seconds();
  if (display_) display_->show(status_);
  writer_.status(observe::to_json(status_));
}

// `members`: a JSON object, or "".
void RunObserver::event(const char* kind, const std::string& members) {
  nlohmann::json line = members.empty() ? nlohmann::json::object() : nlohmann::json::parse(members);
  line["event"] = kind;
  line["time"] = wall_seconds();
  line["launch_id"] = facts_.launch_id;
  writer_.event(line.dump());
}

}  // namespace kiln::job
