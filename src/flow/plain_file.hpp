#pragma once

#include "flow/byte_stream.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace kiln::flow {

/// What the system says of a file.
struct FileState {
  std::uint64_t size = 0;     ///< bytes
  std::int64_t modified = 0;  ///< nanoseconds since 1970, UTC
};

/// A regular file, open for reading. Failures throw std::runtime_error with its name and the system's reason.
class PlainFile final : public ByteStream {
 public:
  explicit PlainFile(std::string path);
  PlainFile(const PlainFile&) = delete;
  PlainFile& operator=(const PlainFile&) = delete;
  ~PlainFile() override;

  const std::string& path() const { return path_; }
  FileState state() const;
  /// Where read() goes on, and where the file ends for it: a file that is shorter is an error then, what it holds
  /// behind is not looked at.
  void go_to(std::uint64_t place, std::uint64_t size);
  std::size_t read(std::span<char> buffer) override;

 private:
  [[noreturn]] void fail(std::string_view doing, int error) const;

  std::string path_;
  int fd_ = -1;
  std::uint64_t place_ = 0, size_ = 0;
};

}  // namespace kiln::flow
