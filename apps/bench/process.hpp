#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

namespace kiln::bench {

/// Seconds of a monotonic clock.
double now();

struct Finished {
  double seconds = 0;  ///< from spawn to end
  int exit_code = 0;   ///< 128 + signal where one ended it
  std::string out;     ///< its standard output
};

/// A program that runs beside; its standard output and error go to files below `work`.
class Process {
 public:
  /// The first word is looked up in PATH. Throws kiln::Error where it cannot be started.
  Process(const std::vector<std::string>& words, const std::filesystem::path& work,
          const std::filesystem::path& input = "/dev/null");
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  /// Ends it where it still runs.
  ~Process();

  pid_t pid() const { return pid_; }
  /// Whether it has not ended.
  bool running();
  /// Waits for its end. Throws kiln::Error with its standard error where it is not `expected`.
  Finished wait(int expected = 0);

 private:
  void reap(int flags);

  std::filesystem::path out_, err_;
  std::string name_;
  double begin_ = 0, end_ = 0;
  pid_t pid_ = -1;
  int status_ = 0;
  bool ended_ = false;
};

/// Runs a program to its end.
Finished run(const std::vector<std::string>& words, const std::filesystem::path& work,
             const std::filesystem::path& input = "/dev/null", int expected = 0);

/// The whole file as text; "" where there is none.
std::string read_text(const std::filesystem::path& file);

}  // namespace kiln::bench
