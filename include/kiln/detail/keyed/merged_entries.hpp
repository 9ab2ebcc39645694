#pragma once

#include <kiln/detail/keyed/entry.hpp>
#include <kiln/detail/keyed/run.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace kiln::detail {

/// The entries of one run in order; at() lives until next().
template <class Format>
class RunCursor {
 public:
  explicit RunCursor(RunReader& run) : run_(&run) { next(); }

  bool ended() const { return ended_; }
  const Entry& at() const { return entry_; }
  std::uint64_t order() const { return order_; }
  void next() {
    while (at_ == end_) {
      std::string_view block;
      if (!run_->next(block)) {
        ended_ = true;
        return;
      }
      at_ = block.data();
      end_ = at_ + block.size();
    }
    Format::parse(at_, end_, entry_);
    order_ = Format::order(entry_);
    at_ = entry_.end;
  }

 private:
  RunReader* run_;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  Entry entry_;
  std::uint64_t order_ = 0;
  bool ended_ = false;
};

/// The entries of several runs in the order of the format; equal ones in the order of the runs. A loser tree: each
/// node keeps the run that lost there, so that the next entry takes one comparison a level.
template <class Format, class Cursor = RunCursor<Format>>
class MergedEntries {
 public:
  explicit MergedEntries(std::vector<Cursor> runs) : runs_(std::move(runs)), losers_(runs_.size(), kNobody) {
    for (std::size_t run = 0; run < runs_.size(); ++run) play(run);
  }
  explicit MergedEntries(std::span<RunReader* const> runs) : MergedEntries(cursors_of(runs)) {}

  bool ended() const { return runs_.empty() || runs_[winner_].ended(); }
  const Entry& at() const { return runs_[winner_].at(); }
  std::uint64_t order() const { return runs_[winner_].order(); }
  void next() {
    runs_[winner_].next();
    play(winner_);
  }

 private:
  static constexpr std::size_t kNobody = static_cast<std::size_t>(-1);

  static std::vector<Cursor> cursors_of(std::span<RunReader* const> runs) {
    std::vector<Cursor> cursors;
    cursors.reserve(runs.size());
    for (RunReader* run : runs) cursors.emplace_back(*run);
    return cursors;
  }
  bool wins(std::size_t left, std::size_t right) const {
    const auto &one = runs_[left], &other = runs_[right];
    if (one.ended() || other.ended()) return one.ended() == other.ended() ? left < right : other.ended();
    if (one.order() != other.order()) return one.order() < other.order();
    if (Format::is_before_in_order(one.at(), other.at())) return true;
    return left < right && !Format::is_before_in_order(other.at(), one.at());
  }
  /// From its leaf up: against who waits there; the first to come to a node waits.
  void play(std::size_t run) {
    for (std::size_t node = (run + runs_.size()) / 2; node != 0; node /= 2) {
      std::size_t& waiting = losers_[node];
      if (waiting == kNobody) {
        waiting = run;
        return;
      }
      if (wins(waiting, run)) std::swap(waiting, run);
    }
    winner_ = run;
  }

  std::vector<Cursor> runs_;
  std::vector<std::size_t> losers_;  // of the nodes from 1 on
  std::size_t winner_ = 0;
};

}  // namespace kiln::detail
