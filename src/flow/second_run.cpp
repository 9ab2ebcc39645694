#include "flow/second_run.hpp"

#include "base/tables.hpp"
#include "base/text.hpp"
#include "flow/rejected_table.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace kiln::flow {
namespace {

constexpr double kShare = 0.01, kLeast = 16, kMost = 10'000;

std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  ByteWriter both;
  both.put(a);
  both.put(b);
  return checksum(both.view());
}

template <class T>
Bytes encoded(const T& what) {
  ByteWriter out;
  what.encode(out);
  return out.take();
}

std::string reason(const detail::StageOutput& output) {
  return output.failures.empty() ? "it succeeded" : fmt::format("'{}'", for_message(output.failures[0].reason, 100));
}

}  // namespace

Sample::Sample(std::uint64_t seed, std::uint32_t stage, std::uint64_t units) : key_(mixed(seed, stage)), share_(0) {
  const auto all = static_cast<double>(std::max<std::uint64_t>(units, 1));
  share_ = std::clamp(kShare * all, kLeast, kMost) / all;
}

bool Sample::has(UnitId unit) const { return static_cast<double>(mixed(key_, unit.value()) >> 11U) * 0x1p-53 < share_; }

UnitOutcome::UnitOutcome(const detail::StagePlan& plan, const Tables& tables)
    : plan_(plan), tables_(tables), rows_(make_tables(tables)), harvest_(plan.reduces) {
  output_.tables = &rows_;
  output_.forests = &harvest_.forests();
}

void UnitOutcome::close() {
  for (const detail::RejectedRecord& record : output_.rejected) put_rejected(rows_.back(), record);
}

std::vector<std::string> UnitOutcome::differences(const UnitOutcome& other) const {
  std::vector<std::string> found;
  if (reason(output_) != reason(other.output_)) {
    found.push_back(fmt::format("first {}, then {}", reason(output_), reason(other.output_)));
    return found;
  }
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    if (encoded(rows_[i]) == encoded(other.rows_[i])) continue;
    found.push_back(tables_[i].name == kRejectedTable ? "other records were rejected"
                                                      : fmt::format("other rows for '{}'", tables_[i].name));
  }
  for (std::size_t i = 0; i < plan_.reduces.size(); ++i) {
    if (encoded(*harvest_.forests()[i]) == encoded(*other.harvest_.forests()[i])) continue;
    found.push_back(fmt::format("another value for '{}'", plan_.reduces[i].name));
  }
  return found;
}

}  // namespace kiln::flow
