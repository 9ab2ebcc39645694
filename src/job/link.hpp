#pragma once

#include "net/transport.hpp"
#include "protocol/messages.hpp"

#include <cstdint>
#include <functional>
#include <optional>

namespace kiln::job {

/// Messages over a transport: puts the stamp on what leaves, drops what comes in with a wrong one.
class Link {
 public:
  /// A coordinator knows its stamp; a worker (no stamp) takes over that of the first message it gets, and whoever sent
  /// it is the coordinator.
  Link(net::Transport& transport, std::optional<protocol::Stamp> stamp) : transport_(transport), stamp_(stamp) {}

  void send(Rank to, const protocol::Message& message);
  /// `append` writes the payloads, about `payload_bytes` of them.
  void send_batch(Rank to, const protocol::Batch& batch, std::size_t payload_bytes,
                  const std::function<void(ByteWriter&)>& append);
  struct Received {
    Rank from;
    protocol::Message message;
  };
  /// The next intact message; nothing when there is none now.
  std::optional<Received> receive();

  net::Transport& transport() { return transport_; }
  Rank coordinator() const { return coordinator_; }
  std::uint64_t dropped() const { return dropped_; }

 private:
  net::Transport& transport_;
  std::optional<protocol::Stamp> stamp_;
  Rank coordinator_{0};
  std::uint64_t dropped_ = 0;
};

}  // namespace kiln::job
