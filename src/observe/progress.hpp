#pragma once

#include "observe/status.hpp"

#include <cstddef>
#include <string>

namespace kiln::observe {

/// One line without a newline that fits `columns` (20 and more): share, bar, counts, rate, failures, time left. What
/// does not fit is left out, the least important first. Without `utf8` it is plain ASCII.
std::string bar_line(const StatusSnapshot& snapshot, std::size_t columns, bool utf8);

/// One line without a newline for a log: "1,260 of 2,000 units (63 %), 212/s, 2 failed, 3.5 s left".
std::string log_line(const StatusSnapshot& snapshot);

/// When the next log line is due: soon at first, then at growing intervals up to 5 minutes; at once when the state
/// changes. Pure: time comes from the snapshots.
class LogPace {
 public:
  /// True when a line is due now; it counts as written then.
  bool due(const StatusSnapshot& snapshot);

 private:
  double last_ = 0;
  double interval_ = 5;
  bool begun_ = false;
  RunState state_ = RunState::starting;
};

}  // namespace kiln::observe
