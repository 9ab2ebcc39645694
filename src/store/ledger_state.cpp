#include "store/ledger_state.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace kiln::store {
namespace {

template <class Body>
void insert_sorted(std::vector<LedgerState::Numbered<Body>>& list, const Entry& entry, const Body& body) {
  const auto at = std::lower_bound(list.begin(), list.end(), entry.number,
                                   [](const auto& item, EntryNumber number) { return item.number < number; });
  list.insert(at, {entry.number, entry.epoch, body});
}

bool is_lost(const LostSegments* lost, const SegmentFile& segment) {
  return lost != nullptr && lost->contains(segment.file);
}

// The units whose results are in the entry itself.
schedule::IntervalSet own_units(const CommitEntry& commit) {
  schedule::IntervalSet units = commit.done;
  for (const SegmentFile& segment : commit.segments) units.erase(segment.units);
  return units;
}

bool overlap(const schedule::IntervalSet& a, const schedule::IntervalSet& b) {
  const auto intervals = b.intervals();
  return std::any_of(intervals.begin(), intervals.end(), [&](Interval interval) { return a.overlaps(interval); });
}

}  // namespace

void LedgerBuilder::begin_round(std::uint32_t round) {
  state_.round = round;
  state_.done.clear();
  state_.refused.clear();
  state_.plan.reset();
  state_.end.reset();
  wholes_ = 0;
  dead_.clear();
  reopened_.clear();
  given_.clear();
}

void LedgerBuilder::add(const Entry& entry) {
  if (const auto* source = std::get_if<SourceEntry>(&entry.body)) return insert_sorted(state_.sources, entry, *source);
  if (const auto* epoch = std::get_if<EpochEntry>(&entry.body)) return insert_sorted(state_.epochs, entry, *epoch);
  if (const auto* end = std::get_if<EndEntry>(&entry.body)) return insert_sorted(state_.ends, entry, *end);
  if (const auto* root = std::get_if<RootEntry>(&entry.body)) return state_.roots.push_back(*root);
  const auto* commit = std::get_if<CommitEntry>(&entry.body);
  const auto* reopen = std::get_if<ReopenEntry>(&entry.body);
  const auto* plan = std::get_if<PlanEntry>(&entry.body);
  const auto* stage_end = std::get_if<StageEndEntry>(&entry.body);
  const auto* given = std::get_if<GivenEntry>(&entry.body);
  const bool known =
      commit != nullptr || reopen != nullptr || plan != nullptr || stage_end != nullptr || given != nullptr;
  if (!known || entry.stage != stage_ || entry.round < state_.round) return;
  if (entry.round > state_.round) begin_round(entry.round);
  if (commit != nullptr) add_commit(entry, *commit);
  if (reopen != nullptr) reopened_.emplace_back(entry.number, reopen->units);
  if (given != nullptr) given_.emplace_back(entry.number, given->units);
  if (plan != nullptr && (!state_.plan || state_.plan->number < entry.number)) {
    state_.plan = {entry.number, entry.epoch, *plan};
  }
  if (stage_end != nullptr && (!state_.end || state_.end->number < entry.number)) {
    state_.end = {entry.number, entry.epoch, *stage_end};
  }
}

void LedgerBuilder::add_commit(const Entry& entry, const CommitEntry& commit) {
  for (const CommitEntry::Dead& dead : commit.dead) {
    dead_.emplace(dead.letter.unit, dead)->second.number = dead.number == EntryNumber() ? entry.number : dead.number;
  }
  if (commit.segments.empty() && !commit.has_partials && commit.wholes.empty()) {
    state_.done.insert(commit.done);
    return;
  }
  state_.done.insert(plain_units(commit));
  for (const CommitEntry::Whole& whole : wholes_of(commit, 0)) add_whole(whole.units);
  for (const SegmentFile& segment : commit.segments) {
    if (!is_lost(lost_, segment)) add_whole(segment.units);
  }
}

void LedgerBuilder::add_whole(const schedule::IntervalSet& units) {
  const std::uint64_t ordinal = wholes_++;
  if (overlap(state_.done, units)) {
    state_.refused.insert(ordinal);
  } else {
    state_.done.insert(units);
  }
}

bool LedgerBuilder::is_over(const LedgerState& state) const {
  if (!state.plan || !state.end || state.end->number < state.plan->number) return false;
  if (std::any_of(reopened_.begin(), reopened_.end(),
                  [&](const auto& reopened) { return state.end->number < reopened.first; })) {
    return false;
  }
  schedule::IntervalSet settled = state.done;
  for (const auto& [unit, dead] : state.dead) settled.insert(single(unit));
  return settled.contains(make_interval(0, state.plan->body.units)) || state.plan->body.units == 0;
}

schedule::IntervalSet LedgerBuilder::given(const LedgerState& state) const {
  schedule::IntervalSet open;
  if (given_.empty()) return open;
  std::vector<std::pair<EntryNumber, EntryNumber>> released;  // of launches: first epoch, end
  for (const auto& end : state_.ends) {
    const auto began = std::ranges::find(state_.epochs, end.body.launch_id,
                                         [](const auto& epoch) -> const auto& { return epoch.body.launch_id; });
    if (releases_given(end.body) && began != state_.epochs.end()) released.emplace_back(began->number, end.number);
  }
  for (const auto& [number, units] : given_) {
    const auto is_released = [at = number](const auto& launch) { return launch.first < at && at < launch.second; };
    if (std::ranges::any_of(released, is_released)) continue;
    schedule::IntervalSet standing = units;
    for (const auto& [at, reopened] : reopened_) {
      if (number < at) standing.erase(reopened);
    }
    open.insert(standing);
  }
  open.erase(state.done);
  for (const auto& [unit, dead] : state.dead) open.erase(single(unit));
  return open;
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
  result.given = given(result);
  if (result.end && !is_over(result)) result.end.reset();
  return result;
}

bool releases_given(const EndEntry& end) {
  return end.outcome != protocol::Outcome::storage && end.outcome != protocol::Outcome::fault;
}

schedule::IntervalSet plain_units(const CommitEntry& commit) {
  if (commit.has_partials && commit.wholes.empty()) return {};
  schedule::IntervalSet units = own_units(commit);
  for (const CommitEntry::Whole& whole : commit.wholes) units.erase(whole.units);
  return units;
}

std::vector<CommitEntry::Whole> wholes_of(const CommitEntry& commit, std::uint64_t partials) {
  if (!commit.wholes.empty() || !commit.has_partials) return commit.wholes;
  return {{own_units(commit), partials}};
}

void RowResolver::take_plain(const schedule::IntervalSet& units, Taken& taken) {
  for (const Interval& interval : units.intervals()) taken.units.insert(claimed_.missing(interval));
  claimed_.insert(taken.units);
}

void RowResolver::take_wholes(const std::vector<CommitEntry::Whole>& wholes, Taken& taken) {
  std::uint64_t partial = 0;
  for (const CommitEntry::Whole& whole : wholes) {
    const bool refused = state_.refused.contains(wholes_++);
    for (const std::uint64_t end = partial + whole.partials; partial < end; ++partial) {
      if (refused) taken.skip.push_back(partial);
    }
    if (refused) continue;
    taken.units.insert(whole.units);
    claimed_.insert(whole.units);
  }
}

Taken RowResolver::take_all(const Entry& entry) {
  Taken taken;
  const auto* commit = std::get_if<CommitEntry>(&entry.body);
  if (commit == nullptr || entry.stage != stage_ || entry.round != state_.round) return taken;
  take_plain(plain_units(*commit), taken);
  taken.partials = commit->has_partials;
  if (commit->has_partials && commit->wholes.empty()) {
    taken.partials = !state_.refused.contains(wholes_);
  }
  take_wholes(wholes_of(*commit, 0), taken);
  for (const CommitEntry::Dead& dead : commit->dead) {
    const auto standing = state_.dead.find(dead.letter.unit);
    const EntryNumber number = dead.number == EntryNumber() ? entry.number : dead.number;
    if (standing != state_.dead.end() && standing->second.number == number) {
      taken.units.insert(single(dead.letter.unit));
    }
  }
  for (const SegmentFile& segment : commit->segments) {
    if (is_lost(lost_, segment) || state_.refused.contains(wholes_++)) continue;
    taken.segments.push_back(segment);
    claimed_.insert(segment.units);
  }
  return taken;
}

std::uint64_t LedgerState::launches() const {
  std::set<std::string_view> names;
  for (const auto& epoch : epochs) names.insert(epoch.body.launch_id);
  return names.size();
}

}  // namespace kiln::store
