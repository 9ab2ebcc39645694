#include "base/bytes.hpp"

#include <fmt/core.h>
#include <xxhash.h>
#include <kiln/error.hpp>

#include <bit>

namespace kiln {

static_assert(std::endian::native == std::endian::little, "kiln's formats are little-endian");

std::uint64_t checksum(ByteView bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

void ByteWriter::put_raw(const void* data, std::size_t size) {
  if (size == 0) return;
  const auto* begin = static_cast<const std::byte*>(data);
  bytes_.insert(bytes_.end(), begin, begin + size);
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
