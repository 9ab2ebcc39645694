#include "base/start_directory.hpp"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>

namespace kiln {
namespace {

/// In a process of its own, as there is one such directory in each.
bool holds(const std::function<bool()>& claim) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(claim() ? 0 : 1);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(StartDirectory, RelativeNamesStayWhereTheyWere) {
  EXPECT_TRUE(holds([] {
    if (::chdir("/usr") != 0) return false;
    remember_start_directory();
    if (::chdir("/") != 0) return false;
    return from_start("a/b") == "/usr/a/b" && start_directory() == "/usr";
  }));
}

TEST(StartDirectory, OthersAreAsTheyAre) {
  EXPECT_TRUE(holds([] {
    remember_start_directory();
    return from_start("/a/b") == "/a/b" && from_start("").empty();
  }));
}

TEST(StartDirectory, NothingIsRememberedUnasked) {
  EXPECT_TRUE(holds([] { return from_start("a") == "a" && start_directory() == std::filesystem::current_path(); }));
}

}  // namespace
}  // namespace kiln
