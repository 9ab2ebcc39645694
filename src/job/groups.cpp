#include "job/groups.hpp"

#include "job/clock.hpp"
#include "protocol/succession.hpp"

#include <utility>

namespace kiln::job {
namespace {

// Where nobody is declared dead, nobody who makes a group is given up.
constexpr Duration kWithoutHeartbeat = std::chrono::hours(24);

}  // namespace

Groups::Groups(CoordinatorLoop& loop, net::Collectives& collectives, Rank self, Epoch epoch, Duration patience)
    : loop_(loop),
      collectives_(collectives),
      self_(self),
      regrouping_(self, epoch, patience == Duration::zero() ? kWithoutHeartbeat : patience, *this) {
  changed();
}

void Groups::changed() { regrouping_.living(loop_.others()); }

void Groups::hear(Rank from, const protocol::Grouped& grouped) { regrouping_.on_message(from, grouped, now()); }

protocol::CoordinatorPort::CanJoin Groups::can_join() const {
  using CanJoin = protocol::CoordinatorPort::CanJoin;
  if (usable()) return CanJoin::yes;
  return wanted_ && regrouping_.may_come() ? CanJoin::soon : CanJoin::no;
}

void Groups::turn(bool free) {
  if (!needed()) return;
  if (making_) {
    const auto made = collectives_.group_made();
    if (made) {
      making_ = false;
      regrouping_.on_made(*made);
    }
  }
  if (const auto wake = regrouping_.next_wake(); wake && now() >= *wake) regrouping_.on_tick(now());
  if (wanted_ && free) regrouping_.begin();
  if (std::exchange(may_come_, regrouping_.may_come()) && !may_come_) loop_.look_again();
}

void Groups::make(const protocol::Group& group) {
  collectives_.begin_group(protocol::ranks_of(group.members), self_, group.number);
  making_ = true;
}

}  // namespace kiln::job
