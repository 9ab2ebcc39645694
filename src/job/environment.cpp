#include "job/environment.hpp"

#include "base/quantity.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <numeric>
#include <string_view>
#include <utility>

namespace kiln::job {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read before any thread is started
  return value == nullptr ? "" : value;
}

std::optional<std::int32_t> number(const char* name) {
  const auto value = parse_count(variable(name));
  if (!value || *value > INT32_MAX) return std::nullopt;
  return static_cast<std::int32_t>(*value);
}

// Megabytes. All of the machine's memory is 0 there, too.
std::uint64_t slurm_memory() {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 40;
  const auto megabytes = [](const char* name) {
    const auto value = parse_count(variable(name));
    return value && *value < kMost ? *value << 20U : 0;
  };
  const std::uint64_t of_node = megabytes("SLURM_MEM_PER_NODE"), of_cpu = megabytes("SLURM_MEM_PER_CPU");
  if (of_node != 0) return of_node;
  const auto cpus = number("SLURM_CPUS_ON_NODE");
  return cpus && *cpus > 0 && *cpus < 1'000'000 && of_cpu < kMost ? of_cpu * static_cast<std::uint64_t>(*cpus) : 0;
}

std::optional<double> seconds_of(const char* name) {
  const auto value = parse_count(variable(name));
  return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}

std::optional<Environment::AskedEnd> asked_end() {
  const std::string text = variable(kUntilName);
  const std::size_t blank = text.find(' ');
  const auto time = parse_count(text.substr(0, blank));
  if (!time) return std::nullopt;
  return Environment::AskedEnd{static_cast<double>(*time), blank != std::string::npos};
}

// Open MPI 4 hands the options of its mpirun on, 5 those for ULFM.
std::optional<bool> survival() {
  for (const char* name : {"OMPI_MCA_orte_enable_recovery", "OMPI_MCA_mpi_ft_enable"}) {
    const std::string value = variable(name);
    if (!value.empty()) return value != "0" && value != "false";
  }
  if (!variable("OMPI_MCA_orte_hnp_uri").empty()) return false;
  return std::nullopt;
}

// srun with PMIx says it of all nodes at once, "2(x3),1".
std::optional<std::int32_t> ranks_here_by_srun() {
  const auto tasks = parse_slurm_cpu_list(variable("SLURM_STEP_TASKS_PER_NODE"));
  const auto node = number("SLURM_NODEID");
  if (!tasks || !node || static_cast<std::size_t>(*node) >= tasks->size()) return std::nullopt;
  return static_cast<std::int32_t>(tasks->at(static_cast<std::size_t>(*node)));
}

}  // namespace

std::optional<std::vector<std::uint32_t>> parse_slurm_cpu_list(const std::string& text) {
  constexpr std::uint64_t kMost = 1'000'000;
  std::vector<std::uint32_t> nodes;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    const std::size_t open = item.find("(x");
    const auto cpus = parse_count(item.substr(0, open));
    std::optional<std::uint64_t> times = 1;
    if (open != std::string_view::npos) {
      if (item.back() != ')') return std::nullopt;
      times = parse_count(item.substr(open + 2, item.size() - open - 3));
    }
    if (!cpus || !times || *cpus > kMost || *times > kMost || nodes.size() + *times > kMost) return std::nullopt;
    nodes.insert(nodes.end(), *times, static_cast<std::uint32_t>(*cpus));
  }
  return nodes;
}

std::optional<std::uint32_t> parse_slurm_cpus(const std::string& text) {
  const auto nodes = parse_slurm_cpu_list(text);
  if (!nodes) return std::nullopt;
  const std::uint64_t total = std::accumulate(nodes->begin(), nodes->end(), std::uint64_t{0});
  if (total == 0 || total > 100'000'000) return std::nullopt;
  return static_cast<std::uint32_t>(total);
}

Environment read_environment() {
  Environment environment;
  // mpirun of Open MPI, then srun with PMIx or PMI. SLURM_PROCID alone says nothing: a batch script has it too.
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"}) {
    if (!environment.mpi_rank) environment.mpi_rank = number(name);
  }
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_NTASKS"}) {
    if (const auto size = number(name); environment.mpi_rank && size) {
      environment.mpi_size = *size;
      break;
    }
  }
  environment.mpi_ranks_here = environment.mpi_size;
  if (environment.mpi_rank) environment.mpi_ranks_here = ranks_here_by_srun().value_or(environment.mpi_size);
  for (const char* name : {"OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS", "PMI_LOCAL_SIZE"}) {
    if (const auto here = number(name); environment.mpi_rank && here && *here > 0) {
      environment.mpi_ranks_here = *here;
      break;
    }
  }
  environment.mpi_local_rank = environment.mpi_rank.value_or(0);
  for (const char* name : {"OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "PMI_LOCAL_RANK", "SLURM_LOCALID"}) {
    if (const auto local = number(name); environment.mpi_rank && local) {
      environment.mpi_local_rank = *local;
      break;
    }
  }
  if (environment.mpi_rank) environment.survives_deaths = survival();
  environment.launch_id = variable(kLaunchIdName);
  environment.first_launch_id = variable(kFirstLaunchName);
  environment.previous_launch_id = variable(kPreviousLaunchName);
  environment.launcher_logs = !variable(kTellPlanName).empty();
  environment.slurm_job_id = variable("SLURM_JOB_ID");
  environment.stop_time = seconds_of(kStopTimeName);
  environment.until = asked_end();
  if (!environment.slurm_job_id.empty()) {
    environment.slurm_memory = slurm_memory();
    environment.slurm_job_end = seconds_of("SLURM_JOB_END_TIME");
    const std::string cpus = variable("SLURM_JOB_CPUS_PER_NODE");
    environment.slurm_cpus = parse_slurm_cpus(cpus).value_or(0);
    if (auto nodes = parse_slurm_cpu_list(cpus)) environment.slurm_node_cpus = std::move(*nodes);
  }
  if (const std::string directory = variable("TMPDIR"); !directory.empty()) environment.temporary_directory = directory;
  return environment;
}

Variables read_variables() {
  Variables variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = std::min(text.find('='), text.size());
    variables.emplace(text.substr(0, equals), text.substr(std::min(text.size(), equals + 1)));
  }
  return variables;
}

}  // namespace kiln::job
