#pragma once

#include <kiln/detail/codec_parts.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

/// The parts of a key's canonical encoding. It keeps the order: of two keys the one whose bytes come first (a shorter
/// one before those that it begins) is the smaller. Equal keys, equal bytes: -0.0 is 0.0, and every NaN is one NaN,
/// behind all numbers.
namespace kiln::detail {

/// Reads a key's encoding; throws kiln::Error (internal) where it is none.
class KeyReader {
 public:
  explicit KeyReader(std::string_view bytes) : rest_(bytes) {}

  std::string_view take(std::size_t size) {
    if (size > rest_.size()) damaged_value("a key ends too early");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::uint8_t take_byte() { return static_cast<std::uint8_t>(take(1)[0]); }
  /// f(reader of the rest, all bits the other way round); what it takes is taken.
  template <class F>
  auto flipped(F&& f);
  void expect_done() const {
    if (!rest_.empty()) damaged_value("there is more than a key");
  }

 private:
  std::string_view rest_;
};

inline void flip_bits(char* begin, const char* end) {
  for (; begin != end; ++begin) *begin = static_cast<char>(~*begin);
}

template <class F>
auto KeyReader::flipped(F&& f) {
  std::string bytes(rest_);
  flip_bits(bytes.data(), bytes.data() + bytes.size());
  KeyReader in(bytes);
  auto read = f(in);
  rest_.remove_prefix(bytes.size() - in.rest_.size());
  return read;
}

/// Of a type that can be in a key: kFixed, the number of its bytes where that is always the same, else 0;
/// put(T, to), which gives the end, where it is fixed; else append(T, std::string&); and read.
template <class T>
struct KeyPart {
  static_assert(kNever<T>,
                "kiln: values of this type cannot be keys. Keys are numbers (not long double), bool, enums, "
                "std::string, pairs, tuples, std::array, std::vector and std::optional of these, and structs with "
                "KILN_COLUMNS, all of whose fields are part of the key");
  static constexpr std::size_t kFixed = 0;
};

template <class T>
void append_part(const T& value, std::string& to) {
  if constexpr (KeyPart<T>::kFixed != 0) {
    char bytes[KeyPart<T>::kFixed];
    KeyPart<T>::put(value, bytes);
    to.append(bytes, sizeof bytes);
  } else {
    KeyPart<T>::append(value, to);
  }
}

/// An unsigned number whose order is the value's.
template <class T>
auto ordered_number(T value) {
  using N = Number<T>;
  const N number = static_cast<N>(value);
  if constexpr (std::is_floating_point_v<N>) {
    using U = std::conditional_t<sizeof(N) == 4, std::uint32_t, std::uint64_t>;
    constexpr U kSign = U{1} << (sizeof(U) * 8 - 1);
    if (std::isnan(number)) return static_cast<U>(std::bit_cast<U>(std::numeric_limits<N>::quiet_NaN()) | kSign);
    const U bits = number == 0 ? U{0} : std::bit_cast<U>(number);
    return static_cast<U>((bits & kSign) != 0 ? ~bits : bits | kSign);
  } else {
    using U = std::make_unsigned_t<N>;
    constexpr U kFlip = std::is_signed_v<N> ? static_cast<U>(U{1} << (sizeof(U) * 8 - 1)) : U{0};
    return static_cast<U>(static_cast<U>(number) ^ kFlip);
  }
}
template <class T, class U>
T from_ordered(U bits) {
  using N = Number<T>;
  constexpr U kTop = static_cast<U>(U{1} << (sizeof(U) * 8 - 1));
  if constexpr (std::is_floating_point_v<N>) {
    return static_cast<T>(std::bit_cast<N>(static_cast<U>((bits & kTop) != 0 ? bits ^ kTop : ~bits)));
  } else {
    return from_number<T>(static_cast<N>(static_cast<U>(bits ^ (std::is_signed_v<N> ? kTop : U{0}))));
  }
}

template <class U>
U big_endian(U value) {
  if constexpr (sizeof(U) == 8) {
    return __builtin_bswap64(value);
  } else if constexpr (sizeof(U) == 4) {
    return __builtin_bswap32(value);
  } else if constexpr (sizeof(U) == 2) {
    return __builtin_bswap16(value);
  } else {
    return value;
  }
}

template <class T>
  requires kIsNumber<T>
struct KeyPart<T> {
  static constexpr std::size_t kFixed = sizeof(Number<T>);
  static char* put(T value, char* to) {
    const auto bytes = big_endian(ordered_number(value));
    std::memcpy(to, &bytes, sizeof bytes);
    return to + sizeof bytes;
  }
  static T read(KeyReader& in) {
    decltype(ordered_number(T{})) bytes{};
    std::memcpy(&bytes, in.take(sizeof bytes).data(), sizeof bytes);
    bytes = big_endian(bytes);
    if constexpr (std::is_same_v<T, bool>) {
      if (bytes > 1) damaged_value("a bool in a key is neither true nor false");
    }
    return from_ordered<T>(bytes);
  }
};

/// In a row of parts: a zero byte is 0 255, the end is 0 1.
template <>
struct KeyPart<std::string> {
  static constexpr std::size_t kFixed = 0;
  static void append(std::string_view value, std::string& to) {
    while (true) {
      const std::size_t zero = value.find('\0');
      to.append(value.substr(0, zero));
      if (zero == std::string_view::npos) break;
      to.append("\0\xff", 2);
      value.remove_prefix(zero + 1);
    }
    to.append("\0\1", 2);
  }
  static std::string read(KeyReader& in) {
    std::string value;
    while (true) {
      const char byte = in.take(1)[0];
      if (byte != '\0') {
        value.push_back(byte);
        continue;
      }
      const std::uint8_t next = in.take_byte();
      if (next == 1) return value;
      if (next != 255) damaged_value("a text in a key has no end");
      value.push_back('\0');
    }
  }
};

/// Several parts, one behind the other.
template <class... T>
struct KeyParts {
  static constexpr std::size_t kFixed =
      ((KeyPart<T>::kFixed != 0) && ...) ? (std::size_t{0} + ... + KeyPart<T>::kFixed) : 0;
  static char* put(const T&... values, char* to) {
    ((to = KeyPart<T>::put(values, to)), ...);
    return to;
  }
  static void append(const T&... values, std::string& to) { (append_part(values, to), ...); }
};

template <class First, class Second>
struct KeyPart<std::pair<First, Second>> {
  using Parts = KeyParts<First, Second>;
  static constexpr std::size_t kFixed = Parts::kFixed;
  static char* put(const std::pair<First, Second>& value, char* to) {
    return Parts::put(value.first, value.second, to);
  }
  static void append(const std::pair<First, Second>& value, std::string& to) {
    Parts::append(value.first, value.second, to);
  }
  static std::pair<First, Second> read(KeyReader& in) {
    return std::pair<First, Second>{KeyPart<First>::read(in), KeyPart<Second>::read(in)};
  }
};

template <class... T>
struct KeyPart<std::tuple<T...>> {
  static_assert(sizeof...(T) > 0, "kiln: a tuple without parts is no key");
  using Parts = KeyParts<T...>;
  static constexpr std::size_t kFixed = Parts::kFixed;
  static char* put(const std::tuple<T...>& value, char* to) {
    return std::apply([to](const T&... parts) { return Parts::put(parts..., to); }, value);
  }
  static void append(const std::tuple<T...>& value, std::string& to) {
    std::apply([&](const T&... parts) { Parts::append(parts..., to); }, value);
  }
  static std::tuple<T...> read(KeyReader& in) { return std::tuple<T...>{KeyPart<T>::read(in)...}; }
};

template <class T, std::size_t N>
struct KeyPart<std::array<T, N>> {
  static_assert(N > 0, "kiln: an array without values is no key");
  static constexpr std::size_t kFixed = N * KeyPart<T>::kFixed;
  /// Bytes whose memory is their encoding.
  static constexpr bool kRaw = std::is_same_v<T, unsigned char> || std::is_same_v<T, std::byte>;
  static char* put(const std::array<T, N>& values, char* to) {
    if constexpr (kRaw) {
      std::memcpy(to, values.data(), N);
      return to + N;
    } else {
      for (const T& value : values) to = KeyPart<T>::put(value, to);
      return to;
    }
  }
  static void append(const std::array<T, N>& values, std::string& to) {
    for (const T& value : values) append_part(value, to);
  }
  static std::array<T, N> read(KeyReader& in) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return std::array<T, N>{((void)I, KeyPart<T>::read(in))...};
    }(std::make_index_sequence<N>());
  }
};

template <class T>
struct KeyPart<std::optional<T>> {
  static constexpr std::size_t kFixed = 0;
  static void append(const std::optional<T>& value, std::string& to) {
    to.push_back(value ? '\1' : '\0');
    if (value) append_part(*value, to);
  }
  static std::optional<T> read(KeyReader& in) {
    const std::uint8_t there = in.take_byte();
    if (there > 1) damaged_value("a part of a key is neither there nor missing");
    if (there == 0) return std::nullopt;
    return KeyPart<T>::read(in);
  }
};

template <class T, class Allocator>
struct KeyPart<std::vector<T, Allocator>> {
  static constexpr std::size_t kFixed = 0;
  static void append(const std::vector<T, Allocator>& values, std::string& to) {
    for (const T& value : values) {
      to.push_back('\1');
      append_part(value, to);
    }
    to.push_back('\0');
  }
  static std::vector<T, Allocator> read(KeyReader& in) {
    std::vector<T, Allocator> values;
    while (true) {
      const std::uint8_t more = in.take_byte();
      if (more > 1) damaged_value("a list in a key has no end");
      if (more == 0) return values;
      values.push_back(KeyPart<T>::read(in));
    }
  }
};

template <class List>
struct MembersKey;
template <class T, auto... Pointers>
struct MembersKey<Members<T, Pointers...>> {
  using Parts = KeyParts<FieldType<Pointers>...>;
  static constexpr std::size_t kFixed = Parts::kFixed;
  static char* put(const T& object, char* to) { return Parts::put(object.*Pointers..., to); }
  static void append(const T& object, std::string& to) { Parts::append(object.*Pointers..., to); }
  static T read(KeyReader& in) {
    static_assert(std::is_default_constructible_v<T>, "kiln: a struct that is a key needs a default constructor");
    T object{};
    ((object.*Pointers = KeyPart<FieldType<Pointers>>::read(in)), ...);
    return object;
  }
};
template <Described T>
struct KeyPart<T> : MembersKey<MembersOf<T>> {};

}  // namespace kiln::detail
