#include "store/ledger_state.hpp"

#include <algorithm>
#include <utility>

namespace kiln::store {
namespace {

template <class Body>
void insert_sorted(std::vector<LedgerState::Numbered<Body>>& list, const Entry& entry, const Body& body) {
  const auto at = std::lower_bound(list.begin(), list.end(), entry.number,
                                   [](const auto& item, EntryNumber number) { return item.number < number; });
  list.insert(at, {entry.number, entry.epoch, body});
}

}  // namespace

void LedgerBuilder::begin_round(std::uint32_t round) {
  state_.round = round;
  state_.done.clear();
  dead_.clear();
  reopened_.clear();
}

void LedgerBuilder::add(const Entry& entry) {
  if (const auto* source = std::get_if<SourceEntry>(&entry.body)) return insert_sorted(state_.sources, entry, *source);
  if (const auto* epoch = std::get_if<EpochEntry>(&entry.body)) return insert_sorted(state_.epochs, entry, *epoch);
  if (const auto* end = std::get_if<EndEntry>(&entry.body)) return insert_sorted(state_.ends, entry, *end);
  const auto* commit = std::get_if<CommitEntry>(&entry.body);
  const auto* reopen = std::get_if<ReopenEntry>(&entry.body);
  if ((commit == nullptr && reopen == nullptr) || entry.stage != stage_ || entry.round < state_.round) return;
  if (entry.round > state_.round) begin_round(entry.round);
  if (commit != nullptr) {
    state_.done.insert(commit->done);
    for (const CommitEntry::Dead& dead : commit->dead) {
      dead_.emplace(dead.letter.unit, dead)->second.number = dead.number == EntryNumber() ? entry.number : dead.number;
    }
  } else {
    reopened_.emplace_back(entry.number, reopen->units);
  }
}

LedgerState LedgerBuilder::state() const {
  LedgerState result = state_;
  for (const auto& [unit, dead] : dead_) {
    if (result.done.contains(unit)) continue;
    const bool withdrawn =
        std::any_of(reopened_.begin(), reopened_.end(), [unit = unit, number = dead.number](const auto& reopened) {
          return number < reopened.first && reopened.second.contains(unit);
        });
    if (withdrawn) continue;
    const auto [standing, is_new] = result.dead.try_emplace(unit, dead);
    if (!is_new && dead.number < standing->second.number) standing->second = dead;
  }
  return result;
}

schedule::IntervalSet RowResolver::take(const Entry& entry) {
  schedule::IntervalSet units;
  const auto* commit = std::get_if<CommitEntry>(&entry.body);
  if (commit == nullptr || entry.stage != stage_ || entry.round != state_.round) return units;
  for (const Interval& interval : commit->done.intervals()) units.insert(claimed_.missing(interval));
  claimed_.insert(units);
  for (const CommitEntry::Dead& dead : commit->dead) {
    const auto standing = state_.dead.find(dead.letter.unit);
    const EntryNumber number = dead.number == EntryNumber() ? entry.number : dead.number;
    if (standing != state_.dead.end() && standing->second.number == number) units.insert(single(dead.letter.unit));
  }
  return units;
}

}  // namespace kiln::store
