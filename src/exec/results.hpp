#pragma once

#include "base/interval.hpp"
#include "base/rows.hpp"
#include "protocol/messages.hpp"

namespace kiln::exec {

/// Where a runner puts what became of a claimed interval.
class Results {
 public:
  virtual ~Results() = default;
  /// Rows of the units that succeed are put here, in ascending order of unit, before succeeded() is called for them.
  virtual Rows& rows() = 0;
  virtual void succeeded(Interval units) = 0;
  virtual void failed(protocol::UnitFailure failure) = 0;
  /// The claimed units are cancelled. True before Runner::cancel() is called; a runner that looks here after it began
  /// a unit misses no cancel.
  virtual bool cancelled() const { return false; }
  /// The same for Runner::signal().
  virtual bool signalled() const { return false; }
};

}  // namespace kiln::exec
