#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/ids.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace kiln::net {

/// Operations in which all ranks take part, each with the same calls in the same order. One at a time: begin_…() starts
/// one and returns at once, poll() moves it on and never blocks. What is large goes in pieces, so that the caller's
/// loop goes on living. One thread. At first all ranks take part, and rank 0 is the root; or nobody, where
/// begins_with_all() says so: then a group of all is to be made first.
///
/// A rank that never comes makes no error: the operation stays under way, until it is abandoned. Those that live go on
/// with a new group.
class Collectives {
 public:
  static constexpr std::size_t kPieceBytes = std::size_t{8} << 20;

  virtual ~Collectives() = default;
  /// Whether collectives can be begun before a group was made.
  virtual bool begins_with_all() const { return true; }
  /// Who takes part, ascending; of the last group that was made.
  virtual const std::vector<Rank>& members() const = 0;

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

  /// Of the last gather, on the root: in the order of the members. Gives them away.
  virtual std::vector<Bytes> gathered() = 0;
  /// Of the last broadcast. Gives it away; on the root it is what it gave.
  virtual Bytes received() = 0;

  /// Local: some rank will never come. What is under way is given up where it is, and nothing can be begun any more
  /// before another group is made; poll() says that nothing is under way. Memory that the others may still read or
  /// write is kept while the process lives.
  virtual void abandon() {}
  /// Bytes that are kept so.
  virtual std::size_t buried() const { return 0; }

  /// These ranks, ascending, are to take part from now on, `root` among them; each of them calls this with the same
  /// arguments, and none of them is known to be dead. Returns at once; group_made() says how it ends. What is under way
  /// is abandoned, a group that is still being made too. `number`: higher than in any call before on any rank.
  virtual void begin_group(const std::vector<Rank>& members, Rank root, std::uint64_t number) = 0;
  /// Nothing: it is being made, which lasts for ever where one of them never comes. True: this rank has it; collectives
  /// may be begun when all members have. False: it cannot be made.
  virtual std::optional<bool> group_made() = 0;
};

}  // namespace kiln::net
