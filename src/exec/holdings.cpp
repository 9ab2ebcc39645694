#include "exec/holdings.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kiln::exec {
namespace {

std::size_t bytes_of(const std::vector<std::unique_ptr<Harvest>>& harvests) {
  std::size_t bytes = 0;
  for (const auto& harvest : harvests) bytes += harvest->bytes();
  return bytes;
}

bool nothing_but_joinable(const HeldResults& results) {
  return results.rows.empty() &&
         std::all_of(results.harvests.begin(), results.harvests.end(), [](const auto& one) { return one->joinable(); });
}

template <class T>
void move_all(std::vector<T>& from, std::vector<T>& to) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
  from.clear();
}

}  // namespace

void Holdings::add(HeldResults results, Join join) {
  std::vector<std::unique_ptr<Harvest>> before;
  {
    const std::lock_guard lock(mutex_);
    adding_ = true;
    joinable_ = joinable_ && nothing_but_joinable(results);
    largest_part_ = std::max(largest_part_, results.bytes);
    if (join == Join::now && !results.harvests.empty()) before = std::exchange(held_.harvests, {});
  }
  added_ = std::move(results);
  added_.bytes -= std::min(added_.bytes, bytes_of(added_.harvests));
  if (before.empty()) return;
  move_all(added_.harvests, before);
  try {
    for (std::size_t i = 1; i < before.size(); ++i) before.front()->absorb(*before[i]);
  } catch (...) {
    lose();
    throw;
  }
  std::unique_ptr<Harvest> spare = before.size() > 1 ? std::move(before.back()) : nullptr;
  before.resize(1);
  added_.harvests = std::move(before);
  const std::lock_guard lock(mutex_);
  spare_ = std::move(spare);
}

std::unique_ptr<Harvest> Holdings::take_spare() {
  const std::lock_guard lock(mutex_);
  return std::move(spare_);
}

// A value that was joined in part is none: its units are given up, and with them their rows.
void Holdings::lose() {
  const std::lock_guard lock(mutex_);
  held_ = {};
  added_ = {};
  adding_ = false;
  joinable_ = true;
}

void Holdings::publish() {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(adding_, false)) return;
  held_.units.insert(added_.units);
  move_all(added_.rows, held_.rows);
  move_all(added_.harvests, held_.harvests);
  held_.bytes += std::exchange(added_.bytes, 0);
  added_.units.clear();
}

Holdings::Taken Holdings::take(HeldResults& results) {
  const std::lock_guard lock(mutex_);
  const Taken taken = take_held(results);
  if (taken == Taken::all) taken_bytes_ += results.bytes + bytes_of(results.harvests);
  return taken;
}

Holdings::Taken Holdings::hand_over(HeldResults& results) {
  const std::lock_guard lock(mutex_);
  spare_.reset();
  return take_held(results);
}

// With the lock.
Holdings::Taken Holdings::take_held(HeldResults& results) {
  if (adding_) return Taken::later;
  if (held_.units.empty()) return Taken::nothing;
  results = std::exchange(held_, {});
  joinable_ = true;
  return Taken::all;
}

void Holdings::written() {
  const std::lock_guard lock(mutex_);
  taken_bytes_ = 0;
}

void Holdings::failed(HeldResults results) {
  const std::lock_guard lock(mutex_);
  taken_bytes_ = 0;
  joinable_ = false;  // what could not be written is to be written
  hold_again(std::move(results));
}

void Holdings::take_back(HeldResults results) {
  if (results.units.empty()) return;
  const std::lock_guard lock(mutex_);
  joinable_ = joinable_ && nothing_but_joinable(results);
  hold_again(std::move(results));
}

// With the lock.
void Holdings::hold_again(HeldResults results) {
  held_.units.insert(results.units);
  move_all(results.rows, held_.rows);
  move_all(results.harvests, held_.harvests);
  held_.bytes += results.bytes;
}

std::size_t Holdings::bytes() const {
  const std::lock_guard lock(mutex_);
  return held_.bytes + bytes_of(held_.harvests) + taken_bytes_;
}

bool Holdings::joinable() const {
  const std::lock_guard lock(mutex_);
  return joinable_;
}

std::size_t Holdings::largest_part() const {
  const std::lock_guard lock(mutex_);
  return largest_part_;
}

}  // namespace kiln::exec
