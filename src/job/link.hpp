#pragma once

#include "net/transport.hpp"
#include "protocol/membership.hpp"
#include "protocol/messages.hpp"

#include <cstdint>
#include <functional>
#include <optional>

namespace kiln::job {

/// Messages over a transport: puts the stamp on what leaves, drops what comes in with a wrong one.
class Link {
 public:
  /// Of a worker: it takes over the stamp of the first message it gets, and whoever sent it is the coordinator; later
  /// those of a higher epoch, and of a newer view from the same sender.
  explicit Link(net::Transport& transport) : transport_(transport) {}
  /// Of the coordinator. What it sends to a rank carries the view in which `members` has taken it up, and nothing is
  /// sent to ranks that do not live; of what comes in, `members` judges whether it counts. Who speaks under an earlier
  /// epoch lives, and is told of this one. `members` outlives this.
  Link(net::Transport& transport, Epoch epoch, protocol::Membership& members)
      : transport_(transport),
        stamp_(protocol::Stamp{epoch, View(1)}),
        members_(&members),
        coordinator_(transport.rank()) {}

  void send(Rank to, const protocol::Message& message);
  /// `append` writes the payloads, about `payload_bytes` of them.
  void send_batch(Rank to, const protocol::Batch& batch, std::size_t payload_bytes,
                  const std::function<void(ByteWriter&)>& append);
  /// Of a worker, to one that is not the coordinator: under no epoch, where it only introduces itself.
  enum class Peer { introduced, of_this_reign };
  void send_to_peer(Rank to, const protocol::Message& message, Peer peer);
  struct Received {
    Rank from;
    protocol::Message message;
    /// On the coordinator: this rank was declared dead and lives; it was taken up again, and the message is to be
    /// passed over. On a worker: the coordinator has taken this rank up again; what it had before counts no more, and
    /// the message is the first that does.
    bool anew = false;
    /// On a worker: the first message of another coordinator than before, which has taken over.
    bool took_over = false;
    /// On a worker: not from the coordinator but from another rank, a Beat or a Candidate.
    bool peer = false;
  };
  /// The next intact message that counts; nothing when there is none now.
  std::optional<Received> receive();

  net::Transport& transport() const { return transport_; }
  Rank coordinator() const { return coordinator_; }
  /// The coordinator has begun its reign: it listens, and beats.
  bool in_reign() const { return stamp_ && stamp_->epoch != Epoch(0); }
  /// Of a worker: in which reign, and in which view, it works now; nothing before the first message.
  std::optional<protocol::Stamp> stamp() const { return stamp_; }
  /// Of a worker: when the coordinator was heard last; nothing before its first message.
  std::optional<Instant> heard_at() const { return heard_at_; }
  /// Of a worker: when it sent something last.
  Instant sent_at() const { return sent_at_; }
  /// Of the coordinator: another rank has taken over.
  bool deposed() const { return deposed_; }
  std::uint64_t dropped() const { return dropped_; }

 private:
  std::optional<protocol::Stamp> stamp_to(Rank to);
  enum class Judged { drop, take, anew, took_over, peer };
  Judged judge(Rank from, protocol::Stamp stamp, const protocol::Message& message);
  Judged judge_coordinator(Rank from, protocol::Stamp stamp);
  Judged judge_earlier(Rank from);

  net::Transport& transport_;
  std::optional<protocol::Stamp> stamp_;
  protocol::Membership* members_ = nullptr;
  Rank coordinator_{0};
  std::optional<Instant> heard_at_;
  Instant sent_at_{};
  bool anew_ = false;  // of a worker: to be said with the next message
  bool deposed_ = false;
  std::uint64_t dropped_ = 0;
};

}  // namespace kiln::job
