#include "protocol/membership.hpp"

#include <algorithm>
#include <utility>

namespace kiln::protocol {
namespace {

constexpr int kTicksADeadline = 8;
constexpr int kBeatsADeadline = 4;
constexpr int kDeadlinesToLeave = 4;  // after which all have left who gave this rank up while it stood still

}  // namespace

Membership::Membership(const std::vector<Rank>& others, Duration deadline)
    : deadline_(deadline), living_(others.size()) {
  for (const Rank rank : others) members_[rank];
}

void Membership::begin(Instant now) {
  ticked_at_ = now;
  for (auto& [rank, member] : members_) member.heard_at = member.sent_at = now;
  earliest_death_ = now + deadline_;
}

void Membership::set_host(Rank rank, std::string host) {
  if (const auto found = members_.find(rank); found != members_.end()) found->second.host = std::move(host);
}

Membership::Heard Membership::heard(Rank from, View view, Instant now) {
  const auto found = members_.find(from);
  if (found == members_.end()) return Heard::old;
  Member& member = found->second;
  if (!member.lives) {
    if (member.gone) return Heard::old;  // the last that its process sent
    last_view_ = last_view_.next();
    member.view = last_view_;
    member.lives = true;
    ++living_;
    member.heard_at = member.sent_at = now;
    return Heard::returned;
  }
  member.heard_at = now;
  return view == member.view ? Heard::counts : Heard::old;
}

void Membership::lost_before(Rank rank) {
  const auto found = members_.find(rank);
  if (found != members_.end() && std::exchange(found->second.lives, false)) --living_;
}

void Membership::take_up_anew(Rank rank) {
  const auto found = members_.find(rank);
  if (found != members_.end()) found->second.view = last_view_ = last_view_.next();
}

void Membership::gone(Rank rank) {
  const auto found = members_.find(rank);
  if (found == members_.end() || std::exchange(found->second.gone, true)) return;
  if (found->second.lives) gone_.insert(rank);
}

// Who says that a process has ended, lives beside it. A node's ranks fall silent at one time, but were heard last up to
// two beats apart; who fell silent long before is another death.
bool Membership::alone(Rank rank, const Member& member, Instant now) const {
  if (stood_still_ && now - *stood_still_ < kDeadlinesToLeave * deadline_) return false;
  if (member.gone || member.host.empty()) return true;
  return std::none_of(members_.begin(), members_.end(), [&](const auto& other) {
    const Duration silence = now - other.second.heard_at;
    return other.first != rank && other.second.host == member.host && !other.second.gone && silence >= deadline_ / 2 &&
           silence < deadline_ * 3 / 2;
  });
}

std::vector<Membership::Death> Membership::on_tick(Instant now) {
  const Duration pause = now - std::exchange(ticked_at_, now);
  if (deadline_ > Duration::zero() && pause > deadline_ / 4) {
    for (auto& [rank, member] : members_) member.heard_at = std::min(member.heard_at + pause, now);
    if (pause > deadline_) stood_still_ = now;
  }
  std::vector<Death> deaths;
  for (const auto& [rank, member] : members_) {
    const Duration silence = now - member.heard_at;
    const bool silent = deadline_ > Duration::zero() && silence >= deadline_;
    if (member.lives && (silent || member.gone)) deaths.push_back({rank, alone(rank, member, now), silence});
  }
  for (const Death& death : deaths) {
    members_.at(death.rank).lives = false;
    gone_.erase(death.rank);
    --living_;
  }
  earliest_death_ = now + deadline_;
  for (const auto& [rank, member] : members_) {
    if (member.lives) earliest_death_ = std::min(earliest_death_, member.heard_at + deadline_);
  }
  return deaths;
}

void Membership::sent(Rank to, Instant now) {
  if (const auto found = members_.find(to); found != members_.end()) found->second.sent_at = now;
}

std::vector<Rank> Membership::beats_due(Instant now) {
  std::vector<Rank> due;
  if (deadline_ <= Duration::zero()) return due;
  for (auto& [rank, member] : members_) {
    if (!member.lives || now - member.sent_at < deadline_ / kBeatsADeadline) continue;
    member.sent_at = now;
    due.push_back(rank);
  }
  return due;
}

std::optional<Instant> Membership::next_wake() const {
  if (!gone_.empty()) return ticked_at_;
  if (deadline_ <= Duration::zero() || members_.empty()) return std::nullopt;
  return std::min(ticked_at_ + deadline_ / kTicksADeadline, earliest_death_);
}

bool Membership::lives(Rank rank) const {
  const auto found = members_.find(rank);
  return found != members_.end() && found->second.lives;
}

View Membership::view(Rank rank) const {
  const auto found = members_.find(rank);
  return found == members_.end() ? View(1) : found->second.view;
}

}  // namespace kiln::protocol
