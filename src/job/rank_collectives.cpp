#include "job/rank_collectives.hpp"

#include "protocol/succession.hpp"

#include <fmt/core.h>

#include <kiln/error.hpp>
#include <utility>

namespace kiln::job {

std::optional<RankAnswer> RankCollectives::poll() {
  if (waiting_.empty()) return std::nullopt;
  if (auto* const broadcast = std::get_if<Broadcast>(&waiting_.front())) return poll(*broadcast);
  if (auto* const grouping = std::get_if<Grouping>(&waiting_.front())) {
    poll(*grouping);
    return std::nullopt;
  }
  RankJoin& join = *std::get<std::unique_ptr<RankJoin>>(waiting_.front());
  if (!join.poll()) return std::nullopt;
  auto answer = join.take_answer();
  waiting_.pop_front();
  return answer;
}

void RankCollectives::set_taken() {
  for (const auto& one : waiting_) {
    if (const auto* const join = std::get_if<std::unique_ptr<RankJoin>>(&one)) (*join)->set_taken();
  }
}

void RankCollectives::group(const protocol::Group& group, Rank coordinator) {
  std::erase_if(waiting_, [](const auto& one) { return std::holds_alternative<Grouping>(one); });
  waiting_.emplace_back(Grouping{group.number, protocol::ranks_of(group.members), coordinator});
}

// Nothing comes behind a group before it is there.
void RankCollectives::make_group(std::uint64_t number) {
  auto* const grouping = waiting_.empty() ? nullptr : std::get_if<Grouping>(&waiting_.back());
  if (grouping == nullptr || grouping->number != number || grouping->at != Grouping::At::heard) return;
  grouping->at = Grouping::At::making;
  collectives_.begin_group(grouping->members, grouping->coordinator, number);
}

void RankCollectives::poll(Grouping& grouping) {
  using Step = protocol::Grouped::Step;
  if (grouping.at == Grouping::At::told) {
    grouping.at = Grouping::At::heard;
    grouped_.push_back({grouping.number, Step::heard});
  }
  if (grouping.at != Grouping::At::making) return;
  const auto made = collectives_.group_made();
  if (!made) return;
  grouped_.push_back({grouping.number, *made ? Step::made : Step::failed});
  waiting_.pop_front();
}

// Of joins there is one at most that the coordinator does not have.
exec::HeldResults RankCollectives::abandon() {
  collectives_.abandon();
  exec::HeldResults given;
  for (const auto& one : std::exchange(waiting_, {})) {
    const auto* const join = std::get_if<std::unique_ptr<RankJoin>>(&one);
    if (join == nullptr) continue;
    if (auto results = (*join)->give_back(); !results.units.empty()) given = std::move(results);
  }
  return given;
}

std::optional<RankAnswer> RankCollectives::poll(Broadcast& broadcast) {
  if (!std::exchange(broadcast.begun, true)) collectives_.begin_broadcast({});
  if (!collectives_.poll()) return std::nullopt;
  const protocol::Announce announced = broadcast.announced;
  waiting_.pop_front();
  Bytes content = collectives_.received();
  if (content.size() != announced.length || checksum(content) != announced.checksum) {
    throw Error(ExitCode::internal, fmt::format("the answer to call {}, {} bytes, came by broadcast as {} bytes{}",
                                                announced.call, announced.length, content.size(),
                                                content.size() == announced.length ? " of another checksum" : ""));
  }
  return RankAnswer{{announced.call, announced.plan, std::move(content)}, nullptr, {}};
}

}  // namespace kiln::job
