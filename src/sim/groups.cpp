#include "sim/groups.hpp"

#include "protocol/succession.hpp"
#include "sim/violation.hpp"
#include "sim/worker_rank.hpp"

#include <algorithm>

namespace kiln::sim {
namespace {

constexpr double kFails = 0.05;  // of making, with all members there
constexpr double kStuck = 0.5;   // of a member, where another dies after all have come

}  // namespace

Launch::Groups::Groups(Launch& launch, std::uint64_t seed) : launch_(launch), random_(seed) {
  ranks_.resize(launch.presence_.size());
  begin_reign();
  ranks_.assign(launch.presence_.size(), {0, 0});
}

void Launch::Groups::begin_reign() {
  lost_any_ = lost_any_ || launch_.reign_ != 0 || launch_.scenario_.groups_only;
  abandon(root_);  // it is deposed, and leaves
  root_ = launch_.chief_;
  regrouping_.emplace(launch_.chief_, launch_.epoch(), launch_.scenario_.deadline, *this);
  if (lost_any_) changed();
}

void Launch::Groups::changed() {
  if (lost_any_ && launch_.context_.mutation == Mutation::stale_group) return;
  lost_any_ = true;
  abandon(launch_.chief_);
  std::vector<Rank> others;
  for (const auto& one : launch_.workers_) {
    if (launch_.membership_.lives(one->rank()) && one->rank() != launch_.chief_) others.push_back(one->rank());
  }
  regrouping_->living(std::move(others));
}

bool Launch::Groups::includes(Rank rank) const {
  if (!lost_any_) return true;
  const auto found = groups_.find(present());
  return found != groups_.end() && std::ranges::count(found->second.members, rank) != 0;
}

bool Launch::Groups::broken() const {
  for (std::size_t rank = 0; rank < launch_.presence_.size(); ++rank) {
    if (launch_.presence_[rank].killed && includes(Rank(static_cast<std::int32_t>(rank)))) return true;
  }
  return false;
}

void Launch::Groups::begin() {
  if (lost_any_) regrouping_->begin();
}

void Launch::Groups::tick() { regrouping_->on_tick(launch_.now_); }

void Launch::Groups::hear(Rank from, const protocol::Grouped& said) {
  regrouping_->on_message(from, said, launch_.now_);
}

void Launch::Groups::told(Rank rank, const protocol::Group& group) {
  ranks_[launch_.index(rank)].told = group.number;
  groups_[group.number].members = protocol::ranks_of(group.members);
}

void Launch::Groups::make(const protocol::Group& group) {
  told(launch_.chief_, group);
  enter(launch_.chief_, group.number);
}

void Launch::Groups::enter(Rank rank, std::uint64_t number) {
  if (ranks_[launch_.index(rank)].told != number) return;
  ranks_[launch_.index(rank)].has.reset();
  Making& group = groups_.at(number);
  if (std::ranges::count(group.members, rank) == 0) violated("rank {} makes a group without it", rank.value());
  group.in.insert(rank);
  if (group.in.size() != group.members.size()) return;
  for (const Rank member : group.members) {
    const Duration takes = from_seconds(random_.real() * to_seconds(launch_.scenario_.delay_high));
    launch_.events_.put(launch_.now_ + takes, EventKind::group_made, member, number);
  }
}

void Launch::Groups::made(Rank rank, std::uint64_t number) {
  OfRank& one = ranks_[launch_.index(rank)];
  const bool dead = std::ranges::any_of(
      groups_.at(number).members, [this](Rank member) { return launch_.presence_[launch_.index(member)].killed; });
  if (one.told != number || (dead && random_.chance(kStuck))) return;
  const bool good = !random_.chance(kFails);
  if (good) one.has = number;
  if (rank == launch_.chief_) return regrouping_->on_made(good);
  using Step = protocol::Grouped::Step;
  launch_.send_to_coordinator(rank, protocol::Grouped{number, good ? Step::made : Step::failed});
}

}  // namespace kiln::sim
