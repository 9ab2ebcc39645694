#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/detail/interval.hpp>

#include <vector>

namespace kiln::protocol {

/// What a worker writes to a segment: the results of its units, as a commit would have them.
struct SegmentContent {
  std::vector<Interval> units;  ///< sorted, disjoint
  std::vector<Bytes> rows;      ///< tables, encoded, as in CommitPlan
  std::vector<Bytes> partials;  ///< the same
};

}  // namespace kiln::protocol
