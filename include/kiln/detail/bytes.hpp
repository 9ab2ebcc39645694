#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace kiln {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

inline ByteView as_bytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }
inline std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// A part of bytes, with all of them: what came in a large message is used where it arrived.
class ByteSlice {
 public:
  ByteSlice() = default;
  ByteSlice(Bytes bytes) : bytes_(std::move(bytes)), size_(bytes_.size()) {}  // NOLINT(*-explicit-*): all of them
  /// Throws kiln::Error (internal) where the part is not in the bytes.
  ByteSlice(Bytes bytes, std::size_t offset, std::size_t size);

  ByteView view() const { return ByteView(bytes_).subspan(offset_, size_); }
  std::size_t size() const { return size_; }
  /// Gives away all the bytes that it is a part of.
  Bytes take_all() {
    offset_ = size_ = 0;
    return std::exchange(bytes_, {});
  }

 private:
  Bytes bytes_;
  std::size_t offset_ = 0, size_ = 0;
};

/// 64-bit XXH3 of the bytes; the checksum of every format of kiln's.
std::uint64_t checksum(ByteView bytes);

/// Appends values in little-endian order (the only order kiln's formats know; checked at compile time).
class ByteWriter {
 public:
  ByteWriter() = default;
  /// Writes over `room`, whose content does not count: as long as it fits, nothing is allocated or cleared.
  explicit ByteWriter(Bytes room) : bytes_(std::move(room)) {}
  ByteWriter(const ByteWriter&) = default;
  ByteWriter& operator=(const ByteWriter&) = default;
  /// What is moved from is empty.
  ByteWriter(ByteWriter&& other) noexcept : bytes_(std::move(other.bytes_)), used_(std::exchange(other.used_, 0)) {}
  ByteWriter& operator=(ByteWriter&& other) noexcept {
    bytes_ = std::exchange(other.bytes_, {});
    used_ = std::exchange(other.used_, 0);
    return *this;
  }
  ~ByteWriter() = default;

  template <class T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void put(T value) {
    put_raw(&value, sizeof value);
  }
  /// A 64-bit length, then the bytes.
  void put_bytes(ByteView bytes);
  void put_text(std::string_view text) { put_bytes(as_bytes(text)); }
  /// The bytes alone, without a length.
  void put_raw(const void* data, std::size_t size) {
    if (size > bytes_.size() - used_) return append(data, size);
    if (size != 0) std::memcpy(bytes_.data() + std::exchange(used_, used_ + size), data, size);
  }
  /// Room for so many more bytes, to be written before the next call.
  std::byte* extend(std::size_t size) {
    if (size > bytes_.size() - used_) grow(size);
    return bytes_.data() + std::exchange(used_, used_ + size);
  }

  std::size_t size() const { return used_; }
  ByteView view() const { return ByteView(bytes_).first(used_); }
  /// Room for `size` bytes in all.
  void reserve(std::size_t size);
  /// Forgets what is behind the first `size` bytes (at most size()).
  void truncate(std::size_t size) { used_ = size; }
  /// Overwrites what was put at `offset` earlier.
  template <class T>
    requires std::is_arithmetic_v<T>
  void patch(std::size_t offset, T value) {
    std::memcpy(bytes_.data() + offset, &value, sizeof value);
  }
  Bytes take();

 private:
  void grow(std::size_t size);
  void append(const void* data, std::size_t size);

  Bytes bytes_;  // the first used_ count
  std::size_t used_ = 0;
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
