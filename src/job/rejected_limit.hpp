#pragma once

#include <kiln/detail/stage.hpp>
#include "job/run_options.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::job {

/// What is committed of a stage, of all ranks and launches.
struct RejectedCounts {
  std::uint64_t rejected = 0;
  std::uint64_t records = 0;  ///< lines, or binary records, that were read from files
  bool all = false;           ///< all units of the stage have ended
};

/// A share is not judged before so many records are read, or the stage has ended: some bad ones at the begin say
/// nothing.
inline constexpr std::uint64_t kFewestRecords = 100'000;

/// Whether a run stops (--max-rejected). A stage that reads no files has no share.
bool too_many_rejected(const RejectedCounts& counts, const std::optional<Allowance>& most);
/// What is said then.
std::string too_many_text(std::string_view stage, const RejectedCounts& counts, const Allowance& most);

/// Where rejected records are from, for people.
class RejectedTally {
 public:
  static constexpr std::size_t kColumns = 5;   ///< of a table of rejected records
  static constexpr std::size_t kExamples = 3;  ///< shown: the first ones

  void add(detail::RejectedRecord record);
  /// The file that has most, and the examples. Where there are no files: the examples.
  std::vector<std::string> lines() const;

 private:
  std::map<std::string, std::uint64_t> of_file_;
  std::vector<detail::RejectedRecord> examples_;
};

}  // namespace kiln::job
