#include "job/on_finish.hpp"

#include "base/log.hpp"
#include "base/start_directory.hpp"
#include "job/clock.hpp"
#include "job/command_facts.hpp"
#include "job/waiter.hpp"
#include "store/results_file.hpp"
#include "store/run_reader.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <kiln/error.hpp>
#include <kiln/exit_code.hpp>
#include <optional>
#include <string>
#include <vector>

namespace kiln::job {
namespace {

// Nothing is known of the run where its journal cannot be read: then the counts are empty.
std::vector<std::string> facts_of(const RunOptions& options, int exit_code) {
  std::vector<std::string> facts{
      "KILN_RUN_DIR=" + std::filesystem::absolute(from_start(options.directory)).lexically_normal().string(),
      fmt::format("KILN_EXIT_CODE={}", exit_code)};
  std::string outcome = "cut_off", units, done, failed;
  try {
    const store::RunReader run = store::RunReader::open(options.directory);
    if (const auto end = run.last_end()) outcome = store::outcome_name(end->outcome);
    const store::Totals totals = run.totals();
    units = std::to_string(totals.units);
    done = std::to_string(totals.done);
    failed = std::to_string(totals.failed);
  } catch (const std::exception& error) {
    log::debug("--on-finish: {}", error.what());
  }
  facts.push_back("KILN_OUTCOME=" + outcome);
  facts.push_back("KILN_UNITS=" + units);
  facts.push_back("KILN_DONE=" + done);
  facts.push_back("KILN_FAILED=" + failed);
  return facts;
}

std::vector<std::string> caller_environment(bool inside_mpi) {
  if (inside_mpi) return exec::clean_environment(environ);
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (std::strncmp(*entry, "KILN_", 5) != 0) all.emplace_back(*entry);
  }
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

// In a process group of its own, with default signals and nothing to read; -1 with errno where it cannot be started.
pid_t start(std::vector<std::string> words, std::vector<std::string> environment) {
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_init(&actions);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addchdir_np(&actions, start_directory().c_str());
  pid_t pid = -1;
  const int error = posix_spawn(&pid, words.front().c_str(), &actions, &attributes, pointers(words).data(),
                                pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error == 0) return pid;
  errno = error;
  return -1;
}

// Its wait status. A signal asks it to end, a second one or the end of the grace does not ask.
int wait_for(pid_t pid, Duration grace) {
  Waiter waiter({SIGINT, SIGTERM, SIGHUP, SIGUSR1});
  unsigned signals = 0;
  std::optional<Instant> kill_at;
  while (true) {
    int status = 0;
    const pid_t got = waitpid(pid, &status, WNOHANG);
    if (got == pid) return status;
    if (got < 0 && errno != EINTR) return SIGKILL;  // somebody else has reaped it
    for ([[maybe_unused]] const int signal : waiter.take_signals()) {
      if (++signals == 1) kill_at = now() + grace;
      kill(-pid, signals == 1 ? SIGTERM : SIGKILL);
    }
    if (kill_at && now() >= *kill_at) kill(-pid, SIGKILL);
    waiter.pause(std::chrono::milliseconds(50));
  }
}

}  // namespace

bool has_run(int exit_code) {
  return exit_code != to_int(ExitCode::usage) && exit_code != to_int(ExitCode::bad_input) &&
         exit_code != to_int(ExitCode::run_directory);
}

void run_on_finish(const RunOptions& options, int exit_code, bool inside_mpi) {
  if (options.on_finish.empty() || !has_run(exit_code)) return;
  std::vector<std::string> environment = caller_environment(inside_mpi);
  for (std::string& fact : facts_of(options, exit_code)) environment.push_back(std::move(fact));
  const std::string shell = shell_of(options);
  const bool like_option = options.on_finish.starts_with('-') || options.on_finish.starts_with('+');
  std::vector<std::string> words{shell, "-c"};
  if (like_option) words.emplace_back("--");
  words.push_back(options.on_finish);
  const pid_t pid = start(std::move(words), std::move(environment));
  if (pid < 0) {
    log::warning("--on-finish: cannot execute the shell {}: {}; the run itself is not concerned", shell,
                 std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
    return;
  }
  const int status = wait_for(pid, options.grace);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  const std::string how =
      WIFEXITED(status) ? fmt::format("exit code {}", WEXITSTATUS(status)) : fmt::format("signal {}", WTERMSIG(status));
  log::warning("--on-finish: {}; the run itself is not concerned, its exit code stays {}", how, exit_code);
}

}  // namespace kiln::job
