#pragma once

#include <string>

namespace kiln::job {

/// A nameless temporary file, for what comes in on standard input: mpirun passes a file on to rank 0 as it is, whatever
/// the terminal does meanwhile.
class Spool {
 public:
  Spool() = default;
  ~Spool();
  Spool(Spool&& other) noexcept;
  Spool& operator=(Spool&&) = delete;

  /// Reads standard input to its end. Throws kiln::Error (bad_input) where it cannot be read or kept.
  static Spool of_standard_input(const std::string& directory);

  /// At the beginning of the file; -1 for none.
  int descriptor() const { return descriptor_; }

 private:
  explicit Spool(int descriptor) : descriptor_(descriptor) {}

  int descriptor_ = -1;
};

}  // namespace kiln::job
