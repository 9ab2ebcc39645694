#pragma once

#include "units/source.hpp"

namespace kiln::units {

/// Units that are their number; nothing is shipped for them.
class RangeSource : public Source {
 public:
  explicit RangeSource(std::uint64_t size) : size_(size) {}

  std::uint64_t size() const override { return size_; }
  std::uint64_t payload_bytes(UnitId) const override { return 0; }
  std::uint64_t most_payload_bytes() const override { return 0; }
  void append_payloads(Interval, ByteWriter&) const override {}

 private:
  std::uint64_t size_;
};

}  // namespace kiln::units
