#include "units/source.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>

namespace kiln::units {
namespace {

constexpr std::uint64_t kUsualPayload = 256;  // bytes; larger ones make a message grow while it is written

}  // namespace

std::size_t Source::likely_bytes(Interval units) const {
  const std::uint64_t each = std::min(most_payload_bytes(), kUsualPayload);
  return each == 0 ? 0 : units.size() * (sizeof(std::uint32_t) + each);
}

PayloadReader::PayloadReader(Interval units, ByteView bytes) : units_(units) {
  if (units.empty()) {
    if (!bytes.empty()) damaged("bytes for no units");
    return;
  }
  if (units.size() > bytes.size() / sizeof(std::uint32_t)) damaged("too short");
  ends_ = bytes.first(units.size() * sizeof(std::uint32_t));
  bytes_ = bytes.subspan(ends_.size());
  if (end_at(units.size() - 1) != bytes_.size()) damaged("another length than announced");
}

void PayloadReader::damaged(std::string_view why) const {
  throw Error(ExitCode::internal, fmt::format("the payloads of units {} to {} are damaged: {}", units_.first.value(),
                                              units_.last.value(), why));
}

}  // namespace kiln::units
