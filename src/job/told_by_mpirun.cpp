#include "job/told_by_mpirun.hpp"

#include "job/rest.hpp"

#include <unistd.h>

namespace kiln::job {

bool told_by_mpirun(const Environment& environment, Waiter& waiter) {
  if (!environment.launched()) return false;
  waiter.take_signals();  // this rank's own may be behind what another rank has said of its own
  const Waiter::Caught& first = waiter.first_signal();
  return first.signal != 0 && leaves_no_time(first.signal) && first.sender == ::getppid();
}

}  // namespace kiln::job
