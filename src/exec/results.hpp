#pragma once

#include <kiln/detail/interval.hpp>
#include <kiln/detail/rows.hpp>
#include "exec/harvest.hpp"
#include "protocol/messages.hpp"

namespace kiln::exec {

/// Where a runner puts what became of a claimed interval.
class Results {
 public:
  virtual ~Results() = default;
  /// Rows of the units that succeed are put here, in ascending order of unit, before succeeded() is called for them:
  /// one Rows for each of the runner's tables.
  virtual std::vector<Rows>& tables() = 0;
  Rows& rows() { return tables().front(); }
  /// As Runner::make_harvest made it; of the units that succeed. Null where the runner has none.
  virtual Harvest* harvest() = 0;
  virtual void succeeded(Interval units) = 0;
  virtual void failed(protocol::UnitFailure failure) = 0;
  /// So many more lines, or binary records, of files were read for these units.
  virtual void count_records(std::uint64_t /*records*/) {}
  /// The claimed units are cancelled. True before Runner::cancel() is called; a runner that looks here after it began
  /// a unit misses no cancel.
  virtual bool cancelled() const { return false; }
  /// The same for Runner::signal().
  virtual bool signalled() const { return false; }
};

}  // namespace kiln::exec
