#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/detail/columns_of.hpp>
#include <kiln/error.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// The parts of kiln::Codec, one a kind of type.
namespace kiln {

template <class T>
struct Codec;

namespace detail {

[[noreturn]] inline void damaged_value(const char* why) {
  throw Error(ExitCode::internal, std::string("an encoded value is damaged: ") + why);
}

/// kiln/serialization.hpp adds its functions for this tag.
struct BySerialization {};

template <class T>
concept EncodesItself = requires(const T& value, ByteWriter& out, ByteReader& in) {
  value.encode(out);
  { T::decode(in) } -> std::convertible_to<T>;
};
template <class T>
concept HashTable = requires { typename T::hasher; };
/// std::map, std::set and their multi.
template <class T>
concept Ordered = requires { typename T::key_compare; };
/// std::vector, std::deque, std::list.
template <class T>
concept Sequence = requires(T& value) {
  typename T::value_type;
  value.push_back(std::declval<typename T::value_type>());
  value.begin() != value.end();
};
template <class T>
concept Serializable = requires(const T& value, ByteWriter& out) { write_serialized(BySerialization{}, out, value); };

/// write and read of one kind of type. kLeast: the bytes that a value takes at least, 0 where that is not known.
template <class T>
struct Coding {
  static constexpr std::size_t kLeast = 0;
  static void write(ByteWriter& out, const T& value) {
    if constexpr (Serializable<T>) {
      write_serialized(BySerialization{}, out, value);
    } else {
      refuse();
    }
  }
  static T read(ByteReader& in) {
    if constexpr (Serializable<T>) {
      return read_serialized(BySerialization{}, in, static_cast<T*>(nullptr));
    } else {
      refuse();
    }
  }

 private:
  static void refuse() {
    static_assert(!HashTable<T>,
                  "kiln: the order of a hash table differs from place to place, so that equal values would have "
                  "different bytes: use std::map or std::set, or a type with encode and decode");
    static_assert(!std::is_pointer_v<T>, "kiln: a pointer says nothing on another rank: use the value itself");
    static_assert(
        HashTable<T> || std::is_pointer_v<T>,
        "kiln: values of this type cannot travel. Write KILN_COLUMNS(TheType, field, ...) behind the struct; or "
        "give it `void encode(kiln::ByteWriter&) const` and `static TheType decode(kiln::ByteReader&)`; or, "
        "where Boost.Serialization knows it, #include <kiln/serialization.hpp>");
  }
};

template <EncodesItself T>
struct Coding<T> {
  static constexpr std::size_t kLeast = 0;
  static void write(ByteWriter& out, const T& value) { value.encode(out); }
  static T read(ByteReader& in) { return T::decode(in); }
};

template <class T>
  requires kIsNumber<T>
struct Coding<T> {
  static constexpr std::size_t kLeast = sizeof(Number<T>);
  static void write(ByteWriter& out, const T& value) { out.put(static_cast<Number<T>>(value)); }
  static T read(ByteReader& in) {
    const auto number = in.get<Number<T>>();
    if constexpr (std::is_same_v<T, bool>) {
      if (number > 1) damaged_value("a bool is neither true nor false");
    }
    return from_number<T>(number);
  }
};

/// Without the bytes behind its value, which are nobody's.
template <>
struct Coding<long double> {
  static constexpr std::size_t kLeast = std::numeric_limits<long double>::digits == 64 ? 10 : sizeof(long double);
  static void write(ByteWriter& out, long double value) { out.put_raw(&value, kLeast); }
  static long double read(ByteReader& in) {
    long double value = 0;
    std::memcpy(&value, in.get_raw(kLeast).data(), kLeast);
    return value;
  }
};

template <>
struct Coding<std::string> {
  static constexpr std::size_t kLeast = sizeof(std::uint64_t);
  static void write(ByteWriter& out, const std::string& value) { out.put_text(value); }
  static std::string read(ByteReader& in) { return std::string(in.get_text()); }
};

template <>
struct Coding<std::monostate> {
  static constexpr std::size_t kLeast = 0;
  static void write(ByteWriter&, std::monostate) {}
  static std::monostate read(ByteReader&) { return {}; }
};

/// A number of values with the number in front. Of values that may take no bytes each has a 1 before it, so that a
/// count can always be checked.
template <class T>
struct Item {
  static constexpr bool kMarked = Coding<T>::kLeast == 0;
  static constexpr std::size_t kLeast = kMarked ? 1 : Coding<T>::kLeast;
  static void write(ByteWriter& out, const T& value) {
    if constexpr (kMarked) out.put(std::uint8_t{1});
    Codec<T>::write(out, value);
  }
  static T read(ByteReader& in) {
    if constexpr (kMarked) {
      if (in.get<std::uint8_t>() != 1) damaged_value("an item does not begin where it should");
    }
    return Codec<T>::read(in);
  }
};

/// Numbers whose memory is their encoding, many at once.
template <class T>
inline constexpr bool kInOnePiece = kIsNumber<T> && !std::is_same_v<T, bool>;

template <Sequence T>
  requires(!EncodesItself<T> && !Ordered<T> && !Described<T>)
struct Coding<T> {
  using Value = typename T::value_type;
  static constexpr std::size_t kLeast = sizeof(std::uint64_t);
  static constexpr bool kPiece = kInOnePiece<Value> && requires(T& values) { values.data(); };

  static void write(ByteWriter& out, const T& values) {
    out.put(static_cast<std::uint64_t>(values.size()));
    if constexpr (kPiece) {
      out.put_raw(values.data(), values.size() * sizeof(Value));
    } else {
      for (const auto& value : values) Item<Value>::write(out, value);
    }
  }
  static T read(ByteReader& in) {
    T values;
    const std::uint64_t count = in.get_count(Item<Value>::kLeast);
    if constexpr (kPiece) {
      const ByteView bytes = in.get_raw(count * sizeof(Value));
      values.resize(count);
      if (count != 0) std::memcpy(values.data(), bytes.data(), bytes.size());
    } else {
      for (std::uint64_t i = 0; i < count; ++i) values.push_back(Item<Value>::read(in));
    }
    return values;
  }
};

template <Ordered T>
  requires(!EncodesItself<T> && !Described<T>)
struct Coding<T> {
  using Key = typename T::key_type;
  static constexpr std::size_t kLeast = sizeof(std::uint64_t);
  static constexpr bool kMap = requires { typename T::mapped_type; };

  static void write(ByteWriter& out, const T& values) {
    out.put(static_cast<std::uint64_t>(values.size()));
    for (const auto& value : values) {
      if constexpr (kMap) {
        Item<Key>::write(out, value.first);
        Codec<typename T::mapped_type>::write(out, value.second);
      } else {
        Item<Key>::write(out, value);
      }
    }
  }
  static T read(ByteReader& in) {
    T values;
    const std::uint64_t count = in.get_count(Item<Key>::kLeast);
    for (std::uint64_t i = 0; i < count; ++i) {
      Key key = Item<Key>::read(in);
      if (!values.empty() && values.key_comp()(key, last_key(values))) damaged_value("keys are out of order");
      if constexpr (kMap) {
        values.emplace_hint(values.end(), std::move(key), Codec<typename T::mapped_type>::read(in));
      } else {
        values.emplace_hint(values.end(), std::move(key));
      }
      if (values.size() != i + 1) damaged_value("a key is there twice");
    }
    return values;
  }

 private:
  static const Key& last_key(const T& values) {
    if constexpr (kMap) {
      return std::prev(values.end())->first;
    } else {
      return *std::prev(values.end());
    }
  }
};

template <class T, std::size_t N>
struct Coding<std::array<T, N>> {
  static constexpr std::size_t kLeast = N * Coding<T>::kLeast;
  static void write(ByteWriter& out, const std::array<T, N>& values) {
    if constexpr (kInOnePiece<T>) {
      out.put_raw(values.data(), sizeof(T) * N);
    } else {
      for (const T& value : values) Codec<T>::write(out, value);
    }
  }
  static std::array<T, N> read(ByteReader& in) { return read_all(in, std::make_index_sequence<N>()); }

 private:
  template <std::size_t... I>
  static std::array<T, N> read_all(ByteReader& in, std::index_sequence<I...>) {
    if constexpr (kInOnePiece<T>) {
      std::array<T, N> values{};
      std::memcpy(values.data(), in.get_raw(sizeof(T) * N).data(), sizeof(T) * N);
      return values;
    } else {
      return {((void)I, Codec<T>::read(in))...};  // braces: from left to right
    }
  }
};

template <class... T>
struct Coding<std::tuple<T...>> {
  static constexpr std::size_t kLeast = (std::size_t{0} + ... + Coding<T>::kLeast);
  static void write(ByteWriter& out, const std::tuple<T...>& values) {
    std::apply([&](const T&... value) { (Codec<T>::write(out, value), ...); }, values);
  }
  static std::tuple<T...> read(ByteReader& in) { return std::tuple<T...>{Codec<T>::read(in)...}; }
};

template <class First, class Second>
struct Coding<std::pair<First, Second>> {
  static constexpr std::size_t kLeast = Coding<First>::kLeast + Coding<Second>::kLeast;
  static void write(ByteWriter& out, const std::pair<First, Second>& value) {
    Codec<First>::write(out, value.first);
    Codec<Second>::write(out, value.second);
  }
  static std::pair<First, Second> read(ByteReader& in) {
    return std::pair<First, Second>{Codec<First>::read(in), Codec<Second>::read(in)};
  }
};

template <class T>
struct Coding<std::optional<T>> {
  static constexpr std::size_t kLeast = 1;
  static void write(ByteWriter& out, const std::optional<T>& value) {
    Coding<bool>::write(out, value.has_value());
    if (value) Codec<T>::write(out, *value);
  }
  static std::optional<T> read(ByteReader& in) {
    if (!Coding<bool>::read(in)) return std::nullopt;
    return Codec<T>::read(in);
  }
};

template <class... T>
struct Coding<std::variant<T...>> {
  using Variant = std::variant<T...>;
  static constexpr std::size_t kLeast = sizeof(std::uint32_t);

  static void write(ByteWriter& out, const Variant& value) {
    if (value.valueless_by_exception()) damaged_value("a variant holds nothing");
    out.put(static_cast<std::uint32_t>(value.index()));
    std::visit([&]<class V>(const V& held) { Codec<V>::write(out, held); }, value);
  }
  static Variant read(ByteReader& in) { return read_one<0>(in, in.get<std::uint32_t>()); }

 private:
  template <std::size_t I>
  static Variant read_one(ByteReader& in, std::uint32_t index) {
    if constexpr (I < sizeof...(T)) {
      if (index != I) return read_one<I + 1>(in, index);
      return Variant(std::in_place_index<I>, Codec<std::variant_alternative_t<I, Variant>>::read(in));
    } else {
      damaged_value("a variant holds none of its types");
    }
  }
};

/// A field as it lies in its struct: a T[N] too.
template <class F>
struct FieldCoding {
  static constexpr std::size_t kLeast = Coding<F>::kLeast;
  static void write(ByteWriter& out, const F& value) { Codec<F>::write(out, value); }
  static void read(ByteReader& in, F& value) { value = Codec<F>::read(in); }
};
template <class F, std::size_t N>
struct FieldCoding<F[N]> {
  static constexpr std::size_t kLeast = N * FieldCoding<F>::kLeast;
  static void write(ByteWriter& out, const F (&values)[N]) {
    for (const F& value : values) FieldCoding<F>::write(out, value);
  }
  static void read(ByteReader& in, F (&values)[N]) {
    for (F& value : values) FieldCoding<F>::read(in, value);
  }
};

template <class List>
struct MembersCoding;
template <class T, auto... Pointers>
struct MembersCoding<Members<T, Pointers...>> {
  static constexpr std::size_t kLeast = (std::size_t{0} + ... + FieldCoding<FieldType<Pointers>>::kLeast);
  static void write(ByteWriter& out, const T& object) {
    (FieldCoding<FieldType<Pointers>>::write(out, object.*Pointers), ...);
  }
  static T read(ByteReader& in) {
    static_assert(std::is_default_constructible_v<T>,
                  "kiln: to be read, a type with KILN_COLUMNS needs a default constructor; or encode and decode");
    T object{};
    (FieldCoding<FieldType<Pointers>>::read(in, object.*Pointers), ...);
    return object;
  }
};

template <Described T>
  requires(!EncodesItself<T>)
struct Coding<T> : MembersCoding<MembersOf<T>> {};

}  // namespace detail
}  // namespace kiln
