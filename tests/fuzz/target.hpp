#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

/// A target reads what somebody else wrote: any bytes must end in a value or in a kiln::Error, and a value that was
/// accepted must mean the same when it is written and read again. libFuzzer calls it, and replay.cpp with the corpus.
// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace kiln::fuzz {

/// A broken promise ends the process, as libFuzzer wants it.
inline void require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: broken: %s\n", promise);  // NOLINT(cert-err33-c)
  std::abort();
}

/// Takes choices and bytes from the input; past its end zeros.
class Choices {
 public:
  Choices(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const std::byte*>(data), size) {}

  std::uint8_t next() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_ = rest_.subspan(1);
    return value;
  }
  /// At most so many of those that are left.
  ByteView take(std::size_t most) {
    const ByteView taken = rest_.first(std::min(most, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  ByteView rest() const { return rest_; }
  bool done() const { return rest_.empty(); }

 private:
  ByteView rest_;
};

inline std::string text_of(ByteView bytes) { return std::string(as_text(bytes)); }
inline Bytes bytes_of(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace kiln::fuzz
