#include "sim/books.hpp"

#include "schedule/retry_queue.hpp"
#include "sim/violation.hpp"

#include <utility>

namespace kiln::sim {

Books::Books(const Scenario& scenario, Journal& journal, const LaunchPlan& launch)
    : scenario_(scenario),
      journal_(journal),
      launch_(launch),
      books_(launch.units),
      held_(static_cast<std::size_t>(launch.workers) + 1, 0),
      lost_(held_.size(), false) {
  for (UnitId unit(0); unit.value() < launch.units; unit = unit.next()) {
    Book& book = books_[unit.value()];
    book.priority = scenario.priority(unit);
  }
  begin_stages();
  suspect_at_begin();
  for (UnitId unit(0); unit.value() < launch.units; unit = unit.next()) {
    if (!journal.given().contains(unit) && may_wait(unit) && !books_[unit.value()].lost)
      ++waiting_[books_[unit.value()].priority];
  }
}

// Nothing of an earlier launch counts but marks that nobody has seen.
void Books::suspect_at_begin() {
  for (const auto& [unit, ranks] : journal_.suspects()) {
    if (unit.value() >= books_.size() || !may_wait(unit) || journal_.given().contains(unit)) continue;
    Book& book = books_[unit.value()];
    book.lost = true;
    book.deaths = book.crashes = static_cast<std::uint32_t>(ranks.size());
  }
}

void Books::check_priority(const protocol::Batch& batch) {
  // Those that may begin already are handed out before what a stage that opens now has.
  if (scenario_.options.no_rerun_lost && !stages_.empty()) return;
  const std::int32_t priority = books_[batch.units.first.value()].priority;
  std::uint64_t ordered = 0;
  for (UnitId unit = batch.units.first; unit < batch.units.last; unit = unit.next()) {
    if (!std::exchange(books_[unit.value()].lost, false)) ++ordered;
  }
  if (ordered == 0) return;
  if (waiting_.empty() || waiting_.rbegin()->first != priority) {
    violated("unit {} of priority {} was handed out while others of priority {} wait", batch.units.first.value(),
             priority, waiting_.empty() ? 0 : waiting_.rbegin()->first);
  }
  for (UnitId unit = batch.units.first; unit < batch.units.last; unit = unit.next()) {
    if (books_[unit.value()].priority != priority) violated("a batch of units of several priorities");
  }
  auto found = waiting_.find(priority);
  if (found->second < ordered) violated("more units were handed out than there are");
  found->second -= ordered;
  if (found->second == 0) waiting_.erase(found);
}

// It waits again as before, unless it must not begin twice.
void Books::came_back(Book& book, Unharmed unharmed) {
  if (unharmed == Unharmed::no && scenario_.options.no_rerun_lost) return;
  if (book.charged > 0) {
    book.reopened = true;
  } else if (!book.lost) {
    ++waiting_[book.priority];
  }
}

void Books::batch_sent(Rank to, const protocol::Batch& batch, bool others, Instant now) {
  if (batch.units.empty()) violated("an empty batch for rank {}", to.value());
  if (batch.attempt > 1 && batch.units.size() != 1) violated("a retry is not a batch of one");
  for (UnitId unit = batch.units.first; unit < batch.units.last; unit = unit.next()) {
    const std::uint64_t id = unit.value();
    if (id >= books_.size()) violated("unit {} was handed out and does not exist", id);
    Book& book = books_[id];
    if (book.forgiven) violated("unit {} was handed out and a copy of it runs", id);
    if (removed(unit)) violated("unit {} was handed out and is removed", id);
    if (is_closed(unit)) violated("unit {} was handed out before the stages before its own", id);
    if (journal_.holds(unit)) violated("unit {} was handed out and is committed", id);
    if (to_blame(unit)) violated("unit {} was handed out, and {} ranks have died of it", id, book.deaths);
    if (book.succeeded) violated("unit {} was handed out and is done", id);
    if (book.deaths > 0 && (batch.units.size() > 1 || held(to) > 0)) {
      violated("unit {} was handed out beside others, and {} ranks have died of it", id, book.deaths);
    }
    if (book.holder != Rank(-1)) violated("unit {} was handed out and rank {} has it", id, book.holder.value());
    if (book.charged + 1 != batch.attempt) {
      violated("unit {}: attempt {} after {} failures", id, batch.attempt, book.charged);
    }
    if (book.charged > scenario_.retries(unit)) violated("unit {} was handed out and is a dead letter", id);
    if (batch.attempt > 1 && !book.reopened) check_retry(to, unit, batch.attempt, others, now);
    book.holder = to;
  }
  if (batch.attempt == 1) check_priority(batch);
  held_[static_cast<std::size_t>(to.value())] += batch.units.size();
}

void Books::check_retry(Rank to, UnitId unit, std::uint32_t attempt, bool others, Instant now) const {
  const Book& book = books_[unit.value()];
  const auto& options = scenario_.options;
  const Instant due = book.failed_at + schedule::backoff_delay(options.backoff, attempt, options.seed, unit);
  if (now < due) violated("unit {}: retried {} s before its time", unit.value(), to_seconds(due - now));
  if (others && to == book.failed_on && now < due + schedule::RetryQueue::kHoldBack) {
    violated("unit {}: retried on rank {}, where it failed, while others live", unit.value(), to.value());
  }
}

Books::Book& Books::let_go(Rank from, UnitId unit) {
  Book& book = books_.at(unit.value());
  if (book.holder != from) violated("rank {} speaks of unit {}, which it does not have", from.value(), unit.value());
  book.holder = Rank(-1);
  --held_[static_cast<std::size_t>(from.value())];
  return book;
}

void Books::part_arrived(Rank from, const protocol::Part& part, Instant now) {
  for (const Interval units : part.done) {
    for (UnitId unit = units.first; unit < units.last; unit = unit.next()) {
      Book& book = let_go(from, unit);
      book.succeeded = true;
      book.deaths = book.crashes = 0;
      book.result_with = part.held ? from : Rank(-1);
      book.done_by = from;
    }
  }
  for (const protocol::UnitFailure& failure : part.failures) {
    Book& book = let_go(from, failure.unit);
    const bool cancelled = failure.kind == protocol::FailureKind::cancelled;
    if (!cancelled && book.copier != Rank(-1) && copied_alone(failure.unit)) {
      book.forgiven = true;
      continue;
    }
    if (cancelled) {
      came_back(book, Unharmed::no);
      continue;
    }
    book.reopened = book.lost = false;
    book.deaths = book.crashes = 0;
    book.failed_on = from;
    book.failed_at = now;
    if (++book.charged > book.failed) violated("unit {} is charged for what it did not do", failure.unit.value());
    if (book.charged > scenario_.retries(failure.unit) + 1)
      violated("unit {}: an attempt too many", failure.unit.value());
  }
}

void Books::given_back_arrived(Rank from, const protocol::GivenBack& message, Instant) {
  came_back(from, message.pieces);
}

void Books::came_back(Rank from, const std::vector<protocol::GivenBack::Piece>& pieces) {
  for (const protocol::GivenBack::Piece& piece : pieces) {
    for (UnitId unit = piece.units.first; unit < piece.units.last; unit = unit.next()) {
      Book& book = let_go(from, unit);
      if (book.running) violated("unit {} was given back while it ran", unit.value());
      came_back(book, Unharmed::yes);
    }
  }
}

void Books::segment_arrived(Rank from, const protocol::Segment& segment) {
  for (const Interval units : segment.units) {
    for (UnitId unit = units.first; unit < units.last; unit = unit.next()) {
      Book& book = books_.at(unit.value());
      if (std::exchange(book.result_with, Rank(-1)) != from) violated("unit {} is not of that rank", unit.value());
    }
  }
}

void Books::joined(const std::vector<Interval>& intervals) {
  for (const Interval units : intervals) {
    for (UnitId unit = units.first; unit < units.last; unit = unit.next()) {
      books_[unit.value()].result_with = books_[unit.value()].done_by = Rank(-1);
    }
  }
}

void Books::rank_died(Rank rank, bool alone, const std::optional<Interval>& ran) {
  const auto index = static_cast<std::size_t>(rank.value());
  lost_[index] = true;
  const bool one = held_[index] == 1;
  held_[index] = 0;
  for (UnitId unit(0); unit.value() < books_.size(); unit = unit.next()) {
    Book& book = books_[unit.value()];
    if (book.copier == rank) book.copier = Rank(-1);
    if (book.holder == rank) {
      const bool only = one || (ran && ran->size() == 1 && ran->contains(unit));
      book.holder = Rank(-1);
      book.running = false;
      book.lost = true;
      if (only && alone && !scenario_.options.no_rerun_lost) {
        ++book.deaths;
        if (ran) ++book.crashes;
      }
      came_back(book, Unharmed::no);
    } else if (book.result_with == rank) {
      book.result_with = Rank(-1);
      book.succeeded = book.reopened = false;
      book.lost = true;
      book.charged = 0;
    }
  }
}

std::uint32_t Books::unit_begins(Rank rank, UnitId unit) {
  journal_.unit_begins(unit);
  Book& book = books_.at(unit.value());
  if (lost_[static_cast<std::size_t>(rank.value())]) return book.begun++;
  if (book.holder != rank && copied_.contains({rank, unit})) {
    if (book.copier == rank) book.copy_running = true;
    return book.begun++;
  }
  if (book.holder != rank) violated("rank {} runs unit {}, which it does not have", rank.value(), unit.value());
  if (book.running) violated("unit {} runs twice at a time", unit.value());
  if (is_closed(unit)) violated("unit {} runs before the stages before its own", unit.value());
  if (book.succeeded || journal_.holds(unit)) violated("unit {} runs and is settled", unit.value());
  book.running = true;
  return book.begun++;
}

void Books::unit_ends(Rank rank, UnitId unit, ExecutorHost::End end) {
  Book& book = books_.at(unit.value());
  if (end == ExecutorHost::End::failed) {
    ++book.failed;
    journal_.unit_failed(unit);
  }
  if (lost_[static_cast<std::size_t>(rank.value())]) return;
  if (book.holder == rank) {
    book.running = false;
  } else if (book.copier == rank) {
    book.copy_running = false;
  }
}

void Books::dead_letter(const protocol::DeadLetter& letter) const {
  const Book& book = books_.at(letter.unit.value());
  if (book.deaths > 0 || lost(letter.unit)) return;  // checked when the coordinator said so
  const std::uint32_t allowed = scenario_.retries(letter.unit) + 1;
  if (letter.attempts != allowed || book.charged != letter.attempts) {
    violated("dead letter {}: {} attempts said, {} charged, {} allowed", letter.unit.value(), letter.attempts,
             book.charged, allowed);
  }
}

}  // namespace kiln::sim
