#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/monoid.hpp>

#include <string>

// Stand-ins until kiln/codec.hpp is there.
#if !__has_include(<kiln/codec.hpp>)
template <class T>
  requires std::is_arithmetic_v<T>
struct kiln::Codec<T> {
  static void write(ByteWriter& out, const T& value) { out.put(value); }
  static T read(ByteReader& in) { return in.get<T>(); }
};
template <>
struct kiln::Codec<std::string> {
  static void write(ByteWriter& out, const std::string& value) { out.put_text(value); }
  static std::string read(ByteReader& in) { return std::string(in.get_text()); }
};
#endif
