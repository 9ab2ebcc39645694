#include "sim/books.hpp"
#include "sim/violation.hpp"

#include <algorithm>

/// Books: units that two workers have.
namespace kiln::sim {

void Books::copy_sent(Rank to, const protocol::Batch& batch) {
  if (batch.units.empty()) violated("an empty copy for rank {}", to.value());
  if (held(to) != 0) violated("rank {} gets a copy and has work", to.value());
  const Rank from = books_.at(batch.units.first.value()).holder;
  for (UnitId unit = batch.units.first; unit < batch.units.last; unit = unit.next()) {
    Book& book = books_.at(unit.value());
    if (book.holder == Rank(-1) || book.holder == to || book.holder != from) {
      violated("rank {} gets a copy of unit {}, which rank {} has", to.value(), unit.value(), book.holder.value());
    }
    if (book.copier != Rank(-1)) violated("a second copy of unit {}", unit.value());
    if (batch.attempt != book.charged + 1) {
      violated("unit {}: a copy of attempt {} after {} failures", unit.value(), batch.attempt, book.charged);
    }
    book.copier = to;
    book.copy_running = false;
    copied_.emplace(to, unit);
  }
  copies_[batch.id] = {to, batch.units};
}

bool Books::copied_alone(UnitId unit) const {
  return std::ranges::any_of(copies_, [&](const auto& one) {
    const CopySent& copy = one.second;
    return copy.to == books_[unit.value()].copier && copy.units.contains(unit) && copy.units.size() == 1;
  });
}

// It waited, and is with a worker again.
void Books::taken_out(Book& book) {
  if (book.charged > 0 || std::exchange(book.lost, false)) return;
  const auto found = waiting_.find(book.priority);
  if (found == waiting_.end()) violated("a copy is kept of a unit that nobody gave up");
  if (--found->second == 0) waiting_.erase(found);
}

void Books::settled(Rank to, const protocol::Settle& message) {
  const auto found = copies_.find(message.batch);
  if (found == copies_.end() || found->second.to != to) violated("a copy is settled that rank {} has not", to.value());
  const Interval units = found->second.units;
  for (UnitId unit = units.first; unit < units.last; unit = unit.next()) {
    Book& book = books_.at(unit.value());
    if (book.copier != to) violated("a copy of unit {} is settled a second time", unit.value());
    book.copier = Rank(-1);
    if (!message.keep) continue;
    if (book.holder != Rank(-1)) violated("unit {} has two workers: {} has it", unit.value(), book.holder.value());
    if (book.succeeded || journal_.holds(unit)) violated("a copy of unit {} is kept, which is done", unit.value());
    if (!std::exchange(book.forgiven, false)) taken_out(book);
    book.holder = to;
    book.running = book.copy_running;
    ++held_[static_cast<std::size_t>(to.value())];
  }
}

// Where it had become the only one meanwhile, the unit waits again.
void Books::copy_failed(Rank from, BatchId batch) {
  const auto found = copies_.find(batch);
  if (found == copies_.end() || found->second.to != from) return;
  for (UnitId unit = found->second.units.first; unit < found->second.units.last; unit = unit.next()) {
    Book& book = books_.at(unit.value());
    if (book.copier == from) {
      book.copier = Rank(-1);
    } else if (book.holder == from) {
      came_back(let_go(from, unit), Unharmed::yes);
    }
  }
}

void Books::given_up_arrived(Rank from, const protocol::GivenUp& message) { came_back(from, message.pieces); }

}  // namespace kiln::sim
