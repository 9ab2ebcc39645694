#include "schedule/home_shares.hpp"

#include <algorithm>
#include <iterator>

namespace kiln::schedule {
namespace {

constexpr Rank kNobody{-1};

std::pair<std::uint64_t, std::int64_t> size_key(Rank owner, std::uint64_t units) {
  return {units, -std::int64_t{owner.value()}};
}

}  // namespace

HomeShares::HomeShares(IntervalSet units, const std::vector<Rank>& workers, Direction direction)
    : direction_(direction) {
  const std::uint64_t people = std::max<std::uint64_t>(workers.size(), 1);
  const std::uint64_t each = units.count() / people;
  const std::uint64_t with_one_more = units.count() % people;
  borders_.emplace(0, workers.empty() ? kNobody : workers.front());
  for (std::uint64_t i = 0; i < people && !units.empty(); ++i) {
    const Rank owner = workers.empty() ? kNobody : workers[i];
    std::uint64_t wanted = each + (i < with_one_more ? 1 : 0);
    if (i > 0) borders_.insert_or_assign(units.front()->first.value(), owner);
    while (wanted > 0) {
      const Interval piece = *units.take_front(wanted);
      wanted -= piece.size();
      change(owner, [&](IntervalSet& share) { share.insert(piece); });
    }
  }
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
  change(victim, [&](IntervalSet& share) {
    while (wanted > 0) {
      const auto piece = direction_ == Direction::ascending ? share.take_back(wanted) : share.take_front(wanted);
      wanted -= piece->size();
      stolen.insert(*piece);
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
