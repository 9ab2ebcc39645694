#pragma once

#include <kiln/detail/bytes.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::detail {

/// A place in the order of a sort, in front of all entries that have this key and unit, or greater ones.
struct SortPlace {
  std::string key;  ///< an encoding, or the beginning of one
  std::uint64_t unit = 0;
  std::strong_ordering operator<=>(const SortPlace&) const = default;
  bool operator==(const SortPlace&) const = default;

  /// Whether an entry lies before it.
  bool is_behind(std::string_view entry_key, std::uint64_t entry_unit) const {
    const int order = entry_key.compare(key);
    return order < 0 || (order == 0 && entry_unit < unit);
  }
  void encode(ByteWriter& out) const;
  /// Throws kiln::Error (internal) where the bytes are damaged.
  static SortPlace decode(ByteReader& in);
};

/// Part of the order of a sort.
struct KeyRange {
  SortPlace begin, end;
  bool ends = false;         ///< else it has no end
  std::uint64_t before = 0;  ///< entries that come before it, in pieces that need not be opened
};

/// Bytes of a key that a place has at most.
inline constexpr std::size_t kLongestPlace = 1024;

/// Some of the keys of a sort, drawn so that every byte of the entries has about the same chance: those kMost that come
/// first by a lot that depends on unit, place in the unit and size of an entry, and on nothing else. So the sample of
/// a union is the union's sample, however the entries were dealt out.
class KeySample {
 public:
  static constexpr std::size_t kMost = 4096;

  /// `number`: how many entries of the unit come before; `size` in bytes.
  static std::uint64_t lot(std::uint64_t unit, std::uint64_t number, std::size_t size);
  /// Whether add() would take one of this lot.
  bool takes(std::uint64_t lot) const { return keys_.size() < kMost || lot <= keys_.front().lot; }
  void add(std::uint64_t lot, std::string_view key, std::uint64_t unit);
  void add(const KeySample& other);

  std::size_t bytes() const;
  /// Places that cut what the sample is of into `ranges` of about equal bytes: one fewer than these, ascending; fewer
  /// where the sample is small.
  std::vector<SortPlace> cut(std::uint64_t ranges) const;

  void encode(ByteWriter& out) const;
  /// Throws kiln::Error (internal) where the bytes are damaged.
  static KeySample decode(ByteReader& in);

 private:
  struct Key {
    std::uint64_t lot = 0;
    SortPlace place;
    std::strong_ordering operator<=>(const Key&) const = default;
    bool operator==(const Key&) const = default;
  };
  void add(Key key);

  std::vector<Key> keys_;  // a heap, the last one in front
};

}  // namespace kiln::detail
