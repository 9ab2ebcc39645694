#include "store/chunk_codec.hpp"

#include <zlib.h>
#include <kiln/error.hpp>

#ifdef KILN_HAS_ISAL
#include <isa-l.h>
#endif

#include <cstdint>
#include <limits>

namespace kiln::store {
namespace {

std::uint8_t* raw(std::byte* bytes) { return reinterpret_cast<std::uint8_t*>(bytes); }
// zlib and ISA-L read through pointers that are not const.
std::uint8_t* raw(const std::byte* bytes) { return reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(bytes)); }

/// The first bytes of all values, then the second ones, …: what HDF5's shuffle does.
template <std::size_t kWidth>
void shuffle(const std::byte* values, std::size_t count, std::byte* out) {
  for (std::size_t byte = 0; byte < kWidth; ++byte) {
    for (std::size_t i = 0; i < count; ++i) out[byte * count + i] = values[i * kWidth + byte];
  }
}

template <std::size_t kWidth>
void unshuffle(const std::byte* shuffled, std::size_t count, std::byte* out) {
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t byte = 0; byte < kWidth; ++byte) out[i * kWidth + byte] = shuffled[byte * count + i];
  }
}

void require(bool good, const char* what) {
  if (!good) throw Error(ExitCode::internal, what);
}

#ifdef KILN_HAS_ISAL

constexpr std::size_t kLevelBytes = ISAL_DEF_LVL1_DEFAULT;

std::size_t deflate_into(ByteView plain, Bytes& out, Bytes& level) {
  isal_zstream stream{};  // its init leaves the length of the window as it finds it
  isal_deflate_stateless_init(&stream);
  level.resize(kLevelBytes);
  stream.level = 1;
  stream.level_buf = raw(level.data());
  stream.level_buf_size = static_cast<std::uint32_t>(level.size());
  stream.gzip_flag = IGZIP_ZLIB;
  stream.end_of_stream = 1;
  stream.flush = NO_FLUSH;
  stream.next_in = raw(plain.data());
  stream.avail_in = static_cast<std::uint32_t>(plain.size());
  stream.next_out = raw(out.data());
  stream.avail_out = static_cast<std::uint32_t>(out.size());
  require(isal_deflate_stateless(&stream) == COMP_OK && stream.avail_in == 0, "a chunk cannot be deflated");
  return stream.total_out;
}

bool inflate_into(ByteView packed, std::span<std::byte> out) {
  inflate_state state{};
  isal_inflate_init(&state);
  state.crc_flag = ISAL_ZLIB;
  state.next_in = raw(packed.data());
  state.avail_in = static_cast<std::uint32_t>(packed.size());
  state.next_out = raw(out.data());
  state.avail_out = static_cast<std::uint32_t>(out.size());
  return isal_inflate_stateless(&state) == ISAL_DECOMP_OK && state.avail_out == 0;
}

#else

std::size_t deflate_into(ByteView plain, Bytes& out, Bytes&) {
  uLongf size = out.size();
  require(compress2(raw(out.data()), &size, raw(plain.data()), plain.size(), 1) == Z_OK, "a chunk cannot be deflated");
  return size;
}

bool inflate_into(ByteView packed, std::span<std::byte> out) {
  uLongf size = out.size();
  return uncompress(raw(out.data()), &size, raw(packed.data()), packed.size()) == Z_OK && size == out.size();
}

#endif

}  // namespace

ByteView ChunkCodec::pack(ByteView values) {
  require(values.size() <= std::numeric_limits<std::uint32_t>::max() / 2, "a chunk is too large");
  const std::size_t count = values.size() / width_;
  ByteView plain = values;
  if (width_ > 1) {
    shuffled_.resize(values.size());
    if (width_ == 8) shuffle<8>(values.data(), count, shuffled_.data());
    if (width_ == 4) shuffle<4>(values.data(), count, shuffled_.data());
    if (width_ == 2) shuffle<2>(values.data(), count, shuffled_.data());
    plain = shuffled_;
  }
  packed_.resize(compressBound(plain.size()) + 1024);  // stored blocks may be a little more than zlib's
  return ByteView(packed_).first(deflate_into(plain, packed_, level_));
}

void ChunkCodec::unpack(ByteView packed, std::span<std::byte> values) {
  const std::size_t count = values.size() / width_;
  std::span<std::byte> plain = values;
  if (width_ > 1) {
    shuffled_.resize(values.size());
    plain = shuffled_;
  }
  require(inflate_into(packed, plain), "a chunk of rows is damaged");
  if (width_ == 8) unshuffle<8>(plain.data(), count, values.data());
  if (width_ == 4) unshuffle<4>(plain.data(), count, values.data());
  if (width_ == 2) unshuffle<2>(plain.data(), count, values.data());
}

}  // namespace kiln::store
