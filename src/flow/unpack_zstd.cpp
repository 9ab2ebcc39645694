#include "flow/byte_stream.hpp"

#include <fmt/core.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace kiln::flow {
namespace {

struct FreeStream {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

class ZstdStream final : public ByteStream {
 public:
  ZstdStream(ByteStream& packed, std::string shown)
      : packed_(packed), shown_(std::move(shown)), input_(ZSTD_DStreamInSize()), zstd_(ZSTD_createDStream()) {
    if (zstd_ == nullptr) throw std::runtime_error("zstd cannot begin: out of memory?");
  }

  std::size_t read(std::span<char> buffer) override {
    ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
    while (out.pos == 0 && out.size != 0) {
      // zstd takes the last byte of a frame only when all of the frame's output was given.
      if (in_.pos == in_.size && !fill()) {
        if (inside_) fail("it ends in the middle: the file is cut off");
        if (!any_) fail("it is empty");
        break;
      }
      const std::size_t code = ZSTD_decompressStream(zstd_.get(), &out, &in_);
      foreign_ = !any_ && ZSTD_getErrorCode(code) == ZSTD_error_prefix_unknown;
      if (ZSTD_isError(code) != 0) fail(ZSTD_getErrorName(code));
      any_ = true;
      inside_ = code != 0;
    }
    return out.pos;
  }

 private:
  bool fill() {
    const std::size_t got = packed_.read(input_);
    taken_ += got;
    in_ = {input_.data(), got, 0};
    return got != 0;
  }
  [[noreturn]] void fail(std::string_view why) const {
    throw std::runtime_error(fmt::format("{}: cannot unpack zstd at byte {}: {}{}", shown_,
                                         taken_ - (in_.size - in_.pos), why,
                                         foreign_ ? "; if it is plain text, give it another name" : ""));
  }

  ByteStream& packed_;
  std::string shown_;
  std::vector<char> input_;
  std::unique_ptr<ZSTD_DStream, FreeStream> zstd_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  std::uint64_t taken_ = 0;  // bytes read from the packed file
  bool inside_ = false;      // a frame has begun and not ended
  bool any_ = false;
  bool foreign_ = false;  // it does not begin as zstd does
};

}  // namespace

std::unique_ptr<ByteStream> unpack_zstd(ByteStream& packed, std::string shown) {
  return std::make_unique<ZstdStream>(packed, std::move(shown));
}

}  // namespace kiln::flow
