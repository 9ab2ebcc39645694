#include "schedule/unit_queue.hpp"

#include <kiln/detail/place.hpp>

#include <algorithm>
#include <utility>

namespace kiln::schedule {

UnitQueue::UnitQueue(const IntervalSet& units, QueueOptions options, std::vector<Rank> workers)
    : options_(std::move(options)), workers_(std::move(workers)), count_(units.count()) {
  for (const PriorityClass& one : options_.priorities) priorities_.set(one.interval, one.priority);
  std::map<std::int32_t, IntervalSet> by_priority;
  for (const auto& [first, priority] : priorities_.steps()) by_priority.try_emplace(priority);
  for (const Interval& interval : units.intervals()) {
    priorities_.for_each_piece(interval,
                               [&](std::int32_t priority, Interval piece) { by_priority[priority].insert(piece); });
  }
  for (auto& [priority, set] : by_priority) {
    Class& one = classes_[priority];
    if (!set.empty()) waiting_.insert(priority);
    if (options_.order == Order::listed) {
      one.listed = std::move(set);
    } else {
      one.home.emplace(std::move(set), workers_, options_.direction, options_.dyadic);
    }
  }
}

Interval UnitQueue::trim(Interval interval, std::uint64_t size) const {
  if (size >= interval.size()) return interval;
  const std::uint64_t least = options_.dyadic ? size - size / 2 : size;
  if (options_.direction == Direction::ascending) {
    const std::uint64_t first = interval.first.value();
    return {interval.first, UnitId(detail::most_aligned(first + least, first + size))};
  }
  const std::uint64_t last = interval.last.value();
  return {UnitId(detail::most_aligned(last - size, last - least)), interval.last};
}

Interval UnitQueue::candidate(const IntervalSet& units, std::uint64_t most) const {
  const auto end = options_.direction == Direction::ascending ? units.front() : units.back();
  return trim(*end, std::max<std::uint64_t>(most, 1));
}

std::optional<Interval> UnitQueue::take(Rank worker, std::uint64_t most) { return take_cut(worker, most, nullptr); }

std::optional<Interval> UnitQueue::take(Rank worker, std::uint64_t most, std::uint64_t bytes,
                                        const std::function<std::uint64_t(UnitId)>& bytes_of) {
  if (!bytes_of) return take_cut(worker, most, nullptr);
  const Cut cut = [&](Interval interval) {
    std::uint64_t fit = 0;
    std::uint64_t sum = 0;
    while (fit < interval.size()) {
      const std::uint64_t unit =
          options_.direction == Direction::ascending ? interval.first.value() + fit : interval.last.value() - 1 - fit;
      const std::uint64_t size = bytes_of(UnitId(unit));
      if (size > bytes || sum > bytes - size) break;
      sum += size;
      ++fit;
    }
    return fit;
  };
  return take_cut(worker, most, &cut);
}

std::optional<Interval> UnitQueue::take_cut(Rank worker, std::uint64_t most, const Cut* cut) {
  if (waiting_.empty()) return std::nullopt;
  const std::int32_t priority = *waiting_.rbegin();
  Class& one = classes_.at(priority);
  Interval taken = candidate(one.home ? one.home->share(worker) : one.listed, most);
  if (cut != nullptr) taken = trim(taken, std::max<std::uint64_t>((*cut)(taken), 1));
  if (one.home) {
    one.home->remove(worker, taken);
  } else {
    one.listed.erase(taken);
  }
  if (one.home ? one.home->empty() : one.listed.empty()) waiting_.erase(priority);
  count_ -= taken.size();
  return taken;
}

void UnitQueue::put_back(Interval interval) {
  if (interval.empty()) return;
  priorities_.for_each_piece(interval, [&](std::int32_t priority, Interval piece) {
    Class& one = classes_.at(priority);
    const std::uint64_t before = one.home ? one.home->count() : one.listed.count();
    if (one.home) {
      one.home->put_back(piece);
    } else {
      one.listed.insert(piece);
    }
    count_ += (one.home ? one.home->count() : one.listed.count()) - before;
    waiting_.insert(priority);
  });
}

}  // namespace kiln::schedule
