#pragma once

#include "units/argument_table.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace kiln::units {

/// No list is longer.
inline constexpr std::uint64_t kMostCombinations = 1'000'000'000;

/// All commands of `COMMAND ::: ARGS`: every combination of the sources' values, the last source varying fastest;
/// linked sources go along with the one before them.
class ArgumentExpansion {
 public:
  /// Reads all sources. Throws kiln::Error: usage where the words contradict themselves, bad_input where what is in the
  /// sources cannot be used. `words` must outlive this.
  ArgumentExpansion(const ArgumentWords& words, const ReadFile& read);

  std::uint64_t count() const { return count_; }
  /// Each command in order; a view that is valid during the visit. Throws kiln::Error (bad_input) for a command that is
  /// too long, with the place of its longest value.
  void for_each(const std::function<void(std::string_view)>& visit) const;

 private:
  void link(const ArgumentWords& words);
  void check_length(const std::string& command, const std::vector<std::size_t>& rows) const;
  std::vector<ColumnName> column_names() const;

  std::vector<ArgumentTable> tables_;
  std::vector<std::size_t> group_of_;    // of each table
  std::vector<std::size_t> group_size_;  // rows of each group of linked tables
  std::optional<ArgumentTemplate> command_;
  std::uint64_t count_ = 0;
};

}  // namespace kiln::units
