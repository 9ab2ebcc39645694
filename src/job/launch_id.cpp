#include "job/launch_id.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <random>

namespace kiln::job {

std::string make_launch_id() {
  std::random_device random;
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  return fmt::format("{:x}-{}-{:08x}{:08x}", seconds, getpid(), random(), random());
}

}  // namespace kiln::job
