#include "exec/capture.hpp"

#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace kiln::exec {
namespace {

constexpr std::size_t kPiece = 1 << 16;
constexpr std::size_t kKeepCapacity = 1 << 20;

}  // namespace

void Capture::begin(Fd read_end, std::uint64_t limit, std::size_t tail) {
  pipe_ = std::move(read_end);
  limit_ = limit;
  tail_.begin(tail);
  kept_.clear();
  cut_ = false;
}

void Capture::on_poll(short revents) {
  if ((revents & POLLIN) != 0) {
    if (!read_some(kPiece)) close();
  } else if ((revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) {
    close();
  }
}

void Capture::finish() {
  int waiting = 0;
  if (pipe_ && ioctl(pipe_.get(), FIONREAD, &waiting) == 0) {
    auto left = static_cast<std::size_t>(waiting);
    while (left != 0) {
      const std::size_t piece = std::min(left, kPiece);
      if (!read_some(piece)) break;
      left -= piece;
    }
  }
  close();
}

void Capture::release() {
  if (kept_.capacity() > kKeepCapacity) std::string().swap(kept_);
  tail_.release();
}

/// False at the end of the stream.
bool Capture::read_some(std::size_t most) {
  std::array<char, kPiece> piece;  // not initialised: it is as large as a pipe
  const ssize_t got = read(pipe_.get(), piece.data(), std::min(most, piece.size()));
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  if (got == 0) return false;
  const auto size = static_cast<std::size_t>(got);
  const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(size, limit_ - kept_.size()));
  kept_.append(piece.data(), room);
  tail_.append({piece.data(), size});
  if (file_.is_open()) file_.write(piece.data(), size);
  cut_ = cut_ || room < size;
  return true;
}

}  // namespace kiln::exec
