#include "job/mpirun_words.hpp"

#include "base/quantity.hpp"

#include <sched.h>

#include <algorithm>
#include <filesystem>
#include <kiln/error.hpp>
#include <thread>

namespace kiln::job {

std::vector<std::string> recovery_words(std::string_view library) {
  constexpr std::string_view kName = "Open MPI v";
  if (!library.starts_with(kName)) return {};
  const std::string_view version = library.substr(kName.size());
  const auto major = parse_count(version.substr(0, version.find('.')));
  if (!major) return {};
  if (*major >= 5) return {"--with-ft", "ulfm"};
  if (*major >= 3) return {"--enable-recovery"};
  return {};
}

std::string own_program() {
  std::error_code failed;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (failed) throw Error(ExitCode::internal, "cannot find this program: /proc/self/exe does not say");
  return path.string();
}

std::uint32_t worker_count(const RunOptions& options, const Environment& environment) {
  if (options.workers) return *options.workers;
  return environment.slurm_cpus != 0 ? environment.slurm_cpus : cpus_here();
}

std::uint32_t cpus_here() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  // Fails where the machine has more CPUs than the set has places.
  if (sched_getaffinity(0, sizeof cpus, &cpus) != 0) return std::max(1U, std::thread::hardware_concurrency());
  return static_cast<std::uint32_t>(std::max(1, CPU_COUNT(&cpus)));
}

std::vector<std::string> mpirun_words(const RunOptions& options, std::uint32_t workers,
                                      const std::vector<std::string>& recovery, const std::string& hosts,
                                      const std::vector<std::string>& variables, const std::string& program,
                                      const std::vector<std::string>& arguments) {
  const std::uint32_t ranks = options.coordinator_works ? workers : workers + 1;
  std::vector<std::string> words{"mpirun", "-n", std::to_string(ranks), "--bind-to", "none", "--oversubscribe"};
  words.insert(words.end(), recovery.begin(), recovery.end());
  if (!hosts.empty()) words.insert(words.end(), {"--host", hosts});
  for (const std::string& name : variables) words.insert(words.end(), {"-x", name});
  if (!options.fast_network) {
    for (const char* word : {"--mca", "pml", "ob1", "--mca", "btl", "self,vader,tcp"}) words.emplace_back(word);
  }
  words.push_back(program);
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

}  // namespace kiln::job
