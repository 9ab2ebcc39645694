#include "job/long_unit.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
#include "base/time.hpp"
#include "store/run_reader.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <exception>
#include <vector>

namespace kiln::job {
namespace {

// A worker reports twice a second: what took long stands alone, or with few others.
constexpr std::uint64_t kMostTogether = 100'000;

// Longest first. A unit takes no longer than the part of a batch that it was reported with.
std::vector<protocol::BatchRecord> parts_above(const store::RunReader& run, double seconds) {
  std::vector<protocol::BatchRecord> parts;
  for (const store::StageBatch& batch : run.batches()) {
    if (batch.record.busy_seconds > seconds && batch.record.units.size() <= kMostTogether)
      parts.push_back(batch.record);
  }
  std::ranges::sort(parts, std::ranges::greater(), &protocol::BatchRecord::busy_seconds);
  return parts;
}

}  // namespace

std::optional<LongUnit> find_long_unit(const std::string& directory, double seconds, bool also_complete) try {
  const store::RunReader run = store::RunReader::open(directory);
  const auto end = run.last_end();
  const auto column = run.column("units/seconds");
  const bool complete = end && end->outcome == protocol::Outcome::complete;
  if (run.is_program() || !column || (complete && !also_complete)) return std::nullopt;
  std::optional<LongUnit> found;
  for (const protocol::BatchRecord& part : parts_above(run, seconds)) {
    if (found && found->seconds >= part.busy_seconds) break;
    for (UnitId unit = part.units.first; unit < part.units.last; unit = unit.next()) {
      run.find_unit(unit, [&](const store::UnitRecord& record) {
        if (record.rows == nullptr) return;
        const auto took = record.rows->at<double>(*column, record.row);
        if (took > (found ? found->seconds : seconds)) found = {unit, took};
      });
    }
  }
  return found;
} catch (const std::exception& error) {
  log::debug("{}", error.what());
  return std::nullopt;
}

std::string long_unit_warning(const LongUnit& found, double seconds) {
  return fmt::format(
      "unit {} took {}, and there is {} for commands before the job ends: one that takes so long is cut off then and "
      "begins anew in the next job; ask for more time",
      found.unit.value(), format_duration(from_seconds(found.seconds)), format_duration(from_seconds(seconds)));
}

}  // namespace kiln::job
