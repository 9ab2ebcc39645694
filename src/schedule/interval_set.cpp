#include "schedule/interval_set.hpp"

#include <algorithm>
#include <iterator>

namespace kiln::schedule {

std::uint64_t IntervalSet::insert(Interval interval) {
  if (interval.empty()) return 0;
  std::uint64_t first = interval.first.value();
  std::uint64_t last = interval.last.value();
  std::uint64_t covered = 0;
  auto it = starts_.upper_bound(first);
  if (it != starts_.begin() && std::prev(it)->second >= first) --it;
  if (it == starts_.end() || it->first > last) {
    starts_.emplace_hint(it, first, last);
    count_ += last - first;
    return last - first;
  }
  while (it != starts_.end() && it->first <= last) {
    const std::uint64_t overlap_first = std::max(it->first, interval.first.value());
    const std::uint64_t overlap_last = std::min(it->second, interval.last.value());
    if (overlap_last > overlap_first) covered += overlap_last - overlap_first;
    first = std::min(first, it->first);
    last = std::max(last, it->second);
    // The node whose start stays is kept: appending to an interval costs no allocation.
    if (it->first == first && (std::next(it) == starts_.end() || std::next(it)->first > last)) {
      it->second = last;
      count_ += interval.size() - covered;
      return interval.size() - covered;
    }
    it = starts_.erase(it);
  }
  starts_.emplace_hint(it, first, last);
  count_ += interval.size() - covered;
  return interval.size() - covered;
}

std::uint64_t IntervalSet::insert(const IntervalSet& other) {
  std::uint64_t added = 0;
  if (this == &other) return added;
  for (const auto& [first, last] : other.starts_) added += insert(make_interval(first, last));
  return added;
}

std::uint64_t IntervalSet::erase(Interval interval) {
  if (interval.empty()) return 0;
  const std::uint64_t first = interval.first.value();
  const std::uint64_t last = interval.last.value();
  std::uint64_t removed = 0;
  auto it = starts_.upper_bound(first);
  if (it != starts_.begin() && std::prev(it)->second > first) --it;
  while (it != starts_.end() && it->first < last) {
    const std::uint64_t old_first = it->first;
    const std::uint64_t old_last = it->second;
    removed += std::min(old_last, last) - std::max(old_first, first);
    if (old_first < first) {
      it->second = first;
      ++it;
    } else {
      it = starts_.erase(it);
    }
    if (old_last > last) {
      starts_.emplace_hint(it, last, old_last);
      break;
    }
  }
  count_ -= removed;
  return removed;
}

std::uint64_t IntervalSet::erase(const IntervalSet& other) {
  std::uint64_t removed = 0;
  if (this == &other) {
    removed = count_;
    clear();
    return removed;
  }
  for (const auto& [first, last] : other.starts_) removed += erase(make_interval(first, last));
  return removed;
}

bool IntervalSet::contains(UnitId unit) const {
  const auto it = starts_.upper_bound(unit.value());
  return it != starts_.begin() && std::prev(it)->second > unit.value();
}

bool IntervalSet::contains(Interval interval) const {
  if (interval.empty()) return true;
  const auto it = starts_.upper_bound(interval.first.value());
  return it != starts_.begin() && std::prev(it)->second >= interval.last.value();
}

bool IntervalSet::overlaps(Interval interval) const {
  if (interval.empty()) return false;
  const auto it = starts_.lower_bound(interval.last.value());
  return it != starts_.begin() && std::prev(it)->second > interval.first.value();
}

void IntervalSet::clear() {
  starts_.clear();
  count_ = 0;
}

std::optional<Interval> IntervalSet::front() const {
  if (starts_.empty()) return std::nullopt;
  return make_interval(starts_.begin()->first, starts_.begin()->second);
}

std::optional<Interval> IntervalSet::back() const {
  if (starts_.empty()) return std::nullopt;
  return make_interval(starts_.rbegin()->first, starts_.rbegin()->second);
}

std::optional<Interval> IntervalSet::take_front(std::uint64_t most) {
  if (starts_.empty() || most == 0) return std::nullopt;
  const auto it = starts_.begin();
  const std::uint64_t size = std::min(most, it->second - it->first);
  const Interval taken = make_interval(it->first, it->first + size);
  if (taken.last.value() == it->second) {
    starts_.erase(it);
  } else {
    auto node = starts_.extract(it);
    node.key() = taken.last.value();
    starts_.insert(starts_.begin(), std::move(node));
  }
  count_ -= size;
  return taken;
}

std::optional<Interval> IntervalSet::take_back(std::uint64_t most) {
  if (starts_.empty() || most == 0) return std::nullopt;
  const auto it = std::prev(starts_.end());
  const std::uint64_t size = std::min(most, it->second - it->first);
  const Interval taken = make_interval(it->second - size, it->second);
  if (taken.first.value() == it->first) {
    starts_.erase(it);
  } else {
    it->second = taken.first.value();
  }
  count_ -= size;
  return taken;
}

IntervalSet IntervalSet::intersection(Interval within) const {
  IntervalSet result;
  if (within.empty()) return result;
  auto it = starts_.upper_bound(within.first.value());
  if (it != starts_.begin()) --it;
  for (; it != starts_.end() && it->first < within.last.value(); ++it) {
    result.insert(intersect(make_interval(it->first, it->second), within));
  }
  return result;
}

IntervalSet IntervalSet::missing(Interval within) const {
  IntervalSet result;
  if (within.empty()) return result;
  std::uint64_t next = within.first.value();
  auto it = starts_.upper_bound(next);
  if (it != starts_.begin()) --it;
  for (; it != starts_.end() && it->first < within.last.value(); ++it) {
    if (it->first > next) result.insert(make_interval(next, it->first));
    next = std::max(next, it->second);
  }
  if (next < within.last.value()) result.insert(make_interval(next, within.last.value()));
  return result;
}

std::vector<Interval> IntervalSet::intervals() const {
  std::vector<Interval> result;
  result.reserve(starts_.size());
  for (const auto& [first, last] : starts_) result.push_back(make_interval(first, last));
  return result;
}

}  // namespace kiln::schedule
