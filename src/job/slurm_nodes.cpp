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

std::vector<Host> slurm_hosts(const Variables& variables, const std::string& scontrol, const Ask& ask) {
  const auto cpus = parse_slurm_cpu_list(value(variables, "SLURM_JOB_CPUS_PER_NODE"));
  if (!cpus || cpus->empty()) return {};
  if (cpus->size() == 1) return {{"", cpus->front()}};
  const std::string list = value(variables, "SLURM_JOB_NODELIST");
  if (list.empty() || scontrol.empty()) return {};
  const Answer names = ask({scontrol, "show", "hostnames", list});
  std::vector<Host> hosts;
  std::istringstream lines(names.text);
  for (std::string line; names.well && std::getline(lines, line);) hosts.push_back({line, 1});
  if (hosts.size() != cpus->size()) return {};
  for (std::size_t i = 0; i < hosts.size(); ++i) hosts[i].cpus = (*cpus)[i];
  return hosts;
}

SlurmNodes find_slurm_nodes(const Variables& variables, const std::string& scontrol, const std::string& srun,
                            const Ask& ask) {
  const std::vector<Host> nodes = slurm_hosts(variables, scontrol, ask);
  if (nodes.size() < 2 || srun.empty()) return {};
  std::vector<std::vector<std::string>> questions;
  for (const Host& node : nodes) {
    questions.push_back({srun, "--nodes=1", "--ntasks=1", "--overlap", "--nodelist=" + node.name, "true"});
  }
  const std::vector<Answer> answers = ask_all(questions, ask);
  SlurmNodes found;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!answers[i].well) {
      found.silent.push_back(nodes[i].name);
      continue;
    }
    found.hosts += fmt::format("{}{}:{}", found.hosts.empty() ? "" : ",", nodes[i].name, nodes[i].cpus);
    found.cpus += nodes[i].cpus;
  }
  if (found.silent.empty() || found.hosts.empty()) return {};
  return found;
}

}  // namespace kiln::job
