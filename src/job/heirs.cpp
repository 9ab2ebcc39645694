#include "job/heirs.hpp"

#include "job/clock.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kiln::job {
namespace {

constexpr int kWordsADeadline = 4;

}  // namespace

Heirs::Heirs(Link& link, Duration deadline)
    : link_(link),
      deadline_(deadline),
      succession_(link.transport().rank(), link.transport().size(), link.coordinator(), deadline),
      processes_(link.transport(), own_place().machine) {}

void Heirs::hear(const protocol::Message& message) {
  const auto* const living = std::get_if<protocol::Living>(&message);
  if (living == nullptr) return;
  succession_.living(*living);
  told_living_ = protocol::ranks_of(*living);
}

std::vector<Rank> Heirs::lost_since() const {
  const std::vector<Rank> heirs = succession_.heirs();
  std::vector<Rank> lost;
  std::ranges::set_difference(told_living_, heirs, std::back_inserter(lost));
  std::erase(lost, link_.coordinator());
  return lost;
}

void Heirs::hear_peer(Rank from, const protocol::Message& message) {
  if (const auto* place = std::get_if<protocol::Beat>(&message)) {
    places_[from] = *place;
    processes_.watch(from, *place);
  } else if (std::holds_alternative<protocol::Candidate>(message)) {
    succession_.candidate(from, job::now());
  }
}

void Heirs::coordinator_ended() {
  succession_.gone(link_.coordinator());
  urgent_ = true;
}

void Heirs::follow() {
  succession_.follow(link_.coordinator(), job::now());
  begun_ = true;
}

void Heirs::beaten() { succession_.beaten(job::now()); }

// To all, by the few that come first.
void Heirs::introduce() {
  const Rank self = link_.transport().rank();
  if (std::exchange(introduced_, true) || self.value() > kWatched) return;
  for (std::int32_t rank = 0; rank < link_.transport().size(); ++rank) {
    if (Rank(rank) == self || Rank(rank) == link_.coordinator()) continue;
    link_.send_to_peer(Rank(rank), own_place(), Link::Peer::introduced);
  }
}

void Heirs::say_candidate(Instant now) {
  if (now - said_at_ < deadline_ / kWordsADeadline) return;
  said_at_ = now;
  for (const Rank rank : succession_.heirs()) {
    if (rank != link_.transport().rank()) {
      link_.send_to_peer(rank, protocol::Candidate{}, Link::Peer::of_this_reign);
    }
  }
}

bool Heirs::turn(Instant now) {
  introduce();
  if (!link_.in_reign()) return false;
  if (!std::exchange(begun_, true)) succession_.begin(now);
  if (*link_.heard_at() != heard_at_) {
    heard_at_ = *link_.heard_at();
    succession_.heard(now);
  }
  for (const Rank rank : processes_.ended(now)) {
    succession_.gone(rank);
    link_.transport().forget(rank);
    urgent_ = true;
  }
  if (succession_.taking_over()) {
    say_candidate(now);
    return false;
  }
  const auto wake = succession_.next_wake();
  if (!std::exchange(urgent_, false) && wake && now < *wake) return false;
  if (!succession_.on_tick(now)) return false;
  say_candidate(now);
  return true;
}

}  // namespace kiln::job
