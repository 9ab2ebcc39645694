#pragma once

#include <kiln/exit_code.hpp>
#include <stdexcept>
#include <string>

namespace kiln {

/// Stops the job. The message says what is wrong, where, and what to do now; the code is what the shell sees.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

}  // namespace kiln
