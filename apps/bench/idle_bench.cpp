#include "bench.hpp"
#include "process.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <kiln/error.hpp>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

namespace kiln::bench {
namespace {

// Processor seconds that a process has used so far.
double processor_seconds(int pid) {
  const std::string stat = read_text(fmt::format("/proc/{}/stat", pid));
  const auto behind_name = stat.rfind(')');
  if (behind_name == std::string::npos) throw Error(ExitCode::internal, fmt::format("process {} is gone", pid));
  std::istringstream fields(stat.substr(behind_name + 2));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

// The coordinator names itself in owner.json.
int coordinator_of(const std::filesystem::path& directory, Process& kiln) {
  for (const double begin = now(); now() - begin < 30 && kiln.running();) {
    const auto owner = nlohmann::json::parse(read_text(directory / "owner.json"), nullptr, false);
    if (owner.is_object() && owner.contains("pid")) return owner["pid"].get<int>();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  throw Error(ExitCode::internal, "no coordinator in owner.json");
}

}  // namespace

Lines idle_bench(const Settings& settings) {
  const int seconds = settings.quick ? 3 : 10;
  const auto tasks = settings.work / "busy.txt";
  std::ofstream(tasks) << fmt::format("timeout {0} sh -c 'while :; do :; done' || :\n", seconds + 4)
                       << fmt::format("timeout {0} sh -c 'while : ; do :; done' || :\n", seconds + 4);
  const auto directory = settings.work / "busy.kiln";
  Process kiln({(settings.programs / "kiln").string(), "run", "--out", directory.string(), "--fresh", "-n", "2",
                "--progress", "none", tasks.string()},
               settings.work);
  const int coordinator = coordinator_of(directory, kiln);
  std::this_thread::sleep_for(std::chrono::seconds(2));  // what is measured is the middle of the run
  const double begin = now(), used = processor_seconds(coordinator);
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  const double share = (processor_seconds(coordinator) - used) / (now() - begin);
  kiln.wait();
  std::filesystem::remove_all(directory);
  return {{"idle coordinator, workers busy", 100 * share, 0, "% of a core", Bound::at_most, 5}};
}

}  // namespace kiln::bench
