#pragma once

#include "units/source.hpp"
#include "units/task_file.hpp"

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace kiln::units {

/// Commands as units; the payload of a unit is its command with what belongs to it (unit_payload.hpp), made when it is
/// asked for. Ids need not follow the order of the source: a resumed run keeps the ids that units were given first.
class CommandSource : public Source {
 public:
  /// In `place_of_unit`: the unit has no command any more (its line was removed).
  static constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();

  /// Unit i has place i. `tasks` must outlive the source.
  explicit CommandSource(const TaskFile& tasks);
  /// Unit i has the place `place_of_unit[i]`, or none. Both must outlive the source. Throws kiln::Error (internal) for
  /// a place that is not there.
  CommandSource(const TaskFile& tasks, std::span<const std::uint64_t> place_of_unit);

  std::uint64_t size() const override { return units_; }
  std::uint64_t payload_bytes(UnitId unit) const override;
  std::uint64_t most_payload_bytes() const override { return longest_ + kMostFieldBytes; }
  void append_payloads(Interval units, ByteWriter& out) const override;

  /// "" for a unit that has none.
  std::string_view command(UnitId unit) const;
  /// kNone for a unit that has none.
  std::uint64_t place(UnitId unit) const;

 private:
  const TaskFile& tasks_;
  bool in_order_ = false;  // places are ids
  std::span<const std::uint64_t> place_of_unit_;
  std::uint64_t units_ = 0;
  std::uint64_t longest_ = 0;
};

}  // namespace kiln::units
