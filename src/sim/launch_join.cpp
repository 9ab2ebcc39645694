#include "sim/groups.hpp"
#include "sim/launch.hpp"

#include "sim/violation.hpp"
#include "sim/worker_rank.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

/// The collective in which workers give what they hold. It takes as long as a message from the last of them.
namespace kiln::sim {

void Launch::join(const protocol::Join&) {
  if (std::exchange(joining_, true)) violated("a join begins while another is under way");
  if (books_.all_held() != 0) violated("a join begins while units are with workers");
  ++join_number_;
  std::erase_if(in_join_, [this](const auto& one) { return !groups_->includes(one.first); });  // of one given up
  if (!groups_->usable()) violated("a join begins without a communicator");
  join_broken_ = groups_->broken();
  join_size_ = coordinator_->workers().size();
}

Launch::CanJoin Launch::can_join() const {
  if (groups_->usable()) return CanJoin::yes;
  return groups_->may_come() ? CanJoin::soon : CanJoin::no;
}

void Launch::give_to_join(Rank rank, exec::HeldResults results) {
  if (!in_join_.emplace(rank, std::move(results)).second) violated("rank {} takes part in a join twice", rank.value());
  if (!joining_ || !groups_->includes(rank)) return;  // one that was told of an earlier join waits for nobody
  if (groups_->of(rank) != groups_->present()) violated("rank {} joins in another communicator", rank.value());
  if (std::ranges::count_if(in_join_, [this](const auto& one) { return groups_->includes(one.first); }) !=
      static_cast<std::ptrdiff_t>(join_size_))
    return;
  events_.put(now_ + scenario_.delay_high, EventKind::join_ends, chief_, join_number_);
}

// Nothing where the join has ended.
std::optional<exec::HeldResults> Launch::take_from_join(Rank rank) {
  auto node = in_join_.extract(rank);
  if (node.empty() || context_.mutation == Mutation::lose_join_results) return std::nullopt;
  return std::move(node.mapped());
}

// What the others gave stays theirs.
void Launch::leave_join() {
  if (!std::exchange(joining_, false)) violated("a join is given up that is not there");
  ++join_number_;
}

void Launch::end_join() {
  if (!std::exchange(joining_, false)) violated("a join ends that has not begun");
  std::vector<protocol::Coordinator::Joined> joined;
  std::size_t bytes = 0;
  for (auto& [rank, results] : std::exchange(in_join_, {})) {
    if (!groups_->includes(rank)) continue;
    const bool strikes = !results.units.empty() && mutation_random_.chance(0.25);
    books_.joined(results.units.intervals());
    if (!strikes || context_.mutation != Mutation::forget_joined) joined.push_back({rank, results.units.intervals()});
    if (strikes && context_.mutation == Mutation::lose_joined) continue;
    for (Bytes& rows : results.rows) {
      bytes += rows.size();
      joined_rows_.push_back(std::move(rows));
    }
    for (const auto& harvest : results.harvests) {
      ByteWriter out;
      harvest->encode(out);
      bytes += out.size();
      joined_partials_.push_back(out.take());
    }
  }
  if (plan_.dies_with_sum && !std::exchange(died_with_sum_, true)) {
    kill(chief_, random_.chance(0.5));
    if (coordinator_ == nullptr) return;  // else it is the last
  }
  coordinator_->on_joined(joined, bytes, now_);
  after_coordinator();
}

// A plan that failed has it already.
void Launch::put_joined(protocol::CommitPlan& plan) {
  const auto move_all = [](std::vector<Bytes>& from, std::vector<Bytes>& to) {
    std::move(from.begin(), from.end(), std::back_inserter(to));
    from.clear();
  };
  move_all(joined_rows_, plan.rows);
  move_all(joined_partials_, plan.partials);
}

}  // namespace kiln::sim
