#pragma once

#include "exec/command_setup.hpp"

#include <array>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace kiln::exec {

/// The environment of a helper's commands: built once, only KILN_UNIT, KILN_ATTEMPT and what a unit has
/// of its own change.
class ChildEnvironment {
 public:
  explicit ChildEnvironment(const CommandSetup& setup);
  ChildEnvironment(const ChildEnvironment&) = delete;
  ChildEnvironment& operator=(const ChildEnvironment&) = delete;

  /// For execve; valid until the next call. `own`: the unit's own variables, each NAME=value ended by a NUL.
  char* const* for_unit(std::uint64_t unit, std::uint32_t attempt, std::string_view own);

  /// The value, "" where it is not set.
  std::string_view value(std::string_view name) const;
  /// This environment makes a shell do more than it would by its own rules: BASH_ENV and the like.
  bool changes_shell() const { return changes_shell_; }
  /// A function of that name was exported to the shell.
  bool has_function(const std::string& name) const { return functions_.contains(name); }

 private:
  std::vector<std::string> fixed_;
  std::array<char, 48> unit_{};
  std::array<char, 48> attempt_{};
  std::string own_;
  std::vector<char*> pointers_;  // the fixed ones, unit, attempt, those of own_, null
  std::size_t common_ = 0;       // the pointers before own_'s
  std::unordered_set<std::string> functions_;
  bool changes_shell_ = false;
};

}  // namespace kiln::exec
