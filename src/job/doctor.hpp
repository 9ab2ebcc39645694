#pragma once

#include "job/finding.hpp"

#include <string>
#include <vector>

namespace kiln::job {

struct DoctorOptions {
  std::string directory = ".";  ///< where run directories would be
  bool trial = true;            ///< run a few commands over MPI
};

/// Looks at everything that a run needs here, in the order in which it is to be shown. Leaves nothing behind; takes a
/// few seconds. Catches SIGINT and its like: the test run is ended then.
Findings examine(const DoctorOptions& options);

}  // namespace kiln::job
