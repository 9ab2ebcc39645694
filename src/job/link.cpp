#include "job/link.hpp"

#include "base/log.hpp"
#include "job/clock.hpp"

#include <utility>

namespace kiln::job {

// Nothing for a rank that does not live.
std::optional<protocol::Stamp> Link::stamp_to(Rank to) {
  const protocol::Stamp own = stamp_.value_or(protocol::Stamp{});
  if (members_ == nullptr) {
    sent_at_ = now();
    return own;
  }
  if (to == transport_.rank()) return own;
  if (!members_->lives(to)) return std::nullopt;
  members_->sent(to, now());
  return protocol::Stamp{own.epoch, members_->view(to)};
}

void Link::send(Rank to, const protocol::Message& message) {
  const auto stamp = stamp_to(to);
  if (!stamp) return;
  Bytes room = transport_.spare(protocol::length_hint(message));
  transport_.send(to, protocol::encode(message, *stamp, std::move(room)));
}

void Link::send_batch(Rank to, const protocol::Batch& batch, std::size_t payload_bytes,
                      const std::function<void(ByteWriter&)>& append) {
  const auto stamp = stamp_to(to);
  if (!stamp) return;
  transport_.send(to, protocol::encode_batch(batch, payload_bytes, append, *stamp, transport_.spare(payload_bytes)));
}

void Link::send_to_peer(Rank to, const protocol::Message& message, Peer peer) {
  const protocol::Stamp none{Epoch(0), View(1)};
  transport_.send(to, protocol::encode(message, peer == Peer::introduced ? none : stamp_.value_or(none)));
}

// A worker: whether the sender is its coordinator, or becomes it.
Link::Judged Link::judge_coordinator(Rank from, protocol::Stamp stamp) {
  bool took_over = false;
  if (!stamp_ || stamp.epoch > stamp_->epoch) {
    took_over = in_reign() || from != coordinator_;
    anew_ = took_over && stamp.view != View(1);
    stamp_ = stamp;
    coordinator_ = from;
  }
  if (from != coordinator_ || stamp.epoch != stamp_->epoch || stamp.view < stamp_->view) return Judged::drop;
  heard_at_ = now();
  if (took_over) return Judged::took_over;
  if (stamp.view == stamp_->view) return Judged::take;
  stamp_ = stamp;
  anew_ = true;
  return Judged::take;
}

// Of an earlier reign: a rank that has not heard of this one, or the coordinator before, which is told.
Link::Judged Link::judge_earlier(Rank from) {
  if (members_->knows(from)) {
    return members_->heard(from, View(0), now()) == protocol::Membership::Heard::returned ? Judged::anew : Judged::drop;
  }
  if (from != transport_.rank()) transport_.send(from, protocol::encode(protocol::Beat{}, *stamp_));
  return Judged::drop;
}

Link::Judged Link::judge(Rank from, protocol::Stamp stamp, const protocol::Message& message) {
  if (members_ == nullptr) {
    const bool introduced = std::holds_alternative<protocol::Beat>(message) && stamp.epoch == Epoch(0);
    const bool about_itself = introduced || std::holds_alternative<protocol::Candidate>(message);
    return from != coordinator_ && about_itself ? Judged::peer : judge_coordinator(from, stamp);
  }
  if (stamp.epoch > stamp_->epoch) deposed_ = true;
  if (stamp.epoch < stamp_->epoch) return judge_earlier(from);
  if (stamp.epoch != stamp_->epoch) return Judged::drop;
  if (from == transport_.rank()) return Judged::take;
  switch (members_->heard(from, stamp.view, now())) {
    case protocol::Membership::Heard::counts:
      return Judged::take;
    case protocol::Membership::Heard::returned:
      return Judged::anew;
    case protocol::Membership::Heard::old:
      break;
  }
  return Judged::drop;
}

std::optional<Link::Received> Link::receive() {
  while (auto received = transport_.receive()) {
    const Rank from = received->from;
    const std::size_t size = received->bytes.size();
    const auto stamp = protocol::stamp_of(received->bytes);
    protocol::Decoded decoded = protocol::decode(std::move(received->bytes), stamp.value_or(protocol::Stamp{}));
    transport_.reuse(std::move(decoded.spare));
    const Judged judged = decoded.message ? judge(from, *stamp, *decoded.message) : Judged::drop;
    switch (judged) {
      case Judged::anew:
        return Received{from, protocol::Beat{}, true};
      case Judged::take:
      case Judged::took_over:
        return Received{from, std::move(*decoded.message), std::exchange(anew_, false), judged == Judged::took_over};
      case Judged::peer:
        return Received{from, std::move(*decoded.message), false, false, true};
      case Judged::drop:
        break;
    }
    log::debug("dropped a message of {} bytes from rank {}: {}", size, from.value(),
               decoded.message ? "of another epoch or view" : decoded.why_dropped);
    ++dropped_;
  }
  return std::nullopt;
}

}  // namespace kiln::job
