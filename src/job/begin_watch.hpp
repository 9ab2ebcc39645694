#pragma once

#include "job/environment.hpp"

#include <sys/types.h>

namespace kiln::job {

/// While it lives, a small process beside this rank tells the launcher should the rank end without having told it why:
/// MPI comes up on all ranks together, and the others can neither go on without this one nor hear of its death. To be
/// made before MPI begins. Without a launcher it does nothing; where no process can be started, neither.
class BeginWatch {
 public:
  explicit BeginWatch(const Environment& environment);
  ~BeginWatch() { end(); }
  BeginWatch(const BeginWatch&) = delete;
  BeginWatch& operator=(const BeginWatch&) = delete;

  /// The rank has come through.
  void end();

 private:
  pid_t watcher_ = -1;
  int rank_lives_ = -1;  // a pipe's end, which goes with this process
};

}  // namespace kiln::job
