#include "job/process_watch.hpp"

#include "store/owner.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace kiln::job {

protocol::Beat own_place() {
  store::Owner own = store::this_process();
  return {std::move(own.host), std::move(own.boot_id), own.pid, own.process_start};
}

ProcessWatch::~ProcessWatch() {
  for (const auto& [rank, descriptor] : processes_) {
    if (descriptor >= 0) ::close(descriptor);
  }
}

void ProcessWatch::watch(Rank rank, const protocol::Beat& place) {
  if (processes_.contains(rank)) return;
  int& descriptor = processes_[rank] = -1;
  if (own_machine_.empty() || place.machine != own_machine_ || place.pid <= 0) return;
  descriptor = static_cast<int>(::syscall(SYS_pidfd_open, place.pid, 0));
  const bool none = descriptor < 0 && errno == ESRCH;
  // The pid may be another process's by now.
  const bool another = descriptor >= 0 && place.started != 0 && store::process_start(place.pid) != place.started;
  if (none || another) ended_.push_back(rank);
  if (another) ::close(std::exchange(descriptor, -1));
}

std::vector<Rank> ProcessWatch::ended(Instant now) {
  if (now - asked_at_ < kEvery) return {};
  asked_at_ = now;
  std::vector<pollfd> waits;
  std::vector<Rank> ranks;
  for (const auto& [rank, descriptor] : processes_) {
    if (descriptor < 0) continue;
    waits.push_back({descriptor, POLLIN, 0});
    ranks.push_back(rank);
  }
  if (!waits.empty() && ::poll(waits.data(), waits.size(), 0) > 0) {
    for (std::size_t i = 0; i < waits.size(); ++i) {
      if (waits[i].revents == 0) continue;
      ended_.push_back(ranks[i]);
      ::close(std::exchange(processes_[ranks[i]], -1));
    }
  }
  const std::vector<Rank>& lost = transport_.lost();
  ended_.insert(ended_.end(), lost.begin() + static_cast<std::ptrdiff_t>(lost_told_), lost.end());
  lost_told_ = lost.size();
  return std::exchange(ended_, {});
}

}  // namespace kiln::job
