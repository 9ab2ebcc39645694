#pragma once

#include <sys/types.h>

#include <atomic>

namespace kiln::exec {

/// A process to start. Everything pointed to must live during launch().
struct LaunchPlan {
  const char* program = nullptr;  ///< path to execute directly; null: only the shell
  char* const* arguments = nullptr;
  const char* shell = nullptr;  ///< executed when `program` is null or cannot be executed
  char* const* shell_arguments = nullptr;
  char* const* environment = nullptr;
  int out = -1;                         ///< becomes descriptor 1; -1: as the helper's
  int err = -1;                         ///< becomes descriptor 2; -1: as the helper's
  std::atomic<pid_t>* group = nullptr;  ///< gets the process's number before it executes anything; null: nothing does
};

struct Launched {
  pid_t pid = -1;
  int error = 0;            ///< errno; 0 when the process runs
  bool no_process = false;  ///< the error is fork's, not execve's
};

/// Starts it in a process group of its own, with no signal blocked, to be killed when the calling thread ends. For the
/// helper only: it must be single-threaded and have all signals blocked, since the new process borrows its memory until
/// it executes the program.
Launched launch(const LaunchPlan& plan);

}  // namespace kiln::exec
