#include "job/command_facts.hpp"

#include "base/quantity.hpp"
#include "job/unit_srun.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>

namespace kiln::job {

exec::CommandSetup make_command_setup(const RunOptions& options, const std::filesystem::path& run_directory) {
  exec::CommandSetup setup;
  setup.environment = exec::clean_environment(environ);
  give_unit_srun(setup.environment, run_directory);
  setup.working_directory = std::filesystem::current_path().string();
  const mode_t mask = umask(0);
  umask(mask);
  setup.umask = mask;
  setup.shell = shell_of(options);
  setup.run_directory = std::filesystem::absolute(run_directory).string();
  setup.timeout = options.timeout;
  setup.grace = options.grace;
  setup.task_signal = signal_number(options.task_signal);
  // What is printed must come to the coordinator, which takes out of it what is not kept.
  setup.keep_output = options.print == observe::PrintMode::none ? options.keep_output : exec::KeepOutput::all;
  setup.output_limit = options.output_limit;
  setup.output_files = options.output_files;
  setup.needs = {options.cpus_per_unit, options.gpus_per_unit, options.memory_per_unit};
  return setup;
}

std::string shell_of(const RunOptions& options) {
  if (!options.shell.empty()) return options.shell;
  return access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh";
}

int signal_number(std::string_view name) {
  if (const auto number = parse_count(name)) return *number < NSIG ? static_cast<int>(*number) : 0;
  if (name.starts_with("SIG")) name.remove_prefix(3);
  for (int number = 1; number < NSIG; ++number) {
    const char* known = sigabbrev_np(number);
    if (known != nullptr && name == known) return number;
  }
  return 0;
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "?";
}

}  // namespace kiln::job
