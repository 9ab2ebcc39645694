#include "job/rank_collectives.hpp"

#include <fmt/core.h>

#include <kiln/error.hpp>
#include <utility>

namespace kiln::job {

std::optional<RankAnswer> RankCollectives::poll() {
  if (waiting_.empty()) return std::nullopt;
  if (auto* const broadcast = std::get_if<Broadcast>(&waiting_.front())) return poll(*broadcast);
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
