#pragma once

#include <kiln/ids.hpp>
#include "base/time.hpp"
#include "net/transport.hpp"
#include "protocol/messages.hpp"

#include <map>
#include <string>
#include <vector>

namespace kiln::job {

/// What this process says of itself in each beat. Reads /proc.
protocol::Beat own_place();

/// The ends of other ranks' processes, as the kernel tells them, on the same machine, where it has pidfds; and as MPI
/// does, where it can (net::Transport::lost). One thread; nothing blocks.
class ProcessWatch {
 public:
  /// `transport` outlives this.
  ProcessWatch(const net::Transport& transport, std::string own_machine)
      : transport_(transport), own_machine_(std::move(own_machine)) {}
  ~ProcessWatch();
  ProcessWatch(const ProcessWatch&) = delete;
  ProcessWatch& operator=(const ProcessWatch&) = delete;

  /// Where the rank's process is, as it says; the first word for a rank holds.
  void watch(Rank rank, const protocol::Beat& place);
  /// Ranks whose process has ended, each once or twice. Asks the kernel at most every kEvery.
  std::vector<Rank> ended(Instant now);

  static constexpr Duration kEvery = std::chrono::milliseconds(20);

 private:
  const net::Transport& transport_;
  std::size_t lost_told_ = 0;  // of its list
  std::string own_machine_;
  std::map<Rank, int> processes_;  // descriptors; -1: cannot be watched, or has ended
  std::vector<Rank> ended_;        // not yet told
  Instant asked_at_{};
};

}  // namespace kiln::job
