#include "schedule/retry_queue.hpp"

#include <algorithm>
#include <cmath>

namespace kiln::schedule {
namespace {

constexpr Duration kLongestBackoff = std::chrono::minutes(5);

std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}

}  // namespace

void RetryQueue::push(Waiting waiting) {
  const Key key{waiting.since, waiting.unit};
  std::set<Key>& same = by_rank_[waiting.avoid];
  if (same.empty()) {
    heads_.insert({key, waiting.avoid});
  } else if (key < *same.begin()) {
    heads_.erase({*same.begin(), waiting.avoid});
    heads_.insert({key, waiting.avoid});
  }
  same.insert(key);
  waiting_.insert_or_assign(key, waiting);
}

void RetryQueue::remove(Key key, Rank avoid) {
  const auto found = by_rank_.find(avoid);
  std::set<Key>& same = found->second;
  const bool was_head = *same.begin() == key;
  if (was_head) heads_.erase({key, avoid});
  same.erase(key);
  if (same.empty()) {
    by_rank_.erase(found);
  } else if (was_head) {
    heads_.insert({*same.begin(), avoid});
  }
  waiting_.erase(key);
}

std::optional<RetryQueue::Waiting> RetryQueue::take(Rank worker, bool others, Instant now) {
  std::optional<Head> best;
  auto it = heads_.begin();
  if (it != heads_.end() && it->avoid == worker) ++it;
  if (it != heads_.end() && it->key.since <= now) best = *it;
  if (const auto own = by_rank_.find(worker); own != by_rank_.end()) {
    const Head head{*own->second.begin(), worker};
    const bool free = head.key.since <= now && (!others || now - head.key.since >= kHoldBack);
    if (free && (!best || head < *best)) best = head;
  }
  if (!best) return std::nullopt;
  const Waiting result = waiting_.at(best->key);
  remove(best->key, best->avoid);
  return result;
}

std::optional<Instant> RetryQueue::next_wake(Instant now) const {
  std::optional<Instant> wake;
  const auto consider = [&](Instant after, Duration later) {
    const auto it = waiting_.upper_bound(Key{after, UnitId(~std::uint64_t{0})});
    if (it == waiting_.end()) return;
    const Instant at = it->first.since + later;
    if (!wake || at < *wake) wake = at;
  };
  consider(now, Duration::zero());
  consider(now - kHoldBack, kHoldBack);
  return wake;
}

Duration backoff_delay(Duration base, std::uint32_t attempt, std::uint64_t seed, UnitId unit) {
  if (base <= Duration::zero()) return Duration::zero();
  const double most = to_seconds(std::max(base, kLongestBackoff));
  const double doublings = attempt > 2 ? std::min(static_cast<double>(attempt - 2), 64.0) : 0.0;
  const double wait = std::min(to_seconds(base) * std::exp2(doublings), most);
  const std::uint64_t drawn = mix(mix(mix(seed) ^ unit.value()) ^ attempt);
  const double jitter = 0.75 + 0.5 * (static_cast<double>(drawn >> 11U) / 9007199254740992.0);
  return from_seconds(std::min(wait * jitter, 9e9));
}

}  // namespace kiln::schedule
