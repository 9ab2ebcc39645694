#include "bench.hpp"
#include "table.hpp"

#include <fmt/core.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <kiln/error.hpp>

namespace {

using kiln::bench::Lines;
using kiln::bench::Settings;

struct Bench {
  const char* name;
  Lines (*run)(const Settings&);
};
constexpr Bench kBenches[] = {{"spawn", kiln::bench::spawn_bench},           {"dispatch", kiln::bench::dispatch_bench},
                              {"checkpoint", kiln::bench::checkpoint_bench}, {"idle", kiln::bench::idle_bench},
                              {"recovery", kiln::bench::recovery_bench},     {"library", kiln::bench::library_bench},
                              {"keyed", kiln::bench::keyed_bench},           {"shuffle", kiln::bench::shuffle_bench}};

/// A folder for what the benches write; gone at the end.
class WorkFolder {
 public:
  WorkFolder() {
    std::string name = (std::filesystem::current_path() / "kiln-bench-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
      throw kiln::Error(kiln::ExitCode::internal, "cannot make a folder here: go where you may write");
    }
    path_ = name;
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  ~WorkFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Exit 0: every target is met; 1: one is not; 70: a bench could not be measured.
int run_benches(const std::vector<std::string>& only, Settings settings) {
  const WorkFolder folder;
  settings.work = folder.path();
  Lines lines;
  int code = 0;
  for (const Bench& bench : kBenches) {
    if (!only.empty() && std::find(only.begin(), only.end(), bench.name) == only.end()) continue;
    fmt::print(stderr, "kiln_bench: {} …\n", bench.name);
    try {
      for (auto& line : bench.run(settings)) lines.push_back(std::move(line));
    } catch (const std::exception& error) {
      fmt::print(stderr, "kiln_bench: {} could not be measured: {}\n", bench.name, error.what());
      code = to_int(kiln::ExitCode::internal);
    }
  }
  fmt::print("{}", format_table(lines));
  if (settings.quick) {
    fmt::print("(--quick: the numbers are too small to say how fast anything is)\n");
    return code;
  }
  for (const auto& line : lines) code = std::max(code, line.met() ? 0 : 1);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  settings.programs = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  std::vector<std::string> only, names;
  for (const Bench& bench : kBenches) names.emplace_back(bench.name);
  CLI::App app("kiln against the limits of this machine, A and B in turn");
  app.add_flag("--quick", settings.quick, "small numbers, one round: does it work, not how fast");
  app.add_option("bench", only, "which ones (default: all)")->check(CLI::IsMember(names));
  CLI11_PARSE(app, argc, argv);
  try {
    return run_benches(only, settings);
  } catch (const std::exception& error) {
    fmt::print(stderr, "kiln_bench: {}\n", error.what());
    return to_int(kiln::ExitCode::internal);
  }
}
