#include "sim/launch.hpp"

#include "sim/describe.hpp"
#include "sim/groups.hpp"
#include "sim/violation.hpp"
#include "sim/worker_rank.hpp"

#include <algorithm>
#include <utility>

namespace kiln::sim {
namespace {

constexpr std::uint64_t kStale = UINT64_MAX;   // in Event::number: of an earlier launch; else the receiver
constexpr std::uint64_t kMostBeats = 500'000;  // with nothing else between them, if no unit takes longer
constexpr double kEventsOfSilence = 32;        // of a rank in the time of a deadline: beats and looks, sent and heard
constexpr std::uint64_t kAtOnce = 1;           // in Event::number of an interrupt
constexpr double kMutationChance = 0.25;       // how often a mutation strikes where it can

std::vector<Rank> workers_of(const LaunchPlan& plan) {
  std::vector<Rank> workers;
  for (std::int32_t rank = 1; rank <= plan.workers; ++rank) workers.emplace_back(rank);
  return workers;
}

protocol::CoordinatorStart start_of(const LaunchPlan& plan, const Journal& journal, Mutation mutation) {
  protocol::CoordinatorStart start;
  start.units = plan.units;
  start.done = journal.done();
  start.dead = journal.dead();
  start.removed = plan.removed;
  if (mutation != Mutation::forget_given) start.given = journal.given();
  if (mutation != Mutation::forget_old_marks) start.suspects = journal.suspects();
  start.workers = workers_of(plan);
  return start;
}

}  // namespace

Launch::Launch(Context context, Journal& journal, const std::vector<Bytes>& stale)
    : scenario_(context.scenario),
      plan_(context.scenario.launches[context.number]),
      context_(context),
      journal_(journal),
      books_(scenario_, journal, plan_),
      random_(mix(scenario_.seed, 1000 + context.number)),
      mutation_random_(mix(scenario_.seed, 2000 + context.number)),
      harm_random_(mix(scenario_.seed, 3000 + context.number)),
      membership_(workers_of(plan_), scenario_.deadline) {
  const auto ranks = static_cast<std::size_t>(plan_.workers) + 1;
  last_to_worker_.resize(ranks);
  last_to_coordinator_.resize(ranks);
  ready_.resize(ranks);
  idle_since_.resize(ranks);
  presence_.resize(ranks);
  occupied_.resize(ranks);
  groups_ = std::make_unique<Groups>(*this, mix(scenario_.seed, 4000 + context.number));
  coordinator_ =
      std::make_unique<protocol::Coordinator>(coordinator_options(), start_of(plan_, journal, context.mutation), *this);
  coordinator_->set_coordinator_seconds(scenario_.coordinator_seconds);
  for (std::int32_t rank = 1; rank <= plan_.workers; ++rank) {
    const double slowness = scenario_.slowest > 1 ? random_.across(1, scenario_.slowest) : 1;
    workers_.push_back(std::make_unique<WorkerRank>(*this, Rank(rank), slowness));
    events_.put(now_ + from_seconds(random_.real() * to_seconds(scenario_.start_spread)), EventKind::worker_starts,
                Rank(rank));
  }
  for (const Bytes& message : stale) events_.put(now_, EventKind::to_coordinator, Rank(1), kStale, message);
  for (const LaunchPlan::Interrupt& one : plan_.interrupts) {
    events_.put(now_ + one.at, EventKind::interrupt, one.where, one.at_once ? kAtOnce : 0);
  }
  if (plan_.time_limit) events_.put(Instant(*plan_.time_limit), EventKind::time_is_up, Rank(0));
  begin_absences();
  journal_.begin_launch();
  journal_.begin_epoch();
}

Launch::~Launch() = default;

LaunchEnd Launch::run() {
  const std::uint64_t most_events = 100'000 + 100 * plan_.units * (scenario_.most_retries() + 2) +
                                    2'000 * static_cast<std::uint64_t>(plan_.workers) + events_of_full_disk();
  const double deadlines =
      scenario_.deadline > Duration() ? scenario_.longest_seconds() / to_seconds(scenario_.deadline) : 0;
  const std::uint64_t most_beats =
      std::max(kMostBeats, static_cast<std::uint64_t>(kEventsOfSilence * deadlines * (plan_.workers + 1)));
  const std::size_t beat_bytes = protocol::encode(protocol::Beat{}, {epoch(), View(1)}).size();
  std::uint64_t beats = 0, all_beats = 0;  // and looks for deaths; `beats`: with nothing else between them
  membership_.begin(now_);
  coordinator_->begin(now_);
  after_coordinator();
  while (auto event = events_.take()) {
    check_idle(event->at);
    now_ = event->at;
    if (postponed(*event)) continue;
    if (!outcome_) check_stop_time();
    note(*event);
    ++end_.events;
    const bool beat = event->kind == EventKind::beat || event->kind == EventKind::tick ||
                      event->kind == EventKind::succession || event->message.size() == beat_bytes;
    beats = beat ? beats + 1 : 0;
    all_beats += beat ? 1U : 0U;
    if (end_.events - all_beats > most_events || beats > most_beats)
      violated("the run does not end: {} events", end_.events);
    if (all_dead_ || (plan_.crash_at_event && end_.events >= *plan_.crash_at_event && !outcome_)) {
      crash();
      return std::move(end_);
    }
    handle(*event);
    const auto over = [this](const auto& worker) { return worker->left() || gone_for_good(worker->rank()); };
    if (outcome_ && std::ranges::all_of(workers_, over)) {
      end_.outcome = outcome_;
      return std::move(end_);
    }
  }
  if (!coordinator_) violated("the run is stuck without a coordinator");
  const auto counts = coordinator_->counts();
  violated("the run is stuck: {} of {} units done, {} failed, {} handed out, {} waiting", counts.done, counts.units,
           counts.failed, counts.in_flight, counts.waiting);
}

void Launch::handle(Event& event) {
  switch (event.kind) {
    case EventKind::worker_starts:
      return worker(event.rank).start();
    case EventKind::to_coordinator:
      return arrive_at_coordinator(event);
    case EventKind::to_worker:
      return arrive_at_worker(event);
    case EventKind::unit_ends:
      return dies_of_unit(event.rank, event.number) ? void() : worker(event.rank).unit_ended(event.number);
    case EventKind::commit_ends:
      return event.number == reign_ ? end_commit() : leave_deposed();
    case EventKind::give_ends:
      if (event.number == reign_) end_give();
      return;
    case EventKind::segment_ends:
      return worker(event.rank).segment_ended();
    case EventKind::join_ends:
      if (event.number == join_number_ && !join_broken_) end_join();
      return;
    case EventKind::group_made:
      groups_->made(event.rank, event.number);
      if (coordinator_) coordinator_->on_tick(now_);
      return after_coordinator();
    case EventKind::kill:
      return kill(event.rank == Rank(0) ? chief_ : event.rank, plan_.absences[event.number].noticed);
    case EventKind::stop:
      return stop(plan_.absences[event.number]);
    case EventKind::succession:
      return look_for_successor(event.rank, event.number);
    case EventKind::epoch_begins:
      return begin_epoch(event.rank, event.number);
    case EventKind::noticed:
      if (!presence_[index(event.rank)].killed) return;
      membership_.gone(event.rank);
      look_for_deaths();
      if (coordinator_) coordinator_->on_tick(now_);
      return after_coordinator();
    case EventKind::look_ends:
      return end_look(event);
    case EventKind::beat:
      return beat(event.rank);
    case EventKind::interrupt:
      return interrupt(event);
    case EventKind::time_is_up:
      return expect_stop(std::nullopt, false);
    case EventKind::tick:
      if (event.number != tick_number_) return;
      tick_at_.reset();
      if (watches()) look_for_deaths();
      groups_->tick();
      if (coordinator_) coordinator_->on_tick(now_);
      return after_coordinator();
  }
}

// The network: any delay, but messages of a pair of ranks stay in order.
void Launch::put_message(Rank pair, EventKind kind, std::uint64_t number, Bytes message) {
  const double spread = to_seconds(scenario_.delay_high - scenario_.delay_low);
  const double drawn = random_.real();
  Instant& last = (kind == EventKind::to_worker ? last_to_worker_ : last_to_coordinator_)[index(pair)];
  last = std::max(last, now_ + scenario_.delay_low + from_seconds(spread * drawn * drawn));
  events_.put(last, kind, pair, number, std::move(message));
}

void Launch::send(Rank to, protocol::Message message) {
  if (const auto* batch = std::get_if<protocol::Batch>(&message)) {
    if (outcome_ || coordinator_->draining()) violated("a batch is handed out after the stop");
    if (storage_failing_ || gives_failing_ || !segments_failing_.empty())
      violated("a batch is handed out while the disk is full");
    if (plan_.time_limit && now_ >= Instant(*plan_.time_limit)) violated("a batch is handed out behind the time limit");
    if (full_.contains(to)) violated("rank {} gets a batch and may hold no more", to.value());
    if (coordinator_->pending_bytes() >= scenario_.options.pause_bytes) {
      violated("a batch is handed out while {} bytes wait for the disk", coordinator_->pending_bytes());
    }
    if (!batch->copy) books_.batch_sent(to, *batch, ready_count_ > 1, now_);
    const std::uint64_t limit = scenario_.options.most_in_flight;
    if (limit != 0 && books_.all_held() > limit) violated("{} units are in flight, not {}", books_.all_held(), limit);
  }
  if (const auto* batch = std::get_if<protocol::Batch>(&message)) last_batch_[to] = *batch;
  note_sent(to, message);
  put_message(to, EventKind::to_worker, index(chief_), protocol::encode(message, {epoch(), membership_.view(to)}));
}

void Launch::send_to_coordinator(Rank from, const protocol::Message& message) {
  const protocol::Stamp stamp{worker(from).epoch(), worker(from).view()};
  const std::uint64_t to = index(worker(from).coordinator());
  presence_[index(from)].sent_at = now_;
  const bool strikes = mutation_random_.chance(kMutationChance);
  if (const auto* part = std::get_if<protocol::Part>(&message)) {
    if (context_.mutation == Mutation::changed_payload && !part->rows.empty()) {
      protocol::Part changed = *part;
      if (strikes && changed.rows.size() == late_rows_.size()) changed.rows = late_rows_;
      late_rows_ = part->rows;
      return put_message(from, EventKind::to_coordinator, to, protocol::encode(changed, stamp));
    }
    if (strikes && context_.mutation == Mutation::drop_part) return;
    if (strikes && context_.mutation == Mutation::duplicate_part) {
      put_message(from, EventKind::to_coordinator, to, protocol::encode(message, stamp));
    }
  }
  if (const auto* segment = std::get_if<protocol::Segment>(&message)) {
    if (strikes && context_.mutation == Mutation::drop_segment && !segment->asked) return;
    if (context_.mutation == Mutation::duplicate_segment) {
      put_message(from, EventKind::to_coordinator, to, protocol::encode(message, stamp));
    }
  }
  const bool loses = strikes && context_.mutation == Mutation::lose_given_back;
  const bool empties = loses && std::holds_alternative<protocol::GivenBack>(message);
  put_message(from, EventKind::to_coordinator, to,
              protocol::encode(empties ? protocol::Message(protocol::GivenBack{}) : message, stamp));
}

void Launch::arrive_at_coordinator(Event& event) {
  if (event.number != kStale && !counts(event)) return;
  if (event.number == kStale && !reigns(chief_)) return;
  const View view = event.number == kStale ? View(1) : protocol::stamp_of(event.message)->view;
  protocol::Decoded decoded = protocol::decode(std::move(event.message), {epoch(), view});
  if (event.number == kStale) {
    if (decoded.message) violated("a message of an earlier epoch was taken: {}", describe(*decoded.message));
    return;
  }
  if (!decoded.message) violated("a message was dropped: {}", decoded.why_dropped);
  if (context_.trace) context_.trace(fmt::format("  0 <- {} {}", event.rank.value(), describe(*decoded.message)));
  if (const auto* grouped = std::get_if<protocol::Grouped>(&*decoded.message)) {
    groups_->hear(event.rank, *grouped);
    if (coordinator_) coordinator_->on_tick(now_);
    return after_coordinator();
  }
  if (gathering_) return hear_at_takeover(event.rank, std::move(*decoded.message));
  note_at_coordinator(event.rank, *decoded.message);
  if (std::holds_alternative<protocol::Beat>(*decoded.message)) return;
  coordinator_->on_message(event.rank, std::move(*decoded.message), now_);
  after_coordinator();
}

// The coordinator is about to hear it.
void Launch::note_at_coordinator(Rank from, protocol::Message& message) {
  heard(from, message);
  note_copies(from, message);
  if (const auto* part = std::get_if<protocol::Part>(&message)) books_.part_arrived(from, *part, now_);
  if (const auto* given = std::get_if<protocol::GivenBack>(&message)) books_.given_back_arrived(from, *given, now_);
  if (const auto* stop = std::get_if<protocol::Interrupted>(&message)) expect_stop(from, stop->at_once);
  if (const auto* segment = std::get_if<protocol::Segment>(&message)) books_.segment_arrived(from, *segment);
  if (const auto* ready = std::get_if<protocol::Ready>(&message)) {
    membership_.set_host(from, ready->host);
    if (!ready_[index(from)]) ++ready_count_;
    ready_[index(from)] = true;
  }
}

// What the coordinator is about to know of the worker's results.
void Launch::heard(Rank from, protocol::Message& message) {
  const auto file = [from](std::set<Rank>& set, bool in) { in ? void(set.insert(from)) : void(set.erase(from)); };
  if (auto* part = std::get_if<protocol::Part>(&message)) {
    file(full_, part->full);
    if (context_.mutation == Mutation::forget_held) part->held = false;
  } else if (const auto* segment = std::get_if<protocol::Segment>(&message)) {
    file(full_, segment->full);
    file(segments_failing_, !segment->failed.empty());
  }
}

void Launch::arrive_at_worker(Event& event) {
  const protocol::Stamp stamp = *protocol::stamp_of(event.message);
  const Presence& sender = presence_[event.number];
  if (sender.last_heard && now_ > *sender.last_heard) return;
  if (event.rank == Rank(0) && !own_) return leave_deposed();
  WorkerRank& rank = worker(event.rank);
  if (stamp.epoch < rank.epoch()) return;
  protocol::Decoded decoded = protocol::decode(std::move(event.message), stamp);
  if (!decoded.message) violated("a message was dropped: {}", decoded.why_dropped);
  if (context_.trace) {
    context_.trace(fmt::format("  {} -> {} {}", event.number, event.rank.value(), describe(*decoded.message)));
  }
  if (std::holds_alternative<protocol::Candidate>(*decoded.message)) {
    return rank.hear_candidate(Rank(static_cast<std::int32_t>(event.number)));
  }
  if (stamp.epoch > rank.epoch()) rank.follow(stamp.epoch, Rank(static_cast<std::int32_t>(event.number)));
  if (stamp.view < rank.view()) return;
  if (stamp.view > rank.view()) {
    rank.taken_up(stamp.view);
    books_.rank_anew(event.rank);
  }
  rank.on_message(std::move(*decoded.message));
}

void Launch::interrupt(const Event& event) {
  const bool at_once = event.number == kAtOnce;
  if (!reigns(event.rank)) return event.rank == Rank(0) ? void() : worker(event.rank).on_interrupt(at_once);
  if (gathering_) return gathering_->on_message(event.rank, protocol::Interrupted{at_once});
  expect_stop(event.rank, at_once);
  coordinator_->on_interrupt(event.rank, at_once, now_);
  after_coordinator();
}

void Launch::commit(std::unique_ptr<protocol::CommitPlan> plan) {
  if (committing_) violated("a second commit while one is under way");
  if (plan->id != ++last_commit_) violated("commit {} after commit {}", plan->id, last_commit_ - 1);
  for (const protocol::DeadLetter& letter : plan->dead) books_.dead_letter(letter);
  for (const Interval units : plan->done.intervals()) {
    for (UnitId unit = units.first; unit < units.last; unit = unit.next()) {
      if (!books_.succeeded(unit)) violated("unit {} is committed without a result", unit.value());
    }
  }
  if (plan->joined) put_joined(*plan);
  committing_ = std::move(plan);
  commit_cost_ = draw_write();
  events_.put(now_ + commit_cost_, EventKind::commit_ends, chief_, reign_);
  if (context_.mutation != Mutation::early_committed) return;
  for (const auto& one : workers_) {
    if (membership_.lives(one->rank())) send(one->rank(), protocol::Committed{UINT64_MAX});
  }
}

Duration Launch::draw_write() {
  return from_seconds(to_seconds(scenario_.commit_low) +
                      random_.real() * to_seconds(scenario_.commit_high - scenario_.commit_low));
}

void Launch::end_segment_of(Rank rank) { events_.put(now_ + draw_write(), EventKind::segment_ends, rank); }

bool Launch::segment_is_torn() {
  return context_.mutation == Mutation::torn_segment && mutation_random_.chance(kMutationChance);
}

void Launch::end_commit() {
  storage_failing_ = commits_fail();
  if (storage_failing_) {
    coordinator_->on_commit_failed(std::move(committing_), now_);
  } else {
    write_commit();
    committing_.reset();
    books_.committed();
    coordinator_->on_committed(commit_cost_, now_);
  }
  after_coordinator();
}

void Launch::write_commit() {
  const bool strikes = mutation_random_.chance(kMutationChance);
  if (strikes && context_.mutation == Mutation::forget_commit) return;
  if (strikes) mutate(*committing_);
  journal_.append(*committing_);
  if (strikes && context_.mutation == Mutation::commit_twice) journal_.append(*committing_);
}

void Launch::mutate(protocol::CommitPlan& plan) {
  const auto lose = [](auto& from) { from.empty() ? void() : from.pop_back(); };
  if (context_.mutation == Mutation::lose_row) lose(plan.rows);
  if (context_.mutation == Mutation::lose_partial) lose(plan.partials);
  if (context_.mutation == Mutation::lose_segment) lose(plan.segments);
  if (context_.mutation == Mutation::segment_twice && !plan.segments.empty()) {
    plan.segments.push_back(plan.segments.front());
  }
}

void Launch::finish(protocol::Outcome outcome) {
  if (outcome_) violated("the run was finished twice");
  outcome_ = outcome;
}

void Launch::end_unit_in(Rank rank, double seconds, std::uint64_t number) {
  events_.put(now_ + from_seconds(seconds), EventKind::unit_ends, rank, number);
}

std::uint32_t Launch::unit_begins(Rank rank, UnitId unit) {
  return books_.unit_begins(rank, unit) + kLaunchTries * static_cast<std::uint32_t>(context_.number);
}

void Launch::unit_ends(Rank rank, UnitId unit, End end) { books_.unit_ends(rank, unit, end); }

void Launch::ended(Rank rank, BatchId batch, bool done) { worker(rank).ended(batch, done); }

void Launch::report(Rank rank, protocol::Part part) { worker(rank).report(std::move(part)); }

}  // namespace kiln::sim
