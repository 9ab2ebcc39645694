#pragma once

#include "slurm/sbatch_options.hpp"

#include <optional>
#include <string>
#include <vector>

/// Where the tasks of a job array had their output, as kiln run writes it.
namespace kiln::cli {

struct OutputNames {
  std::vector<std::string> words;  ///< --output-files and its pattern, or none
  std::vector<std::string> notes;  ///< a line each
};

/// A pattern of --output-files for a name of sbatch's --output; nothing where tasks shared a file, or their names hold
/// what a task of kiln has not (%N). `stem`: stands for the number of the array.
std::optional<std::string> output_pattern(const std::string& name, const std::string& stem, const std::string& job);

/// `options`: of the old script, each once.
OutputNames output_names(const std::vector<SbatchOption>& options, const std::string& stem);

}  // namespace kiln::cli
