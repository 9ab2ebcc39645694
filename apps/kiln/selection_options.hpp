#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kiln::cli {

/// Which results are wanted, as the options say.
struct SelectionOptions {
  bool failed_only = false;
  std::optional<std::uint64_t> slow;   ///< those that took longest, longest first
  std::optional<std::uint64_t> limit;  ///< at most so many
  std::string where;                   ///< "": all
  std::vector<std::string> columns;    ///< definitions, taken from what was kept of the output
  std::vector<std::string> only;       ///< names of the columns shown; empty: all

  // Of programs only.
  std::string table;                   ///< its rows; "": not said
  std::string reduced;                 ///< a reduced value, "name" or "name/part"; "": none
  std::optional<std::uint64_t> stage;  ///< what is of this stage
};

/// Throws kiln::Error (usage) where a condition or a definition does not parse; names are looked up later.
void check_syntax(const SelectionOptions& options);

}  // namespace kiln::cli
