#pragma once

#include <kiln/detail/bytes.hpp>

#include <kiln/ids.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace kiln::net {

struct Received {
  Rank from;
  Bytes bytes;
};

/// Bytes between ranks. Messages between two ranks arrive in the order in which they were sent. All calls return at
/// once and are made from one thread. None is collective.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual Rank rank() const = 0;
  virtual std::int32_t size() const = 0;
  /// Takes the bytes; to the own rank too.
  virtual void send(Rank to, Bytes message) = 0;
  /// Bytes of a message that has gone or was read, to write or receive one of about `size` bytes in; else empty. Their
  /// content does not count.
  virtual Bytes spare(std::size_t /*size*/) { return {}; }
  /// Takes the bytes of a message that was read, for spare().
  virtual void reuse(Bytes&& /*bytes*/) {}
  /// The next message that has come in; nothing when there is none now.
  virtual std::optional<Received> receive() = 0;
  /// Messages that have not left yet; those to ranks that were forgotten do not count.
  virtual std::size_t unsent() = 0;
  /// A message is half here, or was not seen to have left: it moves on only while this rank looks.
  virtual bool under_way() const = 0;
  /// The rank is dead, or was declared so: what is half sent to it or half here from it is given up, and its memory is
  /// kept while the process lives, as the other side may still read or write it. Nothing of it holds up anybody, nor
  /// what may still come from there. Sending to it again takes it in again.
  virtual void forget(Rank /*rank*/) {}
  /// Ranks that MPI itself has noticed to be dead, where it can (ULFM), in the order in which it did; none is taken out
  /// again. They are not forgotten by that.
  virtual const std::vector<Rank>& lost() const {
    static const std::vector<Rank> none;
    return none;
  }
  /// Bytes that are kept so.
  virtual std::size_t buried() const { return 0; }
};

}  // namespace kiln::net
