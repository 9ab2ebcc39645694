#pragma once

#include <kiln/detail/stage.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::job {

/// Whether a run stops (--max-rejected): `rejected` records of a stage, of all ranks and launches.
bool too_many_rejected(std::uint64_t rejected, std::optional<std::uint64_t> most);
/// What is said then.
std::string too_many_text(std::string_view stage, std::uint64_t rejected, std::uint64_t most);

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
