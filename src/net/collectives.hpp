#pragma once

#include <kiln/detail/bytes.hpp>

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace kiln::net {

/// Operations in which all ranks take part, each with the same calls in the same order. One at a time: begin_…() starts
/// one and returns at once, poll() moves it on and never blocks. What is large goes in pieces, so that the caller's
/// loop goes on living. One thread. Rank 0 is the root.
///
/// A rank that never comes makes no error: the operation stays under way, until it is abandoned.
class Collectives {
 public:
  static constexpr std::size_t kPieceBytes = std::size_t{8} << 20;

  virtual ~Collectives() = default;
  virtual std::int32_t size() const = 0;

  /// Done when all ranks have begun it.
  virtual void begin_barrier() = 0;
  /// The root gets what every rank gives, of any length: gathered().
  virtual void begin_gather(Bytes mine) = 0;
  /// Writes the counts from `first` on, which this rank adds: all of `piece`.
  using Give = std::function<void(std::uint64_t first, std::span<std::uint64_t> piece)>;
  /// Takes the sums from `first` on.
  using Take = std::function<void(std::uint64_t first, std::span<const std::uint64_t> piece)>;
  /// Sums `length` counts over all ranks, modulo 2^64; the same length everywhere. `give` and, on the root, `take` are
  /// called inside begin_sum and poll, in order, for pieces of at most kPieceBytes. What they throw leaves this
  /// unusable.
  virtual void begin_sum(std::uint64_t length, Give give, Take take) = 0;
  /// Every rank gets the root's counts, the same length everywhere: `give` is called on the root, `take` on the others,
  /// as above.
  virtual void begin_spread(std::uint64_t length, Give give, Take take) = 0;
  /// Every rank gets the root's bytes: received(). What others give is not looked at.
  virtual void begin_broadcast(Bytes value) = 0;

  /// Whether nothing is under way (any more).
  virtual bool poll() = 0;

  /// Of the last gather, on the root: by rank. Gives them away.
  virtual std::vector<Bytes> gathered() = 0;
  /// Of the last broadcast. Gives it away; on the root it is what it gave.
  virtual Bytes received() = 0;

  /// Local: some rank will never come. What is under way is given up where it is, and nothing can be begun any more;
  /// poll() says that nothing is under way. Memory that the others may still read or write is kept while the process
  /// lives.
  virtual void abandon() {}
};

}  // namespace kiln::net
