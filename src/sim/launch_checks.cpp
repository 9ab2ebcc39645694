#include "sim/launch.hpp"

#include "sim/groups.hpp"
#include "sim/violation.hpp"
#include "sim/worker_rank.hpp"

#include <algorithm>
#include <array>

namespace kiln::sim {
namespace {

constexpr std::uint64_t kEventsOfRetry = 8;  // of a rank, where a segment could not be written

}  // namespace

// So little is left until the limit that some units are not begun. A unit whose rank was stopped took longer than it
// would.
bool Launch::short_of_time() const {
  if (!plan_.time_limit) return false;
  double longest = scenario_.longest_seconds();
  for (const LaunchPlan::Absence& one : plan_.absences) {
    if (one.length && Instant(one.at) < now_) longest += to_seconds(*one.length);
  }
  return now_ + from_seconds(2 * longest) > Instant(*plan_.time_limit);
}

// Who stops by itself has no time for another unit.
void Launch::check_time_left() const {
  if (!interrupted_by_.empty() || !plan_.time_limit) return;
  if (!short_of_time()) violated("the run stopped long before its time limit");
}

bool Launch::commits_fail() const { return plan_.disk_full && plan_.disk_full->contains(now_.time_since_epoch()); }

bool Launch::segments_fail(Rank rank) const {
  const bool bad =
      plan_.bad_disk && plan_.bad_disk->where == rank && plan_.bad_disk->when.contains(now_.time_since_epoch());
  return bad || commits_fail();
}

bool Launch::may_hand_out() const {
  return !coordinator_->draining() && !storage_failing_ && !gives_failing_ && giving_.empty() &&
         segments_failing_.empty() && coordinator_->pending_bytes() < scenario_.options.pause_bytes;
}

void Launch::note(const Event& event) {
  const auto at = static_cast<std::uint64_t>(event.at.time_since_epoch().count());
  end_.digest = mix(mix(end_.digest, at), (static_cast<std::uint64_t>(event.rank.value()) << 8U) +
                                              static_cast<std::uint64_t>(event.kind) + (event.message.size() << 32U));
  if (!context_.trace) return;
  constexpr std::array<std::string_view, 19> kKinds{"starts",
                                                    "message to 0",
                                                    "message",
                                                    "unit ends",
                                                    "tick of 0",
                                                    "commit ends",
                                                    "interrupt",
                                                    "segment ends",
                                                    "join ends",
                                                    "dies",
                                                    "is stopped",
                                                    "is seen to have died",
                                                    "beats",
                                                    "looks for a successor",
                                                    "may begin units",
                                                    "links an epoch",
                                                    "is out of time",
                                                    "has made a group",
                                                    "is looked for, who has ended it"};
  context_.trace(fmt::format("{:.9f} event {}: rank {} {}", to_seconds(event.at.time_since_epoch()), end_.events + 1,
                             event.rank.value(), kKinds[static_cast<std::size_t>(event.kind)]));
}

// An interrupt reaches the coordinator, or nobody's: the time limit. From here on the end is near.
void Launch::expect_stop(std::optional<Rank> from, bool at_once) {
  if (outcome_) return;
  const auto& options = scenario_.options;
  Duration slack = 16 * scenario_.delay_high + 6 * scenario_.commit_high + scenario_.start_spread;
  if (plan_.disk_full || plan_.bad_disk)
    slack += options.storage_patience + 3 * options.storage_retry + scenario_.commit_high;
  slack += 3 * scenario_.deadline * (static_cast<int>(plan_.absences.size()) + 1);
  for (const LaunchPlan::Absence& one : plan_.absences) slack += one.length.value_or(Duration::zero());
  const bool again = from && !interrupted_by_.insert(*from).second;
  if (!at_once && !again) slack += options.grace;
  const Instant by = now_ + slack;
  stop_by_ = stop_by_ ? std::min(*stop_by_, by) : by;
}

void Launch::check_stop_time() const {
  if (stop_by_ && now_ > *stop_by_) violated("the run was interrupted and goes on");
}

// A unit that nobody has begun must not stay behind a busy worker for longer than a few messages take while another
// worker has nothing to do. Looks at the state that holds from the last event to the next, `until`.
void Launch::check_idle(Instant until) {
  if (outcome_) return;
  if (!coordinator_) {
    paused_until_ = until;
    return;
  }
  if (!may_hand_out() || any_absent() || short_of_time()) paused_until_ = until;
  std::optional<Instant> idle;
  for (const auto& since : idle_since_) {
    if (since && (!idle || *since < *idle)) idle = since;
  }
  if (!idle || !may_hand_out()) return;
  const Duration bound = scenario_.delay_high * (8 + 3 * plan_.workers);
  for (const auto& one : workers_) {
    const SimExecutor& executor = one->executor();
    if (executor.behind() == 0 || presence_[index(one->rank())].declared) continue;
    const Instant since = std::max({*idle, executor.claimed_at(), paused_until_});
    if (until - since > bound) {
      violated("{} units wait behind a busy worker for {:.3g} s while another is idle", executor.behind(),
               to_seconds(until - since));
    }
  }
}

// At most: each time all try to write again.
std::uint64_t Launch::events_of_full_disk() const {
  if (!plan_.disk_full) return 0;
  const Duration longest = std::max(plan_.disk_full->to - plan_.disk_full->from, scenario_.options.storage_patience);
  return kEventsOfRetry * static_cast<std::uint64_t>(plan_.workers + 1) *
         static_cast<std::uint64_t>(to_seconds(longest) / to_seconds(scenario_.options.storage_retry));
}

void Launch::after_coordinator() {
  if (outcome_) {
    if (end_.outcome) return;
    end_.outcome = outcome_;
    check_end();
    if (*outcome_ != protocol::Outcome::storage) journal_.release_given();
    if (*outcome_ == protocol::Outcome::complete || *outcome_ == protocol::Outcome::units_failed) {
      journal_.remove_marks();
    }
    for (std::int32_t rank = 1; rank <= plan_.workers; ++rank) {
      if (membership_.lives(Rank(rank)) || Rank(rank) == chief_) send(Rank(rank), protocol::Stop{});
    }
    return;
  }
  if (!reigns(chief_)) return;
  if (coordinator_) check_coordinator();
  if (coordinator_ && scenario_.options.join_counts != 0 && !joining_) groups_->begin();
  auto wake = coordinator_ ? coordinator_->next_wake(now_) : std::nullopt;
  if (wake && *wake <= now_) violated("the coordinator wants to be woken in the past: it would spin");
  if (const auto look = membership_.next_wake()) {
    const Instant soon = std::max(*look, now_ + Duration(1));
    wake = std::min(wake.value_or(soon), soon);
  }
  if (const auto group = groups_->next_wake())
    wake = std::min(wake.value_or(*group), std::max(*group, now_ + Duration(1)));
  if (!wake || context_.mutation == Mutation::no_tick) return;
  if (tick_at_ && *tick_at_ <= *wake) return;
  tick_at_ = wake;
  events_.put(*wake, EventKind::tick, chief_, ++tick_number_);
}

void Launch::note_failure(UnitId unit, Rank, std::uint32_t attempt, const std::string& reason, bool dead) {
  if (reason.empty()) violated("unit {} failed without a reason", unit.value());
  if (const std::uint32_t deaths = books_.deaths(unit); deaths != 0) {
    const bool last = coordinator_->workers().size() == 1;
    if (!dead || (!books_.to_blame(unit) && !last)) {
      violated("unit {} is blamed for the death of {} ranks", unit.value(), deaths);
    }
    if (deaths < 4 && !last && scenario_.units.harm(unit, 0) != UnitModel::Harm::crash) {
      violated("unit {} is blamed for {} ranks that were killed", unit.value(), deaths);
    }
    ++dead_letters_;
    return;
  }
  if (dead && attempt <= scenario_.retries(unit) + 1 && books_.lost(unit)) {
    ++dead_letters_;
    return;
  }
  if (dead != (attempt > scenario_.retries(unit))) violated("unit {}: dead after {} attempts", unit.value(), attempt);
  if (dead) ++dead_letters_;
}

void Launch::check_coordinator() {
  const auto counts = coordinator_->counts();
  if (counts.dropped != 0) violated("the coordinator dropped a message");
  const std::uint64_t closed = counts.gated + counts.blocked;
  if (closed != books_.closed()) violated("{} units wait for other stages, not {}", closed, books_.closed());
  const std::uint64_t settled = counts.done + counts.failed + counts.in_flight + counts.waiting + closed;
  if (settled > counts.units) violated("{} units in the books of {}", settled, counts.units);
  const std::uint64_t limit = scenario_.options.most_in_flight;
  const bool room = limit == 0 || counts.in_flight < limit;
  for (std::int32_t rank = 1; rank <= plan_.workers; ++rank) {
    auto& since = idle_since_[index(Rank(rank))];
    const bool idle = ready_[index(Rank(rank))] && books_.held(Rank(rank)) == 0 && !full_.contains(Rank(rank)) &&
                      !occupied_[index(Rank(rank))].any();
    if (!idle) {
      since.reset();
      continue;
    }
    if (!since) since = now_;
    if (may_hand_out() && room && settled < counts.units && !short_of_time()) {
      violated("rank {} is idle while {} units wait", rank, counts.units - settled);
    }
  }
}

// Nobody could go on with what is left.
void Launch::check_held_up() const {
  if (coordinator_->counts().in_flight != 0) violated("held up, and units are handed out");
  for (const auto& one : workers_) {
    const Rank rank = one->rank();
    const bool spared = rank == chief_ && coordinator_->counts().suspects != 0;
    if (!spared && !presence_[index(rank)].declared && ready_[index(rank)] && !occupied_[index(rank)].busy) {
      violated("every worker was held up, but rank {} was not", rank.value());
    }
  }
}

void Launch::check_end() const {
  using protocol::Outcome;
  schedule::IntervalSet settled = journal_.done();
  settled.insert(journal_.dead());
  const std::uint64_t journalled = settled.count();
  for (const Interval units : plan_.removed.intervals()) settled.erase(units);
  const std::uint64_t wanted = plan_.units - plan_.removed.count();
  const bool all = settled.count() + books_.blocked() == wanted;
  schedule::IntervalSet dead = journal_.dead();
  dead.erase(plan_.removed);
  switch (*outcome_) {
    case Outcome::complete:
      if (!all || !dead.empty()) violated("complete, but {} of {} units are committed", settled.count(), wanted);
      break;
    case Outcome::units_failed:
      if (!all || dead.empty()) violated("some failed, but {} of {} units are committed", settled.count(), wanted);
      break;
    case Outcome::too_many_failures:
      if (dead_letters_ < scenario_.options.max_failures) violated("stopped for too few failures: {}", dead_letters_);
      break;
    case Outcome::interrupted:
      if (interrupted_by_.empty() && !plan_.time_limit) violated("interrupted by nobody");
      check_time_left();
      break;
    case Outcome::storage:
      if (!plan_.disk_full && !plan_.bad_disk) violated("a storage failure without one");
      return;
    case Outcome::held_up:
      check_held_up();
      break;
    case Outcome::cut_off:
      violated("cut off by nobody");
      break;
    case Outcome::fault:
      violated("a fault of nobody");
  }
  for (UnitId unit(0); unit.value() < plan_.units; unit = unit.next()) {
    if (books_.succeeded(unit) && !journal_.holds_done(unit)) violated("the result of unit {} is lost", unit.value());
  }
  if (coordinator_->held_units() != 0) violated("the results of {} units stay behind", coordinator_->held_units());
  if (coordinator_->pending_bytes() != 0) violated("{} bytes were not committed", coordinator_->pending_bytes());
  const std::uint64_t removed = journalled - settled.count();
  if (coordinator_->counts().committed + removed != journalled) violated("the count of committed units is wrong");
}

}  // namespace kiln::sim
