#pragma once

#include <kiln/detail/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace kiln::flow {

/// Memory without values, for what is read next.
struct Buffer {
  std::unique_ptr<std::byte[]> bytes;
  std::size_t size = 0;

  static Buffer of(std::size_t size) { return {std::make_unique_for_overwrite<std::byte[]>(size), size}; }
  ByteView view() const { return {bytes.get(), size}; }
};

/// Slices of datasets that a worker has read, for the stages to come, within a bound. Room is made by forgetting what
/// was used longest ago, but nothing that this stage or the one before used: stages that walk the same data again and
/// again find what fits, where forgetting the oldest in any case would find nothing once it does not all fit. One
/// thread at a time.
class SliceCache {
 public:
  /// `limit` in bytes, of the values.
  explicit SliceCache(std::size_t limit) : limit_(limit) {}

  /// A new stage begins to read.
  void begin_stage() { ++stage_; }
  /// The values kept under this key; null where there are none. Lives until the next keep().
  const Buffer* find(std::string_view key);
  /// Keeps the buffer where room is or can be made, else gives it back through `buffer`. What is returned are its
  /// values, in either case; they live until the next keep().
  const Buffer* keep(std::string key, Buffer& buffer);

  std::size_t bytes() const { return bytes_; }
  std::size_t limit() const { return limit_; }

 private:
  struct Slice {
    std::string key;
    Buffer buffer;
    std::uint64_t used = 0;  // the last stage that did
  };
  bool make_room(std::size_t size);

  const std::size_t limit_;
  std::size_t bytes_ = 0;
  std::uint64_t stage_ = 1;
  std::list<Slice> slices_;  // what was used last is in front
  std::unordered_map<std::string_view, std::list<Slice>::iterator> by_key_;
};

}  // namespace kiln::flow
