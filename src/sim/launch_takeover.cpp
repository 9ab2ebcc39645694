#include "sim/groups.hpp"
#include "sim/launch.hpp"
#include "sim/violation.hpp"
#include "sim/worker_rank.hpp"

#include <algorithm>
#include <utility>

/// The coordinator's rank dies or falls silent, and another one goes on. That the coordinator is heard while it is
/// there is not played: the search begins when it is not. Of a coordinator that was deposed while it was stopped, what
/// is played is the commit that it had under way.
namespace kiln::sim {
namespace {

constexpr int kTicksADeadline = 8;

}  // namespace

// What it was about to link is linked or is not.
void Launch::lose_coordinator(bool noticed) {
  if (context_.trace) context_.trace(fmt::format("  the coordinator, rank {}, dies", chief_.value()));
  if (committing_ && !commits_fail() && random_.chance(0.5)) write_commit();
  committing_.reset();
  die_giving();
  coordinator_.reset();
  gathering_.reset();
  begin_search(noticed);
}

void Launch::begin_search(bool noticed) {
  ++search_;
  std::vector<Rank> living;
  for (std::int32_t rank = 0; rank <= plan_.workers; ++rank) {
    if (!presence_[static_cast<std::size_t>(rank)].declared) living.emplace_back(rank);
  }
  for (const auto& one : workers_) {
    if (presence_[index(one->rank())].killed || one->rank() == chief_) continue;
    protocol::Succession succession(one->rank(), plan_.workers + 1, chief_, scenario_.deadline);
    if (random_.chance(0.8)) succession.living(protocol::living_of(living));
    if (noticed && random_.chance(0.7)) succession.gone(chief_);
    one->seek(std::move(succession));
    events_.put(now_ + from_seconds(random_.real() * to_seconds(scenario_.deadline / kTicksADeadline)),
                EventKind::succession, one->rank(), search_);
  }
}

void Launch::look_for_successor(Rank rank, std::uint64_t search) {
  auto& succession = worker(rank).succession();
  if (outcome_ || search != search_ || !succession) return;
  const Presence& chief = presence_[index(chief_)];
  const bool back = reigns(chief_) && !(chief.away_until && now_ < *chief.away_until);
  if (back && !succession->taking_over()) return succession.reset();
  if (succession->on_tick(now_)) {
    const std::uint64_t stale = random_.chance(0.3) ? 1 : 0;
    events_.put(now_ + draw_write(), EventKind::epoch_begins, rank, journal_.number() - stale);
  }
  if (succession->taking_over()) {
    for (const auto& one : workers_) {
      if (one->rank() == rank || one->rank() == chief_) continue;
      put_message(one->rank(), EventKind::to_worker, index(rank),
                  protocol::encode(protocol::Candidate{}, {worker(rank).epoch(), View(1)}));
    }
  }
  const Instant look = now_ + scenario_.deadline / kTicksADeadline;
  events_.put(std::max(succession->next_wake().value_or(look), now_ + Duration(1)), EventKind::succession, rank,
              search);
}

// The link is the only fence.
void Launch::begin_epoch(Rank rank, std::uint64_t seen) {
  auto& succession = worker(rank).succession();
  if (outcome_ || !succession || !succession->taking_over()) return;
  if (worker(rank).reads_newer(epoch())) return succession->beaten(now_);
  if (journal_.number() != seen && context_.mutation != Mutation::stale_listing) {
    events_.put(now_ + draw_write(), EventKind::epoch_begins, rank, journal_.number());
    return;
  }
  if (reigns(chief_)) depose();
  const std::vector<Rank> heirs = succession->heirs();
  const bool stale = journal_.number() != seen;
  if (context_.mutation != Mutation::freed_number) journal_.begin_epoch();
  ++reign_;
  ++search_;
  chief_ = rank;
  reign(rank, heirs, stale);
}

void Launch::depose() {
  if (context_.trace) context_.trace(fmt::format("  rank {} is deposed", chief_.value()));
  formers_.push_back({chief_, std::move(committing_), journal_.number(), reign_});
  giving_.clear();
  coordinator_.reset();
  gathering_.reset();
  Presence& who = presence_[index(chief_)];
  who.last_heard = now_;
  if (!formers_.back().committing) events_.put(now_, EventKind::commit_ends, chief_, reign_);
}

// It wakes, or its commit comes to its end: it finds the epoch of another, writes nothing and leaves.
void Launch::leave_deposed() {
  for (Former& former : formers_) {
    Presence& who = presence_[index(former.rank)];
    if (who.killed || (who.away_until && now_ < *who.away_until)) continue;
    if (former.committing && (journal_.number() == former.seen || context_.mutation == Mutation::unfenced_commit)) {
      journal_.append(*former.committing);
    }
    former.committing.reset();
    who.killed = true;
    if (former.rank != Rank(0) || own_) worker(former.rank).die(random_);
  }
}

void Launch::reign(Rank rank, const std::vector<Rank>& heirs, bool stale) {
  if (context_.trace) context_.trace(fmt::format("  rank {} takes over", rank.value()));
  std::vector<Rank> others;
  for (std::int32_t other = 0; other <= plan_.workers; ++other) {
    if (Rank(other) != rank) others.emplace_back(other);
  }
  membership_ = protocol::Membership(others, scenario_.deadline);
  membership_.begin(now_);
  for (Presence& who : presence_) who.declared = true;
  for (const Rank heir : heirs) presence_[index(heir)].declared = false;
  for (const Rank other : others) {
    if (presence_[index(other)].declared) membership_.lost_before(other);
  }
  groups_->begin_reign();
  tick_at_.reset();
  ++tick_number_;
  ++join_number_;
  joining_ = storage_failing_ = gives_failing_ = works_alone_ = false;
  joined_rows_.clear();
  joined_partials_.clear();
  segments_failing_.clear();
  full_.clear();
  looks_.clear();
  seen_ends_.clear();
  last_commit_ = 0;
  dead_letters_ = 0;
  stop_by_.reset();
  interrupted_by_.clear();
  ready_.assign(ready_.size(), false);
  occupied_.assign(occupied_.size(), {});
  ready_count_ = 0;
  idle_since_.assign(idle_since_.size(), std::nullopt);
  protocol::CoordinatorStart start = start_of_reign(heirs, stale);
  for (const auto& one : workers_) {
    send(one->rank(),
         presence_[index(one->rank())].declared ? protocol::Message(protocol::Beat{}) : protocol::Message(start.setup));
  }
  gathering_ = std::make_unique<protocol::Gathering>(std::move(start));
  after_coordinator();
}

protocol::CoordinatorOptions Launch::coordinator_options() const {
  protocol::CoordinatorOptions options = scenario_.options;
  if (context_.mutation == Mutation::forget_priorities) options.queue.priorities.clear();
  if (context_.mutation == Mutation::forget_retries) options.retry_classes.clear();
  if (context_.mutation == Mutation::forget_limit) options.most_in_flight = 0;
  options.stages = scenario_.stages(plan_);
  if (context_.mutation == Mutation::forget_stages) options.stages.clear();
  for (schedule::GatedStage& stage : options.stages) {
    if (context_.mutation == Mutation::forget_after && !stage.after.empty()) stage.after.pop_back();
  }
  if (plan_.time_limit && context_.mutation != Mutation::forget_time_limit) {
    options.time_limit = {Instant(*plan_.time_limit), std::nullopt};
  }
  return options;
}

protocol::CoordinatorStart Launch::start_of_reign(const std::vector<Rank>& heirs, bool stale) const {
  protocol::CoordinatorStart start;
  start.units = plan_.units;
  start.done = stale ? journal_.stale_done() : journal_.done();
  start.dead = journal_.dead();
  start.removed = plan_.removed;
  if (context_.mutation != Mutation::forget_given) start.given = journal_.given();
  start.workers = heirs;
  start.self = chief_;
  return start;
}

void Launch::hear_at_takeover(Rank from, protocol::Message message) {
  if (std::holds_alternative<protocol::Beat>(message)) return;
  if (const auto* ready = std::get_if<protocol::Ready>(&message)) membership_.set_host(from, ready->host);
  gathering_->on_message(from, std::move(message));
  after_gathering();
}

void Launch::after_gathering() {
  if (gathering_ && gathering_->complete()) end_gathering();
  after_coordinator();
}

void Launch::end_gathering() {
  protocol::Gathering::Gathered gathered = std::exchange(gathering_, nullptr)->finish();
  protocol::CoordinatorStart& start = gathered.start;
  books_.taken_over(
      start, [&](Rank rank) { return std::ranges::binary_search(start.workers, rank) && worker(rank).retained_all(); });
  for (const protocol::TakenOver& one : start.taken) {
    if (one.full) full_.insert(one.rank);
    occupied_[index(one.rank)].busy = one.busy;
  }
  if (context_.mutation == Mutation::count_twice) {
    const auto is_part = [](const auto& one) { return std::holds_alternative<protocol::Part>(one.second); };
    const auto part = std::ranges::find_if(start.messages, is_part);
    if (part != start.messages.end()) start.messages.push_back(*part);
  }
  for (auto& [rank, message] : start.messages) note_at_coordinator(rank, message);
  for (const Rank rank : gathered.anew) {
    membership_.take_up_anew(rank);
    if (rank != chief_) continue;
    worker(rank).taken_up(View(1));
    books_.rank_anew(rank);
  }
  coordinator_ = std::make_unique<protocol::Coordinator>(coordinator_options(), std::move(start), *this);
  coordinator_->set_coordinator_seconds(scenario_.coordinator_seconds);
  coordinator_->begin(now_);
  for (const Rank rank : gathered.anew) coordinator_->on_back(rank, now_);
  for (const Rank rank : gathered.back) coordinator_->on_back(rank, now_);
}

}  // namespace kiln::sim
