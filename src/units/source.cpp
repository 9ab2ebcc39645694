#include "units/source.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

namespace kiln::units {
namespace {

std::uint32_t end_at(ByteView ends, std::uint64_t index) {
  std::uint32_t end = 0;
  std::memcpy(&end, ends.data() + index * sizeof end, sizeof end);
  return end;
}

[[noreturn]] void damaged(const Interval& units, std::string_view why) {
  throw Error(ExitCode::internal, fmt::format("the payloads of units {} to {} are damaged: {}", units.first.value(),
                                              units.last.value(), why));
}

}  // namespace

PayloadReader::PayloadReader(Interval units, ByteView bytes) : units_(units) {
  if (units.empty()) {
    if (!bytes.empty()) damaged(units, "bytes for no units");
    return;
  }
  if (units.size() > bytes.size() / sizeof(std::uint32_t)) damaged(units, "too short");
  ends_ = bytes.first(units.size() * sizeof(std::uint32_t));
  bytes_ = bytes.subspan(ends_.size());
  if (end_at(ends_, units.size() - 1) != bytes_.size()) damaged(units, "another length than announced");
}

ByteView PayloadReader::payload(UnitId unit) const {
  if (!units_.contains(unit)) damaged(units_, fmt::format("unit {} is not among them", unit.value()));
  const std::uint64_t index = unit.value() - units_.first.value();
  const std::uint32_t begin = index == 0 ? 0 : end_at(ends_, index - 1);
  const std::uint32_t end = end_at(ends_, index);
  if (begin > end || end > bytes_.size()) damaged(units_, fmt::format("unit {} ends outside", unit.value()));
  return bytes_.subspan(begin, end - begin);
}

}  // namespace kiln::units
