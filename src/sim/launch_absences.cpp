#include "sim/launch.hpp"

#include "sim/groups.hpp"
#include "sim/violation.hpp"
#include "sim/worker_rank.hpp"

#include <algorithm>
#include <utility>

/// Ranks that die, are stopped for a while and wake, and what the coordinator makes of it.
namespace kiln::sim {
namespace {

constexpr int kBeatsADeadline = 4;
constexpr std::size_t kMostStale = 3;  // messages kept over a crash
constexpr Rank kAll(-1);

}  // namespace

void Launch::begin_absences() {
  if (!watches()) return;
  for (std::size_t i = 0; i < plan_.absences.size(); ++i) {
    const LaunchPlan::Absence& one = plan_.absences[i];
    events_.put(now_ + one.at, one.length ? EventKind::stop : EventKind::kill, one.where, i);
    if (!one.length && one.noticed && one.where != Rank(0))
      events_.put(now_ + one.at + scenario_.delay_low, EventKind::noticed, one.where);
  }
  for (const auto& one : workers_)
    events_.put(now_ + scenario_.deadline / kBeatsADeadline, EventKind::beat, one->rank());
}

// What happens to a rank that is away happens when it is back; a dead one is beyond it.
bool Launch::postponed(Event& event) {
  if (!watches()) return false;
  if (event.kind == EventKind::kill || event.kind == EventKind::stop) return false;
  const bool here = event.kind == EventKind::to_coordinator || event.kind == EventKind::tick ||
                    event.kind == EventKind::commit_ends || event.kind == EventKind::give_ends ||
                    event.kind == EventKind::join_ends || event.kind == EventKind::noticed ||
                    event.kind == EventKind::look_ends;
  const bool stale = event.kind == EventKind::to_coordinator && event.number >= presence_.size();
  const Rank place =
      !here || event.kind == EventKind::commit_ends || event.kind == EventKind::give_ends ? event.rank : chief_;
  const bool addressed = event.kind == EventKind::to_coordinator && !stale;
  Presence& who = presence_[addressed ? event.number : index(place)];
  if (who.killed) return true;
  if (!who.away_until || event.at >= *who.away_until) return false;
  events_.put_off(std::move(event), *who.away_until);
  return true;
}

void Launch::kill(Rank rank, bool noticed) {
  Presence& who = presence_[index(rank)];
  if (outcome_ || who.killed) return;
  const auto leaves =
      std::ranges::count_if(formers_, [this](const Former& former) { return !presence_[index(former.rank)].killed; });
  if (std::ranges::count(presence_, false, &Presence::killed) - leaves == 1) return;  // the last
  who.killed = true;
  if (rank != Rank(0) || own_) worker(rank).die(random_);
  // The last of what it sent may not have left.
  who.last_heard = now_ + from_seconds(random_.real() * 1.2 * to_seconds(scenario_.delay_high));
  if (joining_ && groups_->includes(rank)) join_broken_ = true;
  if (rank == chief_) lose_coordinator(noticed);
}

// The last to live goes on where no other launch comes, and where it is killed: the promise is for two.
bool Launch::dies_of_unit(Rank rank, std::uint64_t number) {
  const UnitModel::Harm harm = worker(rank).executor().harm(number);
  if (harm == UnitModel::Harm::none) return false;
  const bool chief = rank == chief_, noticed = harm_random_.chance(0.5), crashes = harm == UnitModel::Harm::crash;
  const Interval claimed = worker(rank).executor().claimed();
  kill(rank, noticed);
  const bool last = !presence_[index(rank)].killed && context_.number + 1 < scenario_.launches.size();
  all_dead_ = crashes && !outcome_ && (plan_.dies_with_first || last);
  if (!presence_[index(rank)].killed && !all_dead_) return false;
  if (context_.trace)
    context_.trace(fmt::format("  rank {} {} a unit of [{},{})", rank.value(), crashes ? "crashes in" : "is killed in",
                               claimed.first.value(), claimed.last.value()));
  if (crashes) journal_.leave_mark(rank, claimed);
  if (noticed && !chief) events_.put(now_ + scenario_.delay_low, EventKind::noticed, rank);
  return true;
}

// Where no unit ends its rank, it is known at once.
void Launch::look() {
  for (const Rank rank : std::exchange(looks_, {})) {
    const auto mark = journal_.mark(rank);
    const protocol::ProcessEnd end{mark.has_value(), mark.value_or(Interval{})};
    if (!scenario_.units.harms()) {
      tell_who_ended(rank, end);
      continue;
    }
    const double most = harm_random_.chance(0.5) ? 0 : 2 * to_seconds(scenario_.deadline);
    last_look_ = std::max(last_look_, now_ + from_seconds(harm_random_.real() * most));  // one after the other
    seen_ends_[++look_number_] = end;
    events_.put(last_look_, EventKind::look_ends, rank, look_number_);
  }
}

// Where another rank has taken over meanwhile, nobody has asked.
void Launch::end_look(const Event& event) {
  const auto found = seen_ends_.find(event.number);
  if (found == seen_ends_.end() || !coordinator_) return;
  const protocol::ProcessEnd end = found->second;
  seen_ends_.erase(found);
  tell_who_ended(event.rank, end);
  after_coordinator();
}

void Launch::tell_who_ended(Rank rank, protocol::ProcessEnd end) {
  if (context_.mutation == Mutation::forget_mark) end = {};
  if (context_.mutation == Mutation::mark_all) end.itself = true;
  if (context_.mutation == Mutation::forget_what_ran) end.running = {};
  coordinator_->on_who_ended(rank, end, now_);
}

void Launch::stop(const LaunchPlan::Absence& absence) {
  if (outcome_) return;
  for (std::int32_t rank = 0; rank <= plan_.workers; ++rank) {
    if (absence.where != kAll && Rank(rank) != (absence.where == Rank(0) ? chief_ : absence.where)) continue;
    Presence& who = presence_[static_cast<std::size_t>(rank)];
    const Instant until = now_ + *absence.length;
    who.away_until = who.away_until ? std::max(*who.away_until, until) : until;
    who.was_away = *who.away_until;
    if (Rank(rank) == chief_) begin_search(false);
  }
}

void Launch::beat(Rank rank) {
  if (outcome_ || worker(rank).left()) return;
  const Duration every = scenario_.deadline / kBeatsADeadline;
  Presence& who = presence_[index(rank)];
  if (now_ - who.sent_at >= every) send_to_coordinator(rank, protocol::Beat{});
  events_.put(std::max(who.sent_at, now_ - every) + every + Duration(1), EventKind::beat, rank);
}

// Whether a message that arrives is to be looked at.
bool Launch::counts(Event& event) {
  using Heard = protocol::Membership::Heard;
  const Presence& who = presence_[index(event.rank)];
  if (who.last_heard && now_ > *who.last_heard) return false;
  const auto stamp = protocol::stamp_of(event.message);
  if (!stamp) violated("a message without a stamp");
  if (event.number != index(chief_) || !reigns(chief_) || stamp->epoch != epoch()) return false;
  if (event.rank == chief_) return true;
  const Heard heard = membership_.heard(event.rank, stamp->view, now_);
  if (heard == Heard::returned) {
    presence_[index(event.rank)].declared = false;
    paused_until_ = now_;  // it still has what it had before it was lost
    groups_->changed();
    if (context_.trace) context_.trace(fmt::format("  rank {} is taken up again", event.rank.value()));
    send(event.rank, protocol::Beat{});
    if (outcome_) {
      send(event.rank, protocol::Stop{});
    } else if (gathering_) {
      gathering_->on_back(event.rank);
    } else {
      coordinator_->on_back(event.rank, now_);
      after_coordinator();
    }
  }
  if (heard == Heard::old && context_.mutation == Mutation::hear_the_dead) return membership_.lives(event.rank);
  return heard == Heard::counts;
}

void Launch::look_for_deaths() {
  if (outcome_ || !reigns(chief_)) return;
  if (context_.mutation == Mutation::no_forgiving) {
    for (Instant at = presence_[index(chief_)].sent_at; at < now_; at += scenario_.deadline / 8) {
      for (const auto& death : membership_.on_tick(at)) declare_dead(death);
    }
  }
  for (const auto& death : membership_.on_tick(now_)) declare_dead(death);
  if (chief_ == Rank(0) || context_.mutation == Mutation::no_forgiving) presence_[index(chief_)].sent_at = now_;
}

bool Launch::may_be_declared_dead(Rank rank) const {
  const Presence& who = presence_[index(rank)];
  return who.killed || now_ < who.was_away + scenario_.deadline;
}

void Launch::declare_dead(const protocol::Membership::Death& death) {
  if (context_.trace) context_.trace(fmt::format("  rank {} is declared dead", death.rank.value()));
  if (!may_be_declared_dead(death.rank)) violated("rank {} lives and is declared dead", death.rank.value());
  presence_[index(death.rank)].declared = true;
  books_.rank_died(death.rank, death.alone, journal_.mark(death.rank));
  occupied_[index(death.rank)] = {};
  if (ready_[index(death.rank)]) --ready_count_;
  ready_[index(death.rank)] = false;
  full_.erase(death.rank);
  segments_failing_.erase(death.rank);
  groups_->changed();
  if (context_.mutation == Mutation::forget_death) return;
  if (gathering_) {
    gathering_->on_dead(death.rank);
    return after_gathering();
  }
  if (context_.mutation == Mutation::requeue_lost) give_back_lost(death.rank);
  coordinator_->on_dead(death.rank, death.alone, now_);
  look();
  if (works_alone_ && !own_) execute_here();
}

// Everything dies at once. A commit under way is linked into the journal or is not; its temporary counts for nothing.
void Launch::crash() {
  if (context_.trace) context_.trace("all ranks die");
  if (committing_ && !commits_fail() && random_.chance(0.5)) write_commit();
  die_giving();
  for (const auto& one : workers_) {
    if (!presence_[index(one->rank())].killed) one->die(random_);
  }
  while (auto event = events_.take()) {
    if (!event->message.empty() && end_.stale.size() < kMostStale) end_.stale.push_back(std::move(event->message));
  }
}

void Launch::execute_here() {
  own_ = std::make_unique<WorkerRank>(*this, Rank(0), 1);
  own_->start();
  coordinator_->on_back(Rank(0), now_);
}

Bytes Launch::row_of_lost(UnitId unit, const std::string&) { return encode_row(scenario_.units, unit); }

bool Launch::gone_for_good(Rank rank) const {
  const Presence& who = presence_[index(rank)];
  return who.killed || who.declared || (who.away_until && now_ < *who.away_until);
}

bool Launch::any_absent() const {
  return std::ranges::any_of(presence_, [this](const Presence& who) {
    return !who.declared && (who.killed || now_ < who.was_away + scenario_.deadline);
  });
}

}  // namespace kiln::sim
