#pragma once

#include <kiln/detail/codec_parts.hpp>

#include <cstdint>
#include <string>
#include <type_traits>

namespace kiln {

/// How values travel between ranks and into the journal: canonical (equal values, equal bytes) and lossless (every bit
/// of a double, NaN's too). Known are numbers, bool, enums, std::string, std::array, vector, deque, pair, tuple,
/// optional, variant, map and set (with multi), and types with KILN_COLUMNS: their named fields, which may be of any of
/// these types. Any other type may have
///
///     void encode(kiln::ByteWriter& out) const;
///     static TheType decode(kiln::ByteReader& in);
///
/// or be known to Boost.Serialization, with #include <kiln/serialization.hpp>. Hash tables are refused, as their order
/// differs from place to place, and so are pointers.
///
/// read() throws kiln::Error (internal) where the bytes are not what write() wrote; counts are checked against the
/// bytes that are left before memory is taken for them.
template <class T>
struct Codec {
  static void write(ByteWriter& out, const T& value) { detail::Coding<T>::write(out, value); }
  static T read(ByteReader& in) { return detail::Coding<T>::read(in); }
};

}  // namespace kiln
