#include "job/slurm_programs.hpp"

#include "exec/program_output.hpp"
#include "exec/program_path.hpp"
#include "job/environment.hpp"

#include <fmt/core.h>

namespace kiln::job {

SlurmTools::SlurmTools(Duration patience) : patience_(patience) {
  const Variables variables = read_variables();
  for (const auto& [name, value] : variables) environment_.push_back(fmt::format("{}={}", name, value));
  if (const auto path = variables.find("PATH"); path != variables.end()) path_ = path->second;
}

std::string SlurmTools::find(const std::string& name) const {
  exec::ProgramPath folders(path_);
  const char* const found = folders.find(name);
  return found == nullptr ? "" : found;
}

Ask SlurmTools::ask() const {
  return [environment = environment_, patience = patience_](const std::vector<std::string>& words) {
    const exec::ProgramEnd end = exec::run_program(words, environment, patience);
    return Answer{end.well(), end.output};
  };
}

}  // namespace kiln::job
