#pragma once

#include <kiln/detail/bytes.hpp>

#include <chrono>
#include <cstddef>
#include <span>
#include <string>

namespace kiln::units {

/// A file, a pipe or standard input, read from begin to end. Where its end takes some seconds to come, one line in
/// the log says what is waited for.
class InputFile {
 public:
  /// "-" is standard input. Throws kiln::Error (bad_input) where it is missing, unreadable or a directory.
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// The next bytes, up to a buffer full; 0 at the end. A producer that dies ends a pipe as one that is done does.
  /// Throws kiln::Error (bad_input).
  std::size_t read(std::span<std::byte> buffer);
  /// As far as the system knows it; 0 for pipes.
  std::size_t expected_size() const { return expected_size_; }

 private:
  void wait();

  std::string shown_;
  int fd_ = -1;
  bool waits_ = false;  // reading may block for long, and that was not said yet
  std::chrono::steady_clock::time_point opened_ = std::chrono::steady_clock::now();
  std::size_t expected_size_ = 0;
  std::size_t total_ = 0;
};

/// The whole content of a file, or of standard input for "-". Throws kiln::Error (bad_input) as InputFile does.
Bytes read_file(const std::string& path);

}  // namespace kiln::units
