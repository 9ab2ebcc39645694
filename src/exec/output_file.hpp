#pragma once

#include "exec/fd.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace kiln::exec {

/// A file that a stream of a command goes to, whole. Until finish() it is called NAME.part, so that a file under its
/// own name is complete. The first error ends the writing and is kept; no call throws or waits for anything but the
/// disk.
class OutputFile {
 public:
  OutputFile() = default;
  /// As discard().
  ~OutputFile() { discard(); }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Makes the file anew, and folders above it as needed. False where that fails.
  bool open(std::string path);
  void write(const char* data, std::size_t size);
  /// The stream has ended: gives the file its name. What could not be written whole is removed.
  void finish();
  /// Removes what was written, if it is not finished.
  void discard();

  bool is_open() const { return file_.get() >= 0; }
  /// errno of what went wrong first; 0: nothing.
  int error() const { return error_; }

 private:
  std::string partial() const { return path_ + ".part"; }

  std::string path_;
  Fd file_;
  int error_ = 0;
};

}  // namespace kiln::exec
