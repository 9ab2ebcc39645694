#pragma once

#include <kiln/codec.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

/// How values lie in entries: those that always take the same number of bytes without a length, text as it is, others
/// as their codec writes them. Canonical and lossless, as the codec.
namespace kiln::detail {

/// kSize: bytes of every value, or -1 where they differ. put() writes them and gives the end.
template <class T>
struct FixedValue {
  static constexpr std::ptrdiff_t kSize = -1;
};

template <class T>
  requires kIsNumber<T>
struct FixedValue<T> {
  static constexpr std::ptrdiff_t kSize = sizeof(Number<T>);
  static char* put(const T& value, char* to) {
    const auto number = static_cast<Number<T>>(value);
    std::memcpy(to, &number, sizeof number);
    return to + sizeof number;
  }
};

template <>
struct FixedValue<std::monostate> {
  static constexpr std::ptrdiff_t kSize = 0;
  static char* put(std::monostate, char* to) { return to; }
};

template <class... T>
struct FixedValues {
  static constexpr std::ptrdiff_t kSize =
      ((FixedValue<T>::kSize >= 0) && ...) ? (std::ptrdiff_t{0} + ... + FixedValue<T>::kSize) : -1;
  static char* put(const T&... values, char* to) {
    ((to = FixedValue<T>::put(values, to)), ...);
    return to;
  }
};
template <class First, class Second>
struct FixedValue<std::pair<First, Second>> {
  using All = FixedValues<First, Second>;
  static constexpr std::ptrdiff_t kSize = All::kSize;
  static char* put(const std::pair<First, Second>& value, char* to) { return All::put(value.first, value.second, to); }
};
template <class... T>
struct FixedValue<std::tuple<T...>> {
  using All = FixedValues<T...>;
  static constexpr std::ptrdiff_t kSize = All::kSize;
  static char* put(const std::tuple<T...>& value, char* to) {
    return std::apply([to](const T&... parts) { return All::put(parts..., to); }, value);
  }
};
template <class T, std::size_t N>
struct FixedValue<std::array<T, N>> {
  static constexpr std::ptrdiff_t kSize = FixedValue<T>::kSize < 0 ? -1 : std::ptrdiff_t{N} * FixedValue<T>::kSize;
  static char* put(const std::array<T, N>& values, char* to) {
    if constexpr (kInOnePiece<T>) {
      std::memcpy(to, values.data(), sizeof(T) * N);
      return to + sizeof(T) * N;
    } else {
      for (const T& value : values) to = FixedValue<T>::put(value, to);
      return to;
    }
  }
};

/// A field of a struct; a T[N] too.
template <class T, std::size_t N>
struct FixedValue<T[N]> {
  static constexpr std::ptrdiff_t kSize = FixedValue<T>::kSize < 0 ? -1 : std::ptrdiff_t{N} * FixedValue<T>::kSize;
  static char* put(const T (&values)[N], char* to) {
    for (const T& value : values) to = FixedValue<T>::put(value, to);
    return to;
  }
};
template <class List>
struct FixedMembers;
template <class T, auto... Pointers>
struct FixedMembers<Members<T, Pointers...>> {
  using All = FixedValues<FieldType<Pointers>...>;
  static constexpr std::ptrdiff_t kSize = All::kSize;
  static char* put(const T& object, char* to) { return All::put(object.*Pointers..., to); }
};
template <Described T>
  requires(!EncodesItself<T>)
struct FixedValue<T> : FixedMembers<MembersOf<T>> {};

template <class V>
struct ValueTraits {
  static constexpr bool kIsFixed = FixedValue<V>::kSize >= 0;
  static constexpr std::size_t kFixed = kIsFixed ? static_cast<std::size_t>(FixedValue<V>::kSize) : 0;
  static constexpr bool kIsText = std::is_same_v<V, std::string>;
  /// What a value is read as: of text a view, of others the value.
  using View = std::conditional_t<kIsText, std::string_view, V>;
  /// What is given to be written.
  using Given = std::conditional_t<kIsText, std::string_view, const V&>;

  /// Of values of different sizes. The bytes live until the next call, those of text as long as it.
  static std::string_view encode(Given value, ByteWriter& room) {
    if constexpr (kIsText) {
      return value;
    } else {
      room.truncate(0);
      Codec<V>::write(room, value);
      return as_text(room.view());
    }
  }
  /// Throws kiln::Error (internal) where the bytes are no value.
  static View decode(std::string_view bytes) {
    if constexpr (kIsText) {
      return bytes;
    } else if constexpr (kInOnePiece<V> && !std::is_enum_v<V>) {
      if (bytes.size() != sizeof(V)) damaged_value("a number has not its size");
      V value{};
      std::memcpy(&value, bytes.data(), sizeof value);
      return value;
    } else {
      ByteReader in(as_bytes(bytes), "a value of keyed data");
      V value = Codec<V>::read(in);
      in.expect_done();
      return value;
    }
  }
};

}  // namespace kiln::detail
