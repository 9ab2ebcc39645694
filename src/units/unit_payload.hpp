#pragma once

#include <kiln/detail/bytes.hpp>
#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace kiln::units {

/// What belongs to a unit beside its command. What is not set does not travel.
struct UnitFields {
  std::optional<std::uint64_t> line;         ///< in its task file, from 1
  std::optional<std::uint64_t> place;        ///< among the commands of its task file, from 0
  std::optional<std::uint64_t> repeat;       ///< the index that a task file's REPEAT gives it
  std::optional<std::uint64_t> array_index;  ///< of --array
  std::optional<Duration> timeout;           ///< of one try; zero: none

  friend bool operator==(const UnitFields&, const UnitFields&) = default;
};

/// The payload of a unit: for each field a letter, its number in digits and a NUL; one more NUL; the command, which
/// holds none.
struct UnitPayload {
  UnitFields fields;
  std::string_view command;
};

/// No fields take more bytes, the NUL behind them included.
inline constexpr std::size_t kMostFieldBytes = 5 * 22 + 1;

/// Bytes of the payload.
std::size_t payload_size(const UnitFields& fields, std::string_view command);
void append_payload(const UnitFields& fields, std::string_view command, ByteWriter& out);
/// Views into the bytes given. Throws kiln::Error (internal) for what append_payload does not write.
UnitPayload decode_payload(ByteView bytes);

}  // namespace kiln::units
