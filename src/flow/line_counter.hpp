#pragma once

#include "flow/plain_file.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kiln::flow {

/// Says which line of a plain file a byte is in, by counting those before it. What was counted is remembered: a file is
/// read once at most.
class LineCounter {
 public:
  /// Further into a file lines are not counted: each reader of the file would have to read all before.
  static constexpr std::uint64_t kMost = std::uint64_t{1} << 30;

  /// Of `size` bytes; opened when it is needed.
  void use(const std::string& path, std::uint64_t size);
  /// Line ends before the byte at `place`, which is in the file or at its end; nothing from kMost on. Throws as
  /// PlainFile.
  std::optional<std::uint64_t> lines_before(std::uint64_t place);

 private:
  std::uint64_t count(std::uint64_t begin, std::uint64_t end);

  std::string path_;
  std::uint64_t size_ = 0;
  std::optional<PlainFile> file_;
  std::vector<char> buffer_;
  std::vector<std::uint64_t> before_;  // each border that was reached
};

}  // namespace kiln::flow
