#include "job/spool.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <kiln/error.hpp>
#include <utility>

namespace kiln::job {
namespace {

constexpr std::size_t kGathered = std::size_t{1} << 18;

}  // namespace

Spool::Spool(std::string directory) : directory_(std::move(directory)) {
  std::string name = directory_ + "/kiln-tasks-XXXXXX";
  descriptor_ = mkostemp(name.data(), O_CLOEXEC);
  if (descriptor_ < 0) {
    throw Error(ExitCode::bad_input,
                fmt::format("cannot make a temporary file in {}: {}. Set TMPDIR to a directory that "
                            "can be written.",
                            directory_, std::strerror(errno)));
  }
  unlink(name.c_str());
}

Spool::~Spool() {
  if (descriptor_ >= 0) close(descriptor_);
}

Spool::Spool(Spool&& other) noexcept
    : directory_(std::move(other.directory_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      pending_(std::move(other.pending_)) {}

void Spool::write(std::string_view text) {
  pending_ += text;
  if (pending_.size() >= kGathered) flush();
}

void Spool::flush() {
  for (std::string_view rest = pending_; !rest.empty();) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      throw Error(ExitCode::bad_input, fmt::format("cannot keep the commands in {}: {}. Set TMPDIR to a directory with "
                                                   "room, or name a task file.",
                                                   directory_, std::strerror(errno)));
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  pending_.clear();
}

void Spool::finish() {
  flush();
  rewind();
}

void Spool::rewind() { lseek(descriptor_, 0, SEEK_SET); }

}  // namespace kiln::job
