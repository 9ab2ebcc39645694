#include <kiln/detail/bytes.hpp>

#include <fmt/core.h>
#include <xxhash.h>
#if defined(__x86_64__)
#include <xxh_x86dispatch.h>
#endif
#include <kiln/error.hpp>

#include <algorithm>
#include <bit>

namespace kiln {

static_assert(std::endian::native == std::endian::little, "kiln's formats are little-endian");

#if defined(__x86_64__)
// The widest registers that this processor has: the same sums, twice as fast.
std::uint64_t checksum(ByteView bytes) { return XXH3_64bits_dispatch(bytes.data(), bytes.size()); }
#else
std::uint64_t checksum(ByteView bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }
#endif

ByteSlice::ByteSlice(Bytes bytes, std::size_t offset, std::size_t size)
    : bytes_(std::move(bytes)), offset_(offset), size_(size) {
  if (offset > bytes_.size() || size > bytes_.size() - offset) {
    throw Error(ExitCode::internal, fmt::format("{} bytes at {} of {}", size, offset, bytes_.size()));
  }
}

// A vector clears what it is made longer by: so it grows by a share of what is there, and what is large is inserted.
void ByteWriter::grow(std::size_t size) {
  constexpr std::size_t kLeast = 64;
  const std::size_t needed = used_ + size;
  if (needed > bytes_.capacity()) bytes_.reserve(std::max({needed, 2 * bytes_.capacity(), kLeast}));
  bytes_.resize(std::min(std::max(needed, used_ + std::max(used_ / 8, kLeast)), bytes_.capacity()));
}

void ByteWriter::append(const void* data, std::size_t size) {
  constexpr std::size_t kLarge = 256;
  if (size < kLarge) {
    std::memcpy(extend(size), data, size);
    return;
  }
  bytes_.resize(used_);
  const auto* const first = static_cast<const std::byte*>(data);
  bytes_.insert(bytes_.end(), first, first + size);
  used_ += size;
}

void ByteWriter::reserve(std::size_t size) {
  if (size > bytes_.capacity()) bytes_.reserve(size);
}

Bytes ByteWriter::take() {
  bytes_.resize(std::exchange(used_, 0));
  return std::move(bytes_);
}

void ByteWriter::put_bytes(ByteView bytes) {
  put(static_cast<std::uint64_t>(bytes.size()));
  put_raw(bytes.data(), bytes.size());
}

ByteView ByteReader::get_raw(std::size_t size) {
  if (size > rest_.size()) fail(fmt::format("{} bytes wanted, {} left", size, rest_.size()));
  const ByteView taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  return taken;
}

ByteView ByteReader::get_bytes() { return get_raw(get<std::uint64_t>()); }

std::uint64_t ByteReader::get_count(std::size_t bytes_each) {
  const auto count = get<std::uint64_t>();
  if (bytes_each != 0 && count > rest_.size() / bytes_each) {
    fail(fmt::format("{} items of {} bytes announced, {} bytes left", count, bytes_each, rest_.size()));
  }
  return count;
}

void ByteReader::expect_done() const {
  if (!rest_.empty()) fail(fmt::format("{} bytes too many", rest_.size()));
}

void ByteReader::fail(std::string_view why) const {
  throw Error(ExitCode::internal, fmt::format("{} is damaged: {}", what_, why));
}

}  // namespace kiln
