#include "flow/byte_stream.hpp"

#include <fmt/core.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace kiln::flow {
namespace {

constexpr int kGzipOnly = 15 + 16;  // zlib's words for: the largest window, with a gzip header

class GzipStream final : public ByteStream {
 public:
  GzipStream(ByteStream& packed, std::string shown) : packed_(packed), shown_(std::move(shown)) {
    if (inflateInit2(&zlib_, kGzipOnly) != Z_OK) throw std::runtime_error("zlib cannot begin: out of memory?");
  }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;
  ~GzipStream() override { inflateEnd(&zlib_); }

  std::size_t read(std::span<char> buffer) override {
    zlib_.next_out = reinterpret_cast<Bytef*>(buffer.data());
    zlib_.avail_out = static_cast<uInt>(std::min<std::size_t>(buffer.size(), kLargestRead));
    const uInt room = zlib_.avail_out;
    while (zlib_.avail_out == room && room != 0) {
      if (zlib_.avail_in == 0 && !fill()) {
        if (inside_) fail("it ends in the middle: the file is cut off");
        if (!any_) fail("it is empty");
        break;
      }
      if (!inside_ && !begin_member()) break;
      const int code = inflate(&zlib_, Z_NO_FLUSH);
      if (code == Z_STREAM_END) {
        inside_ = false;
      } else if (code == Z_MEM_ERROR) {
        fail("zlib has no memory left");
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        fail(zlib_.msg == nullptr ? "damaged" : zlib_.msg);
      }
    }
    return room - zlib_.avail_out;
  }

 private:
  static constexpr std::size_t kLargestRead = std::size_t{1} << 30;

  bool fill() {
    const std::size_t got = packed_.read(input_);
    if (taken_ == 0) foreign_ = got >= 2 && !std::string_view(input_.data(), got).starts_with("\x1F\x8B");
    taken_ += got;
    zlib_.next_in = reinterpret_cast<Bytef*>(input_.data());
    zlib_.avail_in = static_cast<uInt>(got);
    return got != 0;
  }

  // Behind a member: another one, zeros up to the end (tapes and block devices pad so), or damage.
  bool begin_member() {
    if (any_) {
      while (*zlib_.next_in == 0) {
        ++zlib_.next_in;
        if (--zlib_.avail_in == 0 && !fill()) return false;
        padded_ = true;
      }
      if (padded_) fail("there are bytes behind the zeros at its end");
    }
    if (inflateReset(&zlib_) != Z_OK) fail("zlib cannot go on");
    inside_ = any_ = true;
    return true;
  }

  [[noreturn]] void fail(std::string_view why) const {
    throw std::runtime_error(fmt::format("{}: cannot unpack gzip at byte {}: {}{}", shown_, taken_ - zlib_.avail_in,
                                         why, foreign_ ? "; if it is plain text, give it another name" : ""));
  }

  ByteStream& packed_;
  std::string shown_;
  std::array<char, std::size_t{1} << 16> input_{};
  z_stream zlib_{};
  std::uint64_t taken_ = 0;  // bytes read from the packed file
  bool inside_ = false;      // a member has begun and not ended
  bool any_ = false;         // a member has begun
  bool padded_ = false;
  bool foreign_ = false;  // it does not begin as gzip does
};

}  // namespace

std::unique_ptr<ByteStream> unpack_gzip(ByteStream& packed, std::string shown) {
  return std::make_unique<GzipStream>(packed, std::move(shown));
}

}  // namespace kiln::flow
