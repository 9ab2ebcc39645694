#include "sim/books.hpp"
#include "sim/violation.hpp"

#include <algorithm>
#include <utility>

/// Books: from one coordinator to the next.
namespace kiln::sim {

void Books::forget_all_holders() {
  waiting_.clear();
  std::ranges::fill(held_, 0);
  for (Book& book : books_) {
    book.holder = book.result_with = book.copier = Rank(-1);
    book.forgiven = false;
    book.succeeded = book.reopened = false;
    book.lost = true;  // no order holds for it
    book.deaths = book.crashes = book.charged = 0;
  }
}

// What it had reported, the coordinator has; if that is lost, the rank has it no more.
void Books::rank_anew(Rank rank) {
  lost_[static_cast<std::size_t>(rank.value())] = false;
  for (Book& book : books_) {
    if (book.done_by == rank) book.done_by = Rank(-1);
  }
}

void Books::taken_over(const protocol::CoordinatorStart& start, const std::function<bool(Rank)>& keeps) {
  std::vector<std::pair<UnitId, Rank>> done;
  for (UnitId unit(0); unit.value() < books_.size(); unit = unit.next()) {
    const Book& book = books_[unit.value()];
    if (book.succeeded && book.done_by != Rank(-1) && !journal_.holds(unit)) done.emplace_back(unit, book.done_by);
  }
  std::vector<Rank> before;
  for (const Book& book : books_) before.push_back(book.holder);
  forget_all_holders();
  lost_.assign(lost_.size(), true);
  for (const protocol::TakenOver& taken : start.taken) {
    lost_[static_cast<std::size_t>(taken.rank.value())] = false;
    for (const protocol::Holding::Batch& batch : taken.batches) {
      for (const Interval units : batch.units) {
        for (UnitId unit = units.first; unit < units.last; unit = unit.next()) {
          Book& book = books_.at(unit.value());
          book.holder = taken.rank;
          book.charged = batch.attempt - 1;
          ++held_[static_cast<std::size_t>(taken.rank.value())];
        }
      }
    }
    for (const Interval units : taken.held.intervals()) {
      for (UnitId unit = units.first; unit < units.last; unit = unit.next()) {
        Book& book = books_.at(unit.value());
        book.result_with = book.done_by = taken.rank;
        book.succeeded = true;
      }
    }
  }
  for (const auto& [unit, rank] : done) {
    const Book& book = books_[unit.value()];
    if (book.holder == Rank(-1) && !book.succeeded && keeps(rank)) {
      violated("unit {} is done on rank {}, which lives, and is to run again after a takeover", unit.value(),
               rank.value());
    }
  }
  for (std::size_t unit = 0; unit < books_.size(); ++unit) {
    if (books_[unit].holder != before[unit]) books_[unit].running = false;
  }
  committed();
}

}  // namespace kiln::sim
