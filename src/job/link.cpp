#include "job/link.hpp"

#include "base/log.hpp"

#include <utility>

namespace kiln::job {

void Link::send(Rank to, const protocol::Message& message) {
  transport_.send(to, protocol::encode(message, stamp_.value_or(protocol::Stamp{})));
}

void Link::send_batch(Rank to, const protocol::Batch& batch, std::size_t payload_bytes,
                      const std::function<void(ByteWriter&)>& append) {
  transport_.send(to, protocol::encode_batch(batch, payload_bytes, append, stamp_.value_or(protocol::Stamp{})));
}

std::optional<Link::Received> Link::receive() {
  while (auto received = transport_.receive()) {
    if (!stamp_) {
      stamp_ = protocol::stamp_of(received->bytes);
      coordinator_ = received->from;
    }
    const std::size_t size = received->bytes.size();
    protocol::Decoded decoded = protocol::decode(std::move(received->bytes), stamp_.value_or(protocol::Stamp{}));
    if (decoded.message) return Received{received->from, std::move(*decoded.message)};
    ++dropped_;
    log::debug("dropped a message of {} bytes from rank {}: {}", size, received->from.value(), decoded.why_dropped);
  }
  return std::nullopt;
}

}  // namespace kiln::job
