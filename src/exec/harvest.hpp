#pragma once

#include <kiln/detail/bytes.hpp>

#include <cstddef>

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
  /// Whether it may travel with a message when it is small; else it is held until put_down().
  virtual bool may_ride() const { return true; }
  /// Before encode(), on a thread that does files: what is too much to travel goes to files of its own. Throws
  /// kiln::Error where the disk says no; then all is here as it was.
  virtual void put_down() {}

  /// Whether all that is large in it are counts that a join may add to those of others.
  virtual bool joinable() const { return false; }
};

}  // namespace kiln::exec
