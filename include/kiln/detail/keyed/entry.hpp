#pragma once

#include <kiln/detail/keyed/key.hpp>
#include <kiln/detail/keyed/value.hpp>
#include <kiln/error.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace kiln::detail {

/// An entry as it lies in a block, a shard or a run; views into it.
struct Entry {
  std::uint64_t hash = 0;
  std::uint64_t unit = 0;  ///< 0 where entries carry none
  std::string_view key;    ///< its encoding
  std::string_view value;  ///< its encoding
  const char* begin = nullptr;
  const char* end = nullptr;

  std::size_t size() const { return static_cast<std::size_t>(end - begin); }
};

[[noreturn]] inline void damaged_entry(const char* why) {
  throw Error(ExitCode::internal,
              std::string("a block of keyed data is damaged: ") + why + ": please report it, with the log");
}

/// What entries are in order by, first: the hash of the key, or the key.
enum class EntryOrder : std::uint8_t { hash, key };

/// The bytes of entries, all little-endian: hash (8; not of short keys of fixed size, nor in the order of keys), unit
/// (8; only kUnits), length of the key (4) and of the value (4) where these differ from entry to entry, key, value.
template <class K, class V, bool kUnits, EntryOrder kOrder = EntryOrder::hash>
struct EntryFormat {
  using Key = K;
  using Value = V;
  using Keys = KeyTraits<K>;
  using Values = ValueTraits<V>;
  static constexpr bool kHasUnits = kUnits;
  static constexpr EntryOrder kOrderedBy = kOrder;
  /// Of short fixed keys the hash takes less time than its bytes.
  static constexpr bool kHasHash = kOrder == EntryOrder::hash && (Keys::kFixed == 0 || Keys::kFixed > 16);
  static constexpr bool kHasKeySize = Keys::kFixed == 0;
  static constexpr bool kHasValueSize = !Values::kIsFixed;
  static constexpr std::size_t kHead =
      (kHasHash ? 8U : 0U) + (kUnits ? 8U : 0U) + (kHasKeySize ? 4U : 0U) + (kHasValueSize ? 4U : 0U);
  static constexpr std::size_t kLeast = kHead + Keys::kFixed + Values::kFixed;
  /// Whether all entries have kLeast bytes.
  static constexpr bool kIsFixed = !kHasKeySize && !kHasValueSize;

  /// A value, ready to be written.
  struct PreparedValue {
    typename Values::Given value;
    std::string_view bytes;  ///< of values of different sizes
  };
  /// Throws std::length_error where it is too long.
  static PreparedValue prepare(typename Values::Given value, ByteWriter& room) {
    if constexpr (!kHasValueSize) {
      return {value, {}};
    } else {
      const std::string_view bytes = Values::encode(value, room);
      if (bytes.size() > std::numeric_limits<std::uint32_t>::max()) {
        throw std::length_error("a value of " + std::to_string(bytes.size()) +
                                " bytes: a value beside a key may have up to 4294967295");
      }
      return {value, bytes};
    }
  }

  static std::size_t size(const PreparedKey& key, const PreparedValue& value) {
    return kHead + key.bytes.size() + (kHasValueSize ? value.bytes.size() : Values::kFixed);
  }
  /// Writes size() bytes.
  static void put(char* to, const PreparedKey& key, const PreparedValue& value, std::uint64_t unit) {
    if constexpr (kHasHash) to = put_number(to, key.hash);
    if constexpr (kUnits) to = put_number(to, unit);
    if constexpr (kHasKeySize) to = put_number(to, static_cast<std::uint32_t>(key.bytes.size()));
    if constexpr (kHasValueSize) to = put_number(to, static_cast<std::uint32_t>(value.bytes.size()));
    if constexpr (Keys::kFixed != 0) {
      std::memcpy(to, key.bytes.data(), Keys::kFixed);
      to += Keys::kFixed;
    } else {
      to = put_bytes(to, key.bytes);
    }
    if constexpr (kHasValueSize) {
      put_bytes(to, value.bytes);
    } else {
      FixedValue<V>::put(value.value, to);
    }
  }

  /// The entry at `at`, before `end`. Throws kiln::Error (internal) where there is not a whole one.
  static Entry parse(const char* at, const char* end) {
    Entry entry;
    parse(at, end, entry);
    return entry;
  }
  /// The same into `entry`, field by field: one that is made and then copied waits for its own fields.
  static void parse(const char* at, const char* end, Entry& entry) {
    parse_parts(at, end, entry);
    if constexpr (kOrder == EntryOrder::hash && !kHasHash) entry.hash = KeyTraits<Key>::prepare_bytes(entry.key).hash;
  }
  /// The entry at `at`, which is known to be whole.
  static Entry read(const char* at) { return parse(at, at + kAnything); }
  /// The same, without a hash where none lies there.
  static Entry look(const char* at) {
    Entry entry;
    parse_parts(at, at + kAnything, entry);
    return entry;
  }
  static void look(const char* at, Entry& entry) { parse_parts(at, at + kAnything, entry); }

  /// The number by which entries come first: those of one number are one key but for ties.
  static std::uint64_t order(const Entry& entry) {
    return kOrder == EntryOrder::hash ? entry.hash : key_prefix(entry.key);
  }
  /// Whether `left` comes before `right`: by order(), key, unit.
  static bool is_before(const Entry& left, const Entry& right) {
    const std::uint64_t left_order = order(left), right_order = order(right);
    return left_order != right_order ? left_order < right_order : is_before_in_order(left, right);
  }
  /// The same of two whose order() is equal.
  static bool is_before_in_order(const Entry& left, const Entry& right) {
    const int keys = compare_keys(left.key, right.key);
    return keys != 0 ? keys < 0 : left.unit < right.unit;
  }
  /// Below, at or above 0: as the order of the keys.
  static int compare_keys(std::string_view left, std::string_view right) {
    if constexpr (Keys::kFixed == 8) {
      const std::uint64_t one = big_endian(load_word(left.data())), other = big_endian(load_word(right.data()));
      return (one > other ? 1 : 0) - (one < other ? 1 : 0);
    } else if constexpr (Keys::kFixed != 0) {
      return std::memcmp(left.data(), right.data(), Keys::kFixed);
    } else {
      return left.compare(right);
    }
  }
  static bool is_same_key(std::string_view left, std::string_view right) {
    if constexpr (Keys::kFixed != 0) {
      return std::memcmp(left.data(), right.data(), Keys::kFixed) == 0;
    } else {
      return left == right;
    }
  }

  /// All entries in order, as f(Entry). Throws as parse().
  template <class F>
  static void for_each(std::string_view bytes, F&& f) {
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    Entry entry;
    while (at != end) {
      parse(at, end, entry);
      at = entry.end;
      f(std::as_const(entry));
    }
  }

 private:
  static constexpr std::size_t kAnything = std::size_t{1} << 40;

  [[gnu::always_inline]] static inline void parse_parts(const char* at, const char* end, Entry& entry) {
    const auto left = static_cast<std::size_t>(end - at);
    if (left < kLeast) damaged_entry("an entry is cut off");
    entry.begin = at;
    if constexpr (kHasHash) entry.hash = take_number<std::uint64_t>(at);
    if constexpr (kUnits) entry.unit = take_number<std::uint64_t>(at);
    std::size_t key = Keys::kFixed, value = Values::kFixed;
    if constexpr (kHasKeySize) key = take_number<std::uint32_t>(at);
    if constexpr (kHasValueSize) value = take_number<std::uint32_t>(at);
    if constexpr (!kIsFixed) {
      if (key + value > left - kHead) damaged_entry("a key or value ends behind its block");
      if (key > kLongestKey) damaged_entry("a key is too long");
    }
    entry.key = std::string_view(at, key);
    entry.value = std::string_view(at + key, value);
    entry.end = at + key + value;
  }

  template <class T>
  static char* put_number(char* to, T number) {
    std::memcpy(to, &number, sizeof number);
    return to + sizeof number;
  }
  template <class T>
  static T take_number(const char*& at) {
    T number{};
    std::memcpy(&number, at, sizeof number);
    at += sizeof number;
    return number;
  }
  static char* put_bytes(char* to, std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    return to + bytes.size();
  }
};

/// The shard of a key, of so many: by the highest bits, so that shards are ranges of the hash.
inline std::uint32_t shard_of(std::uint64_t hash, std::uint32_t shards) {
  return static_cast<std::uint32_t>(((hash >> 32) * shards) >> 32);
}

}  // namespace kiln::detail
