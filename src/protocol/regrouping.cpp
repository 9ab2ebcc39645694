#include "protocol/regrouping.hpp"

#include "protocol/succession.hpp"

#include <algorithm>
#include <utility>

namespace kiln::protocol {

Regrouping::Regrouping(Rank self, Epoch epoch, Duration patience, RegroupingPort& port)
    : self_(self),
      last_number_((std::uint64_t{epoch.value()} + 1) * kMostInAReign - 1),
      number_(std::uint64_t{epoch.value()} * kMostInAReign),
      patience_(patience),
      port_(port) {}

void Regrouping::living(std::vector<Rank> others) {
  others_ = std::move(others);
  at_ = At::none;
  tries_ = 0;
}

bool Regrouping::may_come() const {
  if (at_ != At::none) return at_ != At::made;
  return tries_ < kMostTries && !others_.empty() && number_ < last_number_;
}

void Regrouping::begin() {
  if (at_ != At::none || !may_come()) return;
  ++tries_;
  ++number_;
  at_ = At::told;
  awaited_ = {others_.begin(), others_.end()};
  std::vector<Rank> members = others_;
  members.push_back(self_);
  std::ranges::sort(members);
  for (const Rank rank : others_) port_.send(rank, Group{number_, living_of(members)});
}

void Regrouping::on_message(Rank from, const Grouped& message, Instant now) {
  if (message.number != number_) return;
  switch (message.step) {
    case Grouped::Step::heard:
      return heard(from, now);
    case Grouped::Step::made:
      return has(from);
    case Grouped::Step::failed:
      return fail();
  }
}

void Regrouping::heard(Rank from, Instant now) {
  if (at_ != At::told) return;
  awaited_.erase(from);
  if (!awaited_.empty()) return;
  at_ = At::making;
  until_ = now + patience_;
  awaited_ = {others_.begin(), others_.end()};
  awaited_.insert(self_);
  for (const Rank rank : others_) port_.send(rank, MakeGroup{number_});
  std::vector<Rank> members = {awaited_.begin(), awaited_.end()};
  port_.make({number_, living_of(members)});
}

void Regrouping::on_made(bool good) { good ? has(self_) : fail(); }

void Regrouping::has(Rank rank) {
  if (at_ != At::making) return;
  awaited_.erase(rank);
  if (awaited_.empty()) at_ = At::made;
}

// Ranks that have it are told of another one, or never use it.
void Regrouping::fail() {
  if (at_ == At::making) at_ = At::none;
}

void Regrouping::on_tick(Instant now) {
  if (at_ == At::making && now >= until_) fail();
}

}  // namespace kiln::protocol
