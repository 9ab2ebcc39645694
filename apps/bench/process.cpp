#include "process.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <kiln/error.hpp>

namespace kiln::bench {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

Process::Process(const std::vector<std::string>& words, const std::filesystem::path& work,
                 const std::filesystem::path& input)
    : name_(words.at(0)) {
  const auto tag = std::filesystem::path(name_).filename().string();
  out_ = work / (tag + ".out");
  err_ = work / (tag + ".err");
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  begin_ = now();
  const int code = posix_spawnp(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0) {
    throw Error(ExitCode::internal, fmt::format("cannot start {}: {}; is it installed?", name_, std::strerror(code)));
  }
}

Process::~Process() {
  if (running()) {
    kill(pid_, SIGKILL);
    reap(0);
  }
}

void Process::reap(int flags) {
  if (ended_) return;
  pid_t got = 0;
  do {
    got = waitpid(pid_, &status_, flags);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return;
  ended_ = true;
  end_ = now();
}

bool Process::running() {
  reap(WNOHANG);
  return !ended_;
}

Finished Process::wait(int expected) {
  reap(0);
  Finished finished;
  finished.seconds = end_ - begin_;
  finished.exit_code = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
  finished.out = read_text(out_);
  if (finished.exit_code != expected) {
    throw Error(ExitCode::internal, fmt::format("{} ended with {} instead of {}; it said:\n{}", name_,
                                                finished.exit_code, expected, read_text(err_)));
  }
  return finished;
}

Finished run(const std::vector<std::string>& words, const std::filesystem::path& work,
             const std::filesystem::path& input, int expected) {
  return Process(words, work, input).wait(expected);
}

}  // namespace kiln::bench
