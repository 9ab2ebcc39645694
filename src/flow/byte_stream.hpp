#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace kiln::flow {

/// The bytes of a file in order. One thread at a time.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// The next bytes, at least one; 0 at the end, and from then on. What cannot be read, is damaged or ends too early
  /// throws std::runtime_error with the file's name and place.
  virtual std::size_t read(std::span<char> buffer) = 0;
};

/// Unpacks what `packed` gives: gzip, also several members one behind the other and zeros behind the last. It
/// must live as long; `shown` is the file's name in messages. Memory: under 1 MiB.
std::unique_ptr<ByteStream> unpack_gzip(ByteStream& packed, std::string shown);

/// The same of zstd, also of several frames. Memory: the frames' window, at most 128 MiB; a frame that asks for more
/// is refused.
std::unique_ptr<ByteStream> unpack_zstd(ByteStream& packed, std::string shown);

}  // namespace kiln::flow
