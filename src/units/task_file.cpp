#include "units/task_file.hpp"

#include "base/text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

namespace kiln::units {
std::int64_t TaskFile::line(std::uint64_t place) const {
  return array ? static_cast<std::int64_t>(array->at(place)) : lines[place];
}

std::string_view TaskFile::key(std::uint64_t place, std::string& scratch) const {
  const bool repeated = !repeats.empty() && repeats[place] >= 0;
  if (!array && !repeated) return command(place);
  scratch = command(place);
  scratch += '\0';
  if (array) {
    fmt::format_to(std::back_inserter(scratch), "a{}", array->at(place));
  } else {
    fmt::format_to(std::back_inserter(scratch), "r{}", repeats[place]);
  }
  return scratch;
}

std::size_t TaskFile::stage_of(std::uint64_t place) const {
  const auto behind = std::ranges::upper_bound(stages, place, {}, &TaskStage::first);
  return static_cast<std::size_t>(behind - stages.begin()) - 1;
}

UnitFields TaskFile::fields(std::uint64_t place) const {
  UnitFields fields;
  if (form == Form::lines && !lines.empty()) {
    fields.line = static_cast<std::uint64_t>(lines[place]);
    fields.place = place;
  }
  if (!repeats.empty() && repeats[place] >= 0) fields.repeat = static_cast<std::uint64_t>(repeats[place]);
  if (array) fields.array_index = array->at(place);
  if (!limits.empty()) fields.timeout = limits.at(place).timeout;
  return fields;
}

std::string TaskFile::place(std::int64_t line) const {
  if (form == Form::array) return fmt::format("array index {}", line);
  return form == Form::lines ? fmt::format("{}:{}", for_message(name, 60), line) : "";
}

}  // namespace kiln::units
