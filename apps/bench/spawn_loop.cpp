#include "spawn_loop.hpp"

#include "process.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <kiln/error.hpp>
#include <vector>

namespace kiln::bench {
namespace {

[[noreturn]] void fail(const char* what, int code) {
  throw Error(ExitCode::internal, fmt::format("{}: {}", what, std::strerror(code)));
}

struct Child {
  pid_t pid = -1;
  std::array<int, 2> streams = {-1, -1};  // output, error; -1 once at its end
};

Child start(const std::string& program) {
  std::array<int, 2> out = {}, err = {};
  if (pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(err.data(), O_CLOEXEC) != 0) fail("pipe2", errno);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
  std::array<char*, 2> arguments = {const_cast<char*>(program.c_str()), nullptr};
  Child child;
  const int code = posix_spawn(&child.pid, program.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  close(err[1]);
  if (code != 0) fail("posix_spawn", code);
  child.streams = {out[0], err[0]};
  return child;
}

// Reads what is there; false at the end of the stream, which is closed then.
bool read_some(int stream) {
  std::array<char, 4096> buffer;
  const ssize_t got = read(stream, buffer.data(), buffer.size());
  if (got > 0 || (got < 0 && errno == EINTR)) return true;
  close(stream);
  return false;
}

void finish(const Child& child) {
  int status = 0;
  while (waitpid(child.pid, &status, 0) < 0) {
    if (errno != EINTR) fail("waitpid", errno);
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail("the program failed", 0);
}

}  // namespace

double spawn_loop(const std::string& program, int times, int width) {
  const double begin = now();
  std::vector<Child> children;
  std::vector<pollfd> polled;
  int started = 0;
  while (started < times || !children.empty()) {
    while (started < times && children.size() < static_cast<std::size_t>(width)) {
      children.push_back(start(program));
      ++started;
    }
    polled.clear();
    for (const Child& child : children) {
      for (const int stream : child.streams) polled.push_back({stream, POLLIN, 0});
    }
    if (poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) fail("poll", errno);
    for (std::size_t i = children.size(); i-- > 0;) {
      Child& child = children[i];
      for (std::size_t s = 0; s < 2; ++s) {
        if (polled[2 * i + s].revents != 0 && !read_some(child.streams[s])) child.streams[s] = -1;
      }
      if (child.streams[0] < 0 && child.streams[1] < 0) {
        finish(child);
        children.erase(children.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
  }
  return times / (now() - begin);
}

}  // namespace kiln::bench
