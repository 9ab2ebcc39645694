#pragma once

#include <kiln/detail/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kiln::exec {

/// What units gave besides rows; its content is the business of who makes it (flow: partial results). One thread at a
/// time.
class Harvest {
 public:
  virtual ~Harvest() = default;
  /// Takes over what is in `later`, of other units of the same stage; leaves it empty.
  virtual void absorb(Harvest& later) = 0;
  /// Memory, about.
  virtual std::size_t bytes() const = 0;
  virtual void encode(ByteWriter& out) const = 0;

  /// Whether all that is large in it are counts that a join may add to those of others.
  virtual bool joinable() const { return false; }
  /// The counts of each part that is of that kind, in the order of the stage; empty where nothing was counted. Views
  /// into this.
  virtual std::vector<std::span<std::uint64_t>> counts() { return {}; }
  /// What encode() writes but for the counts.
  virtual void encode_beside(ByteWriter& /*out*/) const {}
};

}  // namespace kiln::exec
