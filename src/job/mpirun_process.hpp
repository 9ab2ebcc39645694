#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace kiln::job {

/// A started mpirun: its own process group, standard error through a pipe, standard output inherited. It gets SIGTERM
/// when the process that started it dies.
class MpirunProcess {
 public:
  /// `environment` is added to the caller's. `standard_input`: a descriptor, or -1 for /dev/null. Throws kiln::Error
  /// (internal) where it cannot be started, with what to install.
  MpirunProcess(const std::vector<std::string>& words, const std::vector<std::string>& environment, int standard_input);
  /// Ends it, if it still runs.
  ~MpirunProcess();
  MpirunProcess(const MpirunProcess&) = delete;
  MpirunProcess& operator=(const MpirunProcess&) = delete;

  int error_descriptor() const { return error_; }
  /// Lines that came in on standard error; does not block. `ended` is set at the end of the stream.
  std::vector<std::string> read_lines(bool& ended);
  pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// Ends it and what is in its process group, at once.
  void kill_group() const;
  /// Its wait status once it has ended; does not block.
  std::optional<int> poll();

 private:
  pid_t pid_ = -1;
  int error_ = -1;
  std::string partial_;
  std::optional<int> status_;
};

}  // namespace kiln::job
