#pragma once

#include "args/option_parser.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::cli {

/// An option of sbatch that `kiln slurm run` passes on. kiln run's own names come first: -n, -o, -a, -C and -q are its.
struct SbatchSpec {
  enum class Value { none, needed, maybe };
  const char* names;  ///< "-N,--nodes"; the long one is last
  Value takes = Value::needed;
  const char* shown = "";  ///< what stands for the value in help
  const char* text = "";   ///< "": known, and not shown one by one
  std::string_view long_name() const;
};
std::span<const SbatchSpec> sbatch_specs();

/// One as it was given, under its long name.
struct SbatchOption {
  std::string name;  ///< with its dashes
  std::optional<std::string> value;
};

/// Those of sbatch among options as typed, in their order.
std::vector<SbatchOption> sbatch_options(const std::vector<args::GivenOption>& given);

/// As it stands behind #SBATCH: quoted where it must be. Throws kiln::Error (usage) for a value of several lines.
std::string sbatch_text(const SbatchOption& option);

/// The last one of that name; nullptr.
const SbatchOption* find(const std::vector<SbatchOption>& options, std::string_view name);

}  // namespace kiln::cli
