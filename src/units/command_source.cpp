#include "units/command_source.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>

namespace kiln::units {
namespace {

std::uint64_t longest(const std::vector<std::string_view>& commands) {
  std::size_t most = 0;
  for (const std::string_view command : commands) most = std::max(most, command.size());
  return most;
}

}  // namespace

CommandSource::CommandSource(const TaskFile& tasks)
    : tasks_(tasks), in_order_(true), units_(tasks.size()), longest_(longest(tasks.commands)) {}

CommandSource::CommandSource(const TaskFile& tasks, std::span<const std::uint64_t> place_of_unit)
    : tasks_(tasks), place_of_unit_(place_of_unit), units_(place_of_unit.size()), longest_(longest(tasks.commands)) {
  for (std::size_t unit = 0; unit < place_of_unit_.size(); ++unit) {
    const std::uint64_t place = place_of_unit_[unit];
    if (place != kNone && place >= tasks.size()) {
      throw Error(ExitCode::internal, fmt::format("unit {} names command {} of {}", unit, place, tasks.size()));
    }
  }
}

std::uint64_t CommandSource::place(UnitId unit) const {
  if (unit.value() >= units_) throw Error(ExitCode::internal, fmt::format("unit {} of {}", unit.value(), units_));
  return in_order_ ? unit.value() : place_of_unit_[unit.value()];
}

std::string_view CommandSource::command(UnitId unit) const {
  const std::uint64_t there = place(unit);
  return there == kNone ? std::string_view() : tasks_.command(there);
}

std::uint64_t CommandSource::payload_bytes(UnitId unit) const {
  const std::uint64_t there = place(unit);
  return there == kNone ? payload_size({}, {}) : payload_size(tasks_.fields(there), tasks_.command(there));
}

void CommandSource::append_payloads(Interval units, ByteWriter& out) const {
  const std::size_t ends = out.size();
  for (UnitId unit = units.first; unit < units.last; unit = unit.next()) out.put(std::uint32_t{0});
  const std::size_t first = out.size();
  for (UnitId unit = units.first; unit < units.last; unit = unit.next()) {
    const std::uint64_t there = place(unit);
    if (there == kNone) {
      append_payload({}, {}, out);
    } else {
      append_payload(tasks_.fields(there), tasks_.command(there), out);
    }
    const std::size_t end = out.size() - first;
    if (end > std::numeric_limits<std::uint32_t>::max()) {
      throw Error(ExitCode::internal, fmt::format("the commands of units {} to {} are over 4 GiB, too many for a batch",
                                                  units.first.value(), units.last.value()));
    }
    out.patch(ends + (unit.value() - units.first.value()) * sizeof(std::uint32_t), static_cast<std::uint32_t>(end));
  }
}

}  // namespace kiln::units
