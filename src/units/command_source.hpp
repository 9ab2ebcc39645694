#pragma once

#include "units/source.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace kiln::units {

/// Commands as units; the payload of a unit is its command. Ids need not follow the order of the lines: a resumed run
/// keeps the ids that units were given first.
class CommandSource : public Source {
 public:
  /// In `command_of_unit`: the unit has no command any more (its line was removed).
  static constexpr std::int64_t kNone = -1;

  /// Unit i is command i. The texts must outlive the source (they are a TaskFile's).
  explicit CommandSource(std::vector<std::string_view> commands);
  /// Unit i is `commands[command_of_unit[i]]`, or has none. Throws kiln::Error (internal) for an index out of range.
  CommandSource(std::vector<std::string_view> commands, std::vector<std::int64_t> command_of_unit);

  std::uint64_t size() const override { return command_of_unit_.size(); }
  std::uint64_t payload_bytes(UnitId unit) const override { return command(unit).size(); }
  std::uint64_t most_payload_bytes() const override { return longest_; }
  void append_payloads(Interval units, ByteWriter& out) const override;

  /// "" for a unit that has none.
  std::string_view command(UnitId unit) const;

 private:
  std::vector<std::string_view> commands_;
  std::vector<std::int64_t> command_of_unit_;
  std::uint64_t longest_ = 0;
};

}  // namespace kiln::units
