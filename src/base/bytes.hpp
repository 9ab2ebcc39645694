#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace kiln {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

inline ByteView as_bytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }
inline std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// 64-bit XXH3 of the bytes; the checksum of every format of kiln's.
std::uint64_t checksum(ByteView bytes);

/// Appends values in little-endian order (the only order kiln's formats know; checked at compile time).
class ByteWriter {
 public:
  template <class T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void put(T value) {
    put_raw(&value, sizeof value);
  }
  /// A 64-bit length, then the bytes.
  void put_bytes(ByteView bytes);
  void put_text(std::string_view text) { put_bytes(as_bytes(text)); }
  /// The bytes alone, without a length.
  void put_raw(const void* data, std::size_t size);

  std::size_t size() const { return bytes_.size(); }
  ByteView view() const { return bytes_; }
  void reserve(std::size_t size) { bytes_.reserve(size); }
  /// Overwrites what was put at `offset` earlier.
  template <class T>
    requires std::is_arithmetic_v<T>
  void patch(std::size_t offset, T value) {
    std::memcpy(bytes_.data() + offset, &value, sizeof value);
  }
  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

/// Reads what ByteWriter wrote. Every read is checked against what is left; too short throws kiln::Error (internal)
/// whose text names `what`. Views returned live as long as the bytes read from.
class ByteReader {
 public:
  ByteReader(ByteView bytes, std::string_view what) : rest_(bytes), what_(what) {}

  template <class T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  T get() {
    T value;
    std::memcpy(&value, get_raw(sizeof value).data(), sizeof value);
    return value;
  }
  ByteView get_bytes();
  std::string_view get_text() { return as_text(get_bytes()); }
  ByteView get_raw(std::size_t size);
  /// A count that is followed by at least `bytes_each` bytes an item: refused when they cannot be there.
  std::uint64_t get_count(std::size_t bytes_each);

  std::size_t left() const { return rest_.size(); }
  bool done() const { return rest_.empty(); }
  /// Throws unless every byte was read.
  void expect_done() const;

 private:
  [[noreturn]] void fail(std::string_view why) const;

  ByteView rest_;
  std::string_view what_;
};

}  // namespace kiln
