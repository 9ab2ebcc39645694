#include "units/source.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

namespace kiln::units {

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
