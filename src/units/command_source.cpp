#include "units/command_source.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <limits>
#include <numeric>

namespace kiln::units {
namespace {

std::uint64_t longest(const std::vector<std::string_view>& commands) {
  std::size_t most = 0;
  for (const std::string_view command : commands) most = std::max(most, command.size());
  return most;
}

}  // namespace

CommandSource::CommandSource(std::vector<std::string_view> commands)
    : commands_(std::move(commands)), command_of_unit_(commands_.size()), longest_(longest(commands_)) {
  std::iota(command_of_unit_.begin(), command_of_unit_.end(), std::int64_t{0});
}

CommandSource::CommandSource(std::vector<std::string_view> commands, std::vector<std::int64_t> command_of_unit)
    : commands_(std::move(commands)), command_of_unit_(std::move(command_of_unit)), longest_(longest(commands_)) {
  const auto count = static_cast<std::int64_t>(commands_.size());
  for (std::size_t unit = 0; unit < command_of_unit_.size(); ++unit) {
    const std::int64_t index = command_of_unit_[unit];
    if (index != kNone && (index < 0 || index >= count)) {
      throw Error(ExitCode::internal, fmt::format("unit {} names command {} of {}", unit, index, count));
    }
  }
}

std::string_view CommandSource::command(UnitId unit) const {
  if (unit.value() >= command_of_unit_.size()) {
    throw Error(ExitCode::internal, fmt::format("unit {} of {}", unit.value(), command_of_unit_.size()));
  }
  const std::int64_t index = command_of_unit_[unit.value()];
  return index == kNone ? std::string_view() : commands_[static_cast<std::size_t>(index)];
}

void CommandSource::append_payloads(Interval units, ByteWriter& out) const {
  std::uint64_t end = 0;
  for (UnitId unit = units.first; unit < units.last; unit = unit.next()) {
    end += command(unit).size();
    if (end > std::numeric_limits<std::uint32_t>::max()) {
      throw Error(ExitCode::internal, fmt::format("the commands of units {} to {} are over 4 GiB, too many for a batch",
                                                  units.first.value(), units.last.value()));
    }
    out.put(static_cast<std::uint32_t>(end));
  }
  for (UnitId unit = units.first; unit < units.last; unit = unit.next()) {
    const std::string_view text = command(unit);
    out.put_raw(text.data(), text.size());
  }
}

}  // namespace kiln::units
