#pragma once

#include "base/time.hpp"
#include "store/owner.hpp"
#include "store/run_directory.hpp"

#include <functional>
#include <string>

namespace kiln::store {

inline constexpr Duration kOwnerDeadline = std::chrono::seconds(5);

/// The reader's own time. The real one in production; a test brings its own.
struct LivenessClock {
  std::function<Instant()> now;
  std::function<void(Duration)> wait;  ///< returns after about this long
  /// Of a process of this host, as store::process_start.
  std::function<std::optional<std::uint64_t>(std::int32_t)> process_start;

  static LivenessClock real();
};

struct OwnerCheck {
  bool in_use = false;
  /// Its process exists on this host, though it gives no sign of life: stopped, or stuck. It may wake.
  bool may_wake = false;
  std::string why;  ///< for people: "its owner, pid 4711 on node7, is alive" or why it is free
};

/// Whether another process writes the run in `directory`, as seen by `self`. In use while the beat changes within two
/// deadlines of the reader's clock. Decided at once, without waiting: no owner, a released one, `self` itself; on the
/// same host a dead process; a lower restart count of the same Slurm job. Throws kiln::Error where owner.json cannot be
/// read.
OwnerCheck check_owner(const std::filesystem::path& directory, const Owner& self, Duration deadline,
                       const LivenessClock& clock);

/// Writes owner.json: the one that beats. One thread at a time.
class Heart {
 public:
  /// Nothing is written before the first beat().
  Heart(RunDirectory directory, Owner self) : directory_(std::move(directory)), self_(std::move(self)) {}

  void set_epoch(Epoch epoch) { self_.epoch = epoch; }
  const Owner& self() const { return self_; }
  /// About once a second; nothing where a later epoch's owner has written the file. Throws StorageError.
  void beat();
  /// The end in good order: the next run need not wait. Throws StorageError.
  void release();

 private:
  bool is_passed() const;

  RunDirectory directory_;
  Owner self_;
};

}  // namespace kiln::store
