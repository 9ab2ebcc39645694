#include "job/answer_broadcasts.hpp"

#include <fmt/core.h>

#include <kiln/error.hpp>
#include <utility>

namespace kiln::job {

std::optional<protocol::Answer> AnswerBroadcasts::poll() {
  if (waiting_.empty()) return std::nullopt;
  if (!std::exchange(begun_, true)) collectives_.begin_broadcast({});
  if (!collectives_.poll()) return std::nullopt;
  const protocol::Announce announced = waiting_.front();
  waiting_.pop_front();
  begun_ = false;
  Bytes content = collectives_.received();
  if (content.size() != announced.length || checksum(content) != announced.checksum) {
    throw Error(ExitCode::internal, fmt::format("the answer to call {}, {} bytes, came by broadcast as {} bytes{}",
                                                announced.call, announced.length, content.size(),
                                                content.size() == announced.length ? " of another checksum" : ""));
  }
  return protocol::Answer{announced.call, announced.plan, std::move(content)};
}

}  // namespace kiln::job
