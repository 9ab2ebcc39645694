#pragma once

#include <kiln/codec.hpp>

#include <cstdint>
#include <string_view>

namespace kiln {
namespace detail {

template <class T>
std::uint64_t digest_of(const T& value) {
  ByteWriter bytes;
  if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    bytes.put_text(value);
  } else {
    Codec<T>::write(bytes, value);
  }
  return checksum(bytes.view());
}

}  // namespace detail

/// A digest of everything that a stage's code reads besides its source: `session.run(job, kiln::inputs(centroids, k))`.
/// What was committed is kept on resume only where it is the same. The values are anything that kiln::Codec knows; a
/// digest depends on their bits, order and number. Held in memory while it is made: one value's encoding at a time.
template <class... T>
std::uint64_t inputs(const T&... values) {
  ByteWriter digests;
  (digests.put(detail::digest_of(values)), ...);
  return checksum(digests.view());
}

}  // namespace kiln
