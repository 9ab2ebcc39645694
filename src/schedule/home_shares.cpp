#include "schedule/home_shares.hpp"

#include <kiln/detail/place.hpp>

#include <algorithm>
#include <iterator>

namespace kiln::schedule {
namespace {

constexpr Rank kNobody{-1};

std::pair<std::uint64_t, std::int64_t> size_key(Rank owner, std::uint64_t units) {
  return {units, -std::int64_t{owner.value()}};
}

}  // namespace

HomeShares::HomeShares(IntervalSet units, const std::vector<Rank>& workers, Direction direction, bool dyadic)
    : direction_(direction), dyadic_(dyadic) {
  const std::uint64_t people = std::max<std::uint64_t>(workers.size(), 1);
  const std::uint64_t each = units.count() / people;
  const std::uint64_t with_one_more = units.count() % people;
  std::uint64_t dealt = 0;
  borders_.emplace(0, workers.empty() ? kNobody : workers.front());
  for (std::uint64_t i = 0; i < people && !units.empty(); ++i) {
    const Rank owner = workers.empty() ? kNobody : workers[i];
    const std::uint64_t target = (i + 1) * each + std::min(i + 1, with_one_more);
    if (i > 0) borders_.insert_or_assign(units.front()->first.value(), owner);
    while (dealt < target) {
      Interval piece = *units.front();
      const bool is_last = piece.size() > target - dealt;
      if (is_last) piece.last = cut(piece, piece.first.value() + (target - dealt), each / 32);
      units.erase(piece);
      dealt += piece.size();
      change(owner, [&](IntervalSet& share) { share.insert(piece); });
      if (is_last) break;
    }
  }
}

/// Where a share is cut: at unit `at`, or, dyadic, at the best border that is at most `slack` from there.
UnitId HomeShares::cut(Interval whole, std::uint64_t at, std::uint64_t slack) const {
  if (!dyadic_) return UnitId(at);
  const std::uint64_t low = std::max(whole.first.value() + 1, at - std::min(at, slack));
  const std::uint64_t high = at + std::min(slack, whole.last.value() - 1 - at);
  return UnitId(detail::most_aligned(low, high));
}

template <class F>
void HomeShares::change(Rank owner, F f) {
  const auto it = shares_.try_emplace(owner).first;
  IntervalSet& share = it->second;
  const std::uint64_t before = share.count();
  f(share);
  const std::uint64_t after = share.count();
  if (before != after) {
    if (before != 0) by_size_.erase(size_key(owner, before));
    if (after != 0) by_size_.insert(size_key(owner, after));
    count_ += after - before;
  }
  if (after == 0) shares_.erase(it);
}

const IntervalSet& HomeShares::share(Rank worker) {
  if (!shares_.contains(worker)) steal(worker);
  return shares_.at(worker);
}

void HomeShares::steal(Rank thief) {
  const Rank victim(static_cast<std::int32_t>(-by_size_.rbegin()->second));
  std::uint64_t wanted = (by_size_.rbegin()->first + 1) / 2;
  IntervalSet stolen;
  const std::uint64_t slack = wanted / 4;
  const bool from_back = direction_ == Direction::ascending;
  change(victim, [&](IntervalSet& share) {
    while (wanted > 0) {
      Interval piece = from_back ? *share.back() : *share.front();
      const bool is_last = piece.size() > wanted;
      if (is_last && from_back) piece.first = cut(piece, piece.last.value() - wanted, slack);
      if (is_last && !from_back) piece.last = cut(piece, piece.first.value() + wanted, slack);
      share.erase(piece);
      stolen.insert(piece);
      wanted = is_last ? 0 : wanted - piece.size();
    }
  });
  change(thief, [&](IntervalSet& share) { share = std::move(stolen); });
}

void HomeShares::remove(Rank worker, Interval units) {
  change(worker, [&](IntervalSet& share) { share.erase(units); });
}

void HomeShares::put_back(Interval units) {
  auto border = std::prev(borders_.upper_bound(units.first.value()));
  for (; border != borders_.end() && border->first < units.last.value(); ++border) {
    const auto next = std::next(border);
    const UnitId end = next == borders_.end() ? units.last : std::min(units.last, UnitId(next->first));
    const Interval piece{std::max(units.first, UnitId(border->first)), end};
    change(border->second, [&](IntervalSet& share) { share.insert(piece); });
  }
}

}  // namespace kiln::schedule
