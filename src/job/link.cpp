#include "job/link.hpp"

#include "base/log.hpp"

#include <utility>

namespace kiln::job {

void Link::send(Rank to, const protocol::Message& message) {
  Bytes room = transport_.spare(protocol::length_hint(message));
  transport_.send(to, protocol::encode(message, stamp_.value_or(protocol::Stamp{}), std::move(room)));
}

void Link::send_batch(Rank to, const protocol::Batch& batch, std::size_t payload_bytes,
                      const std::function<void(ByteWriter&)>& append) {
  const protocol::Stamp stamp = stamp_.value_or(protocol::Stamp{});
  transport_.send(to, protocol::encode_batch(batch, payload_bytes, append, stamp, transport_.spare(payload_bytes)));
}

std::optional<Link::Received> Link::receive() {
  while (auto received = transport_.receive()) {
    if (!stamp_) {
      stamp_ = protocol::stamp_of(received->bytes);
      coordinator_ = received->from;
    }
    const std::size_t size = received->bytes.size();
    protocol::Decoded decoded = protocol::decode(std::move(received->bytes), stamp_.value_or(protocol::Stamp{}));
    transport_.reuse(std::move(decoded.spare));
    if (decoded.message) return Received{received->from, std::move(*decoded.message)};
    ++dropped_;
    log::debug("dropped a message of {} bytes from rank {}: {}", size, received->from.value(), decoded.why_dropped);
  }
  return std::nullopt;
}

}  // namespace kiln::job
