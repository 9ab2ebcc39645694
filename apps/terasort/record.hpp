#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <kiln/columns.hpp>
#include <string>
#include <string_view>

/// Records of the sort benchmark: 100 bytes, of which the first 10 are the key.
namespace terasort {

inline constexpr std::size_t kKey = 10, kRecord = 100;
using Key = std::array<unsigned char, kKey>;
using Record = std::array<unsigned char, kRecord>;

inline Key key_of(const Record& record) {
  Key key;
  std::memcpy(key.data(), record.data(), kKey);
  return key;
}

/// Record `number` of the file that `seed` names: a key of random bytes, then the number.
Record make_record(std::uint64_t seed, std::uint64_t number);

/// What is known of records that lie one behind the other.
struct Summary {
  std::uint64_t records = 0;
  std::uint64_t checksum = 0;   ///< sum of their hashes: the same in any order
  std::uint64_t disorders = 0;  ///< how many are smaller than the one before
  Key first{}, last{};

  void add(const Record& record);
  void add(const Summary& next);
};
KILN_COLUMNS(Summary, records, checksum, disorders, first, last)

/// As a reduction, of records in the order of their file or of parts of it.
struct Summarize {
  using value_type = Summary;
  static constexpr bool exact = false;

  static std::string describe() { return "summary of records"; }
  static Summary lift(const Record& record) {
    Summary one;
    one.add(record);
    return one;
  }
  static Summary lift(const Summary& part) { return part; }
  static void merge(Summary& left, const Summary& right) { left.add(right); }
};

}  // namespace terasort
