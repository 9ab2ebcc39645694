#include "job/slurm_nodes.hpp"

#include <fmt/core.h>

#include <optional>
#include <sstream>

namespace kiln::job {
namespace {

std::string value(const Variables& variables, const char* name) {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

}  // namespace

SlurmNodes find_slurm_nodes(const Variables& variables, const std::string& scontrol, const std::string& srun,
                            const Ask& ask) {
  const auto cpus = parse_slurm_cpu_list(value(variables, "SLURM_JOB_CPUS_PER_NODE"));
  const std::string list = value(variables, "SLURM_JOB_NODELIST");
  if (!cpus || cpus->size() < 2 || list.empty() || scontrol.empty() || srun.empty()) return {};
  const Answer names = ask({scontrol, "show", "hostnames", list});
  std::vector<std::string> nodes;
  std::istringstream lines(names.text);
  for (std::string line; names.well && std::getline(lines, line);) nodes.push_back(line);
  if (nodes.size() != cpus->size()) return {};

  std::vector<std::vector<std::string>> questions;
  for (const std::string& node : nodes) {
    questions.push_back({srun, "--nodes=1", "--ntasks=1", "--overlap", "--nodelist=" + node, "true"});
  }
  const std::vector<Answer> answers = ask_all(questions, ask);
  SlurmNodes found;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!answers[i].well) {
      found.silent.push_back(nodes[i]);
      continue;
    }
    found.hosts += fmt::format("{}{}:{}", found.hosts.empty() ? "" : ",", nodes[i], (*cpus)[i]);
    found.cpus += (*cpus)[i];
  }
  if (found.silent.empty() || found.hosts.empty()) return {};
  return found;
}

}  // namespace kiln::job
