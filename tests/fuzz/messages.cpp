#include "protocol/messages.hpp"
#include "target.hpp"

#include <cstring>
#include <utility>

// Messages between ranks: bytes as they come, and bodies behind a header that fits.
namespace {

using namespace kiln;  // NOLINT(google-build-using-namespace): a target is one file

constexpr protocol::Stamp kStamp{Epoch(3), View(2)};
constexpr std::size_t kKindAt = 6, kLengthAt = 16, kBodySumAt = 24, kHeaderSumAt = 32, kHeaderBytes = 40;

template <class T>
void put(Bytes& bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

Bytes seal(std::uint16_t kind, ByteView body) {
  Bytes bytes = protocol::encode(protocol::Cancel{}, kStamp);
  fuzz::require(bytes.size() >= kHeaderBytes, "a message has a header of 40 bytes");
  bytes.resize(kHeaderBytes);
  put(bytes, kKindAt, kind);
  put(bytes, kLengthAt, static_cast<std::uint64_t>(body.size()));
  put(bytes, kBodySumAt, checksum(body));
  put(bytes, kHeaderSumAt, checksum(ByteView(bytes).first(kHeaderSumAt)));
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Choices input(data, size);
  protocol::stamp_of(input.rest());
  protocol::decode(fuzz::bytes_of(input.rest()), kStamp);

  const std::uint16_t kind = input.next();
  protocol::Decoded decoded = protocol::decode(seal(kind, input.rest()), kStamp);
  fuzz::require(decoded.why_dropped.find("checksum") == std::string::npos, "the header that was made here fits");
  if (!decoded.message) return 0;
  const Bytes once = protocol::encode(*decoded.message, kStamp);
  protocol::Decoded again = protocol::decode(once, kStamp);
  fuzz::require(again.message.has_value(), "what was accepted is accepted again");
  fuzz::require(protocol::encode(*again.message, kStamp) == once, "a message means the same when it is sent again");
  return 0;
}
