#include "job/rejected_limit.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace kiln::job {

bool too_many_rejected(const RejectedCounts& counts, const std::optional<Allowance>& most) {
  if (!most) return false;
  if (most->count) return counts.rejected > *most->count;
  if (counts.records == 0 || (counts.records < kFewestRecords && !counts.all)) return false;
  return 100 * static_cast<double>(counts.rejected) > *most->percent * static_cast<double>(counts.records);
}

std::string too_many_text(std::string_view stage, const RejectedCounts& counts, const Allowance& most) {
  const std::string of = most.count ? "" : fmt::format(" of {}", format_count(counts.records));
  return fmt::format(
      "stage '{}': {}{} record{} rejected, and --max-rejected allows {}: the run stops; what is done is kept",
      for_message(stage, 60), format_count(counts.rejected), of, counts.rejected == 1 && of.empty() ? " was" : "s were",
      most.count ? format_count(*most.count) : fmt::format("{}%", *most.percent));
}

void RejectedTally::add(detail::RejectedRecord record) {
  of_file_[record.file] += record.count;
  if (examples_.size() < kExamples) examples_.push_back(std::move(record));
}

std::vector<std::string> RejectedTally::lines() const {
  std::vector<std::string> lines;
  const auto most = std::max_element(of_file_.begin(), of_file_.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most != of_file_.end() && !most->first.empty()) {
    lines.push_back(
        fmt::format("most of them are in {}: {}", for_message(most->first, 400), format_count(most->second)));
  }
  for (const detail::RejectedRecord& one : examples_) {
    std::string place = fmt::format("unit {}", one.unit.value());
    if (!one.file.empty()) {
      place = for_message(one.file, 400);
      place += one.line > 0 ? fmt::format(":{}", one.line) : fmt::format(", byte {}", one.offset);
    }
    lines.push_back(fmt::format("  {}: {}: {}", place, for_message(one.reason, 160), for_message(one.text, 60)));
  }
  return lines;
}

}  // namespace kiln::job
