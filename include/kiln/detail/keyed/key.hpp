#pragma once

#include <kiln/detail/keyed/hash.hpp>
#include <kiln/detail/keyed/key_parts.hpp>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace kiln::detail {

/// Longest key, in bytes of its encoding.
inline constexpr std::size_t kLongestKey = 0x7fffffff;

/// A key, ready to be looked up: its encoding, which lives as long as the key and the room it was encoded in.
struct PreparedKey {
  std::string_view bytes;
  KeyWords words;          ///< of at most 16 bytes; else nothing
  std::uint64_t hash = 0;  ///< of the bytes
};

/// The type that keys are kept as: of text the text itself.
template <class Given>
using KeyOf = std::conditional_t<std::is_convertible_v<const std::remove_cvref_t<Given>&, std::string_view>,
                                 std::string, std::remove_cvref_t<Given>>;

[[noreturn]] inline void refuse_long_key(std::size_t size) {
  throw std::length_error("a key of " + std::to_string(size) + " bytes: keys may have up to " +
                          std::to_string(kLongestKey) + "; emit a shorter one, such as its beginning and a hash");
}

/// The first 8 bytes of an encoding as a number: its order is the keys' order, but for ties.
inline std::uint64_t key_prefix(std::string_view bytes) {
  return big_endian(bytes.size() >= 8 ? load_word(bytes.data()) : short_words(bytes.data(), bytes.size()).a);
}

/// How keys of type K are seen, encoded and read. Encoding: kiln/detail/keyed/key_parts.hpp.
template <class K>
struct KeyTraits {
  using View = const K&;  ///< what a key is looked up by
  static constexpr std::size_t kFixed = KeyPart<K>::kFixed;

  /// Room for the encoding of one key; kept, so that nothing is allocated for the next one.
  struct Room {
    std::conditional_t<kFixed != 0, std::array<char, kFixed == 0 ? 1 : kFixed>, std::string> bytes;
  };

  /// Throws std::length_error where the key is too long.
  static PreparedKey prepare(const K& key, Room& room) {
    if constexpr (kIsNumber<K>) {
      // In registers: what was just written byte by byte could not be read back as a word without waiting.
      const auto bytes = big_endian(ordered_number(key));
      std::memcpy(room.bytes.data(), &bytes, sizeof bytes);
      const KeyWords words{bytes, 0};
      return {{room.bytes.data(), kFixed}, words, hash_words(words, kFixed)};
    } else {
      return prepare_bytes(encode(key, room));
    }
  }
  static std::string_view encode(const K& key, Room& room) {
    if constexpr (kFixed != 0) {
      KeyPart<K>::put(key, room.bytes.data());
    } else {
      room.bytes.clear();
      KeyPart<K>::append(key, room.bytes);
    }
    return {room.bytes.data(), room.bytes.size()};
  }
  /// Of an encoding that is at hand.
  static PreparedKey prepare_bytes(std::string_view bytes) {
    if (bytes.size() > 16) {
      if (bytes.size() > kLongestKey) refuse_long_key(bytes.size());
      return {bytes, {}, hash_long(bytes.data(), bytes.size())};
    }
    const KeyWords words = short_words(bytes.data(), bytes.size());
    return {bytes, words, hash_words(words, bytes.size())};
  }
  /// Throws kiln::Error (internal) where the bytes are no key.
  static K decode(std::string_view bytes) {
    KeyReader in(bytes);
    K key = KeyPart<K>::read(in);
    in.expect_done();
    return key;
  }
};

/// Text alone is its own encoding, and is looked up by any view of it.
template <>
struct KeyTraits<std::string> {
  using View = std::string_view;
  static constexpr std::size_t kFixed = 0;
  struct Room {};

  static PreparedKey prepare(std::string_view key, Room&) { return prepare_bytes(key); }
  static std::string_view encode(std::string_view key, Room&) { return key; }
  static PreparedKey prepare_bytes(std::string_view bytes) {
    if (bytes.size() > 16) {
      if (bytes.size() > kLongestKey) refuse_long_key(bytes.size());
      return {bytes, {}, hash_long(bytes.data(), bytes.size())};
    }
    const KeyWords words = short_words(bytes.data(), bytes.size());
    return {bytes, words, hash_words(words, bytes.size())};
  }
  static std::string_view decode(std::string_view bytes) { return bytes; }
};

}  // namespace kiln::detail
