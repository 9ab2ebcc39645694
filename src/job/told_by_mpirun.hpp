#pragma once

#include "job/environment.hpp"
#include "job/waiter.hpp"

namespace kiln::job {

/// Whether what this rank was told first was to end, by the mpirun that its launcher has started: when somebody ends
/// that, or it takes the run for lost. A user's wish comes to the launcher, which passes on USR1. Takes what signals
/// there are.
bool told_by_mpirun(const Environment& environment, Waiter& waiter);

}  // namespace kiln::job
