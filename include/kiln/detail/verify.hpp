#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/monoid.hpp>

#include <string>
#include <utility>

namespace kiln::detail {

template <class T>
Bytes value_to_bytes(const T& value) {
  ByteWriter out;
  Codec<T>::write(out, value);
  return out.take();
}

template <class T>
T value_from_bytes(ByteView bytes) {
  ByteReader in(bytes, "an encoded value");
  T value = Codec<T>::read(in);
  in.expect_done();
  return value;
}

template <Monoid M>
Bytes encode_merged(const M& monoid, typename M::value_type left, const typename M::value_type& right) {
  monoid.merge(left, right);
  return value_to_bytes(left);
}

/// Whether a value is the same, to the last bit and under merge, after it has travelled; and whether an exact monoid
/// commutes. What is broken, in words for the user; "" where nothing was found.
template <Monoid M>
std::string verify_values(const M& monoid, const typename M::value_type& a, const typename M::value_type& b) {
  using Value = typename M::value_type;
  const std::string name = "monoid \"" + std::string(monoid.describe()) + "\": ";
  const Bytes bytes = value_to_bytes(a);
  const Value again = value_from_bytes<Value>(bytes);
  if (value_to_bytes(again) != bytes) return name + "decode(encode(x)) is not x to the last bit";
  const Value other = value_from_bytes<Value>(value_to_bytes(b));
  const Bytes merged = encode_merged(monoid, a, b);
  if (encode_merged(monoid, a, b) != merged) return name + "merge gives different bits for the same two values";
  if (encode_merged(monoid, again, other) != merged) {
    return name + "merge gives different bits for values that were encoded and decoded: the codec loses something";
  }
  if (M::exact && encode_merged(monoid, b, a) != merged) {
    return name + "it says that it is exact, but merge(a, b) and merge(b, a) differ";
  }
  return {};
}

}  // namespace kiln::detail
