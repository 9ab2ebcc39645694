#pragma once

#include <string>
#include <string_view>

namespace kiln::job {

/// A nameless temporary file that becomes the standard input of the ranks: mpirun passes a file on to rank 0 as it is,
/// whatever the terminal does meanwhile. Throws kiln::Error (bad_input) where it cannot be made or written.
class Spool {
 public:
  explicit Spool(std::string directory);
  ~Spool();
  Spool(Spool&& other) noexcept;
  Spool& operator=(Spool&&) = delete;

  /// Appends; gathers small pieces.
  void write(std::string_view text);
  /// Nothing is written after this; descriptor() stands at the beginning.
  void finish();
  /// The same again: whoever had it has moved it.
  void rewind();

  int descriptor() const { return descriptor_; }

 private:
  void flush();

  std::string directory_;
  int descriptor_ = -1;
  std::string pending_;
};

}  // namespace kiln::job
