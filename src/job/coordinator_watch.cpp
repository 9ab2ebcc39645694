#include "job/coordinator_watch.hpp"

#include "base/quantity.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

namespace kiln::job {
namespace {

constexpr int kBeatsADeadline = 4;
constexpr Rank kCoordinator(0);  // its place in members_, whichever rank it is

}  // namespace

CoordinatorWatch::CoordinatorWatch(Link& link, Duration deadline)
    : link_(link),
      deadline_(deadline),
      own_place_(own_place()),
      members_({kCoordinator}, 2 * deadline),
      processes_(link.transport(), own_place_.machine) {}

std::optional<CoordinatorWatch::Gone> CoordinatorWatch::turn(Instant now) {
  if (deadline_ <= Duration::zero() || !link_.heard_at()) return std::nullopt;
  if (introduced_ != link_.stamp() || now - link_.sent_at() >= deadline_ / kBeatsADeadline) {
    introduced_ = link_.stamp();
    link_.send(link_.coordinator(), own_place_);
  }
  const std::vector<Rank> ended = processes_.ended(now);
  if (std::ranges::find(ended, link_.coordinator()) != ended.end()) return Gone{true, "has ended"};
  if (!link_.in_reign()) return std::nullopt;  // it reads its journal, and does not beat meanwhile
  if (!begun_) members_.begin(now);
  begun_ = true;
  if (*link_.heard_at() != heard_at_) {
    heard_at_ = *link_.heard_at();
    members_.heard(kCoordinator, View(1), heard_at_);
  }
  if (const auto wake = members_.next_wake(); !wake || now < *wake) return std::nullopt;
  const auto deaths = members_.on_tick(now);
  if (deaths.empty()) return std::nullopt;
  return Gone{false, fmt::format("gave no sign of life for {}", format_duration(deaths.front().silence))};
}

}  // namespace kiln::job
