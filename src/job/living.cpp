#include "job/living.hpp"

#include "job/clock.hpp"

#include <algorithm>

namespace kiln::job {
namespace {

std::vector<Rank> others(const net::Transport& transport, const Inheritance* inheritance) {
  std::vector<Rank> ranks;
  for (std::int32_t rank = 0; rank < transport.size(); ++rank) {
    if (Rank(rank) == transport.rank() || (inheritance != nullptr && Rank(rank) == inheritance->before)) continue;
    ranks.emplace_back(rank);
  }
  return ranks;
}

}  // namespace

Living::Living(const net::Transport& transport, Duration deadline, const Inheritance* inheritance)
    : watches_(deadline > Duration::zero()),
      self_(transport.rank()),
      size_(transport.size()),
      own_place_(job::own_place()),
      members_(others(transport, inheritance), deadline),
      processes_(transport, own_place_.machine),
      lost_any_(inheritance != nullptr) {
  members_.begin(now());
  if (inheritance == nullptr) return;
  for (std::int32_t rank = 0; rank < size_; ++rank) {
    if (!std::ranges::binary_search(inheritance->living, Rank(rank))) members_.lost_before(Rank(rank));
  }
  for (const auto& [rank, place] : inheritance->places) {
    if (members_.lives(rank)) hear(rank, place);
  }
}

std::vector<Rank> Living::ranks() const {
  std::vector<Rank> ranks;
  for (std::int32_t rank = 0; rank < size_; ++rank) {
    if (Rank(rank) == self_ || members_.lives(Rank(rank))) ranks.emplace_back(rank);
  }
  return ranks;
}

void Living::hear(Rank from, const protocol::Beat& place) {
  Death& known = known_[from];
  if (!watches_ || known.pid != 0) return;
  known.host = place.host;
  known.pid = place.pid;
  members_.set_host(from, place.host);
  processes_.watch(from, place);
}

std::vector<Living::Death> Living::look(Instant now) {
  if (!watches_) return {};
  for (const Rank rank : processes_.ended(now)) {
    if (rank == self_) continue;
    known_[rank].ended = true;
    members_.gone(rank);
  }
  const auto wake = members_.next_wake();
  if (!wake || now < *wake) return {};
  std::vector<Death> deaths;
  for (const auto& death : members_.on_tick(now)) {
    Death& one = deaths.emplace_back(known_[death.rank]);
    one.rank = death.rank;
    one.alone = death.alone;
    one.silence = death.silence;
    lost_any_ = true;
  }
  return deaths;
}

}  // namespace kiln::job
