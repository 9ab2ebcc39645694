#include "job/rejected_limit.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace kiln::job {

bool too_many_rejected(std::uint64_t rejected, std::optional<std::uint64_t> most) { return most && rejected > *most; }

std::string too_many_text(std::string_view stage, std::uint64_t rejected, std::uint64_t most) {
  return fmt::format(
      "stage '{}': {} record{} rejected, and --max-rejected allows {}: the run stops; what is done is kept",
      for_message(stage, 60), format_count(rejected), rejected == 1 ? " was" : "s were", format_count(most));
}

void RejectedTally::add(detail::RejectedRecord record) {
  ++of_file_[record.file];
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
