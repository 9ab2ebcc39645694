#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/detail/interval.hpp>

#include <cstdint>
#include <cstring>
#include <string_view>

namespace kiln::units {

/// A numbered, re-readable sequence of units, as the coordinator sees it.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::uint64_t size() const = 0;
  /// Bytes of payload of a unit; 0 for sources whose id says all.
  virtual std::uint64_t payload_bytes(UnitId unit) const = 0;
  /// No unit's payload is larger.
  virtual std::uint64_t most_payload_bytes() const = 0;
  /// Appends the payloads of the units: for each unit a u32 end offset (counted from the first payload byte), then all
  /// payload bytes. Nothing for sources whose id says all.
  virtual void append_payloads(Interval units, ByteWriter& out) const = 0;
  /// Room to begin with for what append_payloads writes, which may be more; nothing where it writes nothing, however
  /// many units there are.
  std::size_t likely_bytes(Interval units) const;
};

/// Reads what append_payloads wrote; views into the bytes given. Throws kiln::Error (internal) on a wrong layout.
class PayloadReader {
 public:
  PayloadReader(Interval units, ByteView bytes);
  ByteView payload(UnitId unit) const {
    const std::uint64_t index = unit.value() - units_.first.value();
    if (!units_.contains(unit)) damaged("asked for a unit that is not among them");
    const std::uint32_t begin = index == 0 ? 0 : end_at(index - 1);
    const std::uint32_t end = end_at(index);
    if (begin > end || end > bytes_.size()) damaged("a unit ends outside");
    return bytes_.subspan(begin, end - begin);
  }

 private:
  std::uint32_t end_at(std::uint64_t index) const {
    std::uint32_t end = 0;
    std::memcpy(&end, ends_.data() + index * sizeof end, sizeof end);
    return end;
  }
  [[noreturn]] void damaged(std::string_view why) const;

  Interval units_;
  ByteView ends_, bytes_;
};

}  // namespace kiln::units
