#include "protocol/succession.hpp"

#include <algorithm>
#include <utility>

namespace kiln::protocol {
namespace {

constexpr int kTicksADeadline = 8;

}  // namespace

Succession::Succession(Rank self, std::int32_t ranks, Rank coordinator, Duration deadline)
    : self_(self), ranks_(ranks), coordinator_(coordinator), deadline_(deadline), living_{{Rank(0), Rank(ranks)}} {}

void Succession::begin(Instant now) { silent_since_ = ticked_at_ = now; }

void Succession::heard(Instant now) {
  silent_since_ = now;
  candidate_.reset();
  passed_over_.clear();
  beaten_ = false;
}

void Succession::living(const Living& message) { living_ = message.spans; }

void Succession::gone(Rank rank) { gone_.insert(rank); }

void Succession::candidate(Rank rank, Instant now) {
  if (taking_over_ || rank == self_) return;
  candidate_ = rank;
  passed_over_.erase(rank);
  silent_since_ = now;
}

void Succession::follow(Rank coordinator, Instant now) {
  coordinator_ = coordinator;
  taking_over_ = false;
  heard(now);
}

void Succession::beaten(Instant now) {
  taking_over_ = false;
  candidate_.reset();
  beaten_ = true;
  silent_since_ = now;
}

bool Succession::lives(Rank rank) const {
  if (rank == self_) return true;
  if (rank == coordinator_ || gone_.contains(rank) || passed_over_.contains(rank)) return false;
  return std::ranges::any_of(living_, [rank](const auto& span) { return span.first <= rank && rank < span.last; });
}

std::vector<Rank> Succession::heirs() const {
  std::vector<Rank> heirs;
  for (const Living::Span& span : living_) {
    for (std::int32_t rank = std::max(span.first.value(), 0); rank < std::min(span.last.value(), ranks_); ++rank) {
      if (Rank(rank) == self_ || lives(Rank(rank))) heirs.emplace_back(rank);
    }
  }
  if (!std::ranges::binary_search(heirs, self_)) heirs.insert(std::ranges::lower_bound(heirs, self_), self_);
  return heirs;
}

// A rank that the coordinator had declared dead comes behind all others.
std::int64_t Succession::before_me() const {
  const bool listed =
      std::ranges::any_of(living_, [this](const auto& span) { return span.first <= self_ && self_ < span.last; });
  const std::vector<Rank> all = heirs();
  const auto place = listed ? std::ranges::lower_bound(all, self_) : all.end() - 1;
  return place - all.begin() + (listed ? 0 : self_.value());
}

// How long the silence lasts before it is this rank's turn.
Duration Succession::patience() const {
  const bool known = !candidate_ && !beaten_ && gone_.contains(coordinator_);
  return deadline_ * ((known ? 0 : 1) + before_me());
}

bool Succession::on_tick(Instant now) {
  const Duration pause = now - std::exchange(ticked_at_, now);
  if (deadline_ <= Duration::zero() || taking_over_) return false;
  if (pause > deadline_ / 4) silent_since_ = std::min(silent_since_ + pause, now);
  if (candidate_ && (gone_.contains(*candidate_) || now - silent_since_ >= deadline_)) {
    passed_over_.insert(*candidate_);
    candidate_.reset();
    silent_since_ = now - deadline_;  // whoever is next has waited for it
  }
  if (candidate_ || now - silent_since_ < patience()) return false;
  pass_over_silent(now - silent_since_);
  taking_over_ = true;
  return true;
}

// The k-th has its turn k + 1 deadlines after the coordinator was heard, or before: a deadline later it would have said
// so. Not whose turn may only have come: of a coordinator that is known to have ended, who is on another node knows
// less.
void Succession::pass_over_silent(Duration silence) {
  Duration said_by = 2 * deadline_;
  for (const Rank rank : heirs()) {
    if (rank != self_ && said_by <= silence) passed_over_.insert(rank);
    said_by += deadline_;
  }
}

std::optional<Instant> Succession::next_wake() const {
  if (deadline_ <= Duration::zero() || taking_over_) return std::nullopt;
  const Instant look = ticked_at_ + deadline_ / kTicksADeadline;
  // While all is well this is all: whose turn it is needs a look at all ranks.
  if (look <= silent_since_ + deadline_ && !gone_.contains(coordinator_)) return look;
  return std::min(look, silent_since_ + (candidate_ ? deadline_ : patience()));
}

Living living_of(const std::vector<Rank>& ranks) {
  Living living;
  for (const Rank rank : ranks) {
    if (!living.spans.empty() && living.spans.back().last == rank) {
      living.spans.back().last = rank.next();
    } else {
      living.spans.push_back({rank, rank.next()});
    }
  }
  return living;
}

std::vector<Rank> ranks_of(const Living& living) {
  std::vector<Rank> ranks;
  for (const Living::Span& span : living.spans) {
    for (Rank rank = span.first; rank < span.last; rank = rank.next()) ranks.push_back(rank);
  }
  return ranks;
}

}  // namespace kiln::protocol
