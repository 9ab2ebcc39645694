#pragma once

#include <kiln/ids.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace kiln::flow {

/// An input of units that counts what it reads.
class CountedInput {
 public:
  virtual ~CountedInput() = default;
  /// Lines, or binary records, of the units that were read since the last call. A unit that was read twice, one time
  /// behind the other, counts once.
  virtual std::uint64_t take_records() {
    unit_.reset();
    return std::exchange(records_, 0) + std::exchange(of_unit_, 0);
  }

 protected:
  void begin_unit(UnitId unit) {
    if (unit_ != unit) records_ += of_unit_;
    unit_ = unit;
    of_unit_ = 0;
  }
  void count(std::uint64_t records) { of_unit_ += records; }

 private:
  std::optional<UnitId> unit_;
  std::uint64_t of_unit_ = 0, records_ = 0;  // of it, and of the others
};

}  // namespace kiln::flow
