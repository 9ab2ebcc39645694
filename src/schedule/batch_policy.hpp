#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace kiln::schedule {

/// What a policy may look at when it sizes the next batch of one worker.
struct BatchContext {
  std::uint64_t units_left = 0;    ///< not yet handed out
  std::uint64_t workers = 1;       ///< alive
  double unit_seconds = 0;         ///< this worker's measured time a unit; 0 while unknown
  double coordinator_seconds = 0;  ///< coordinator's measured time a batch; 0 while unknown
  std::uint64_t last_size = 0;     ///< units of this worker's last batch; 0 before the first
};

/// The most a batch may hold. The queue may give less: an interval ends, a share ends.
struct BatchLimit {
  std::uint64_t units = 1;              ///< at least 1
  std::uint64_t bytes = kDefaultBytes;  ///< of payload; a batch always holds at least one unit
  static constexpr std::uint64_t kDefaultBytes = 1 << 20;
};

/// How many units the next batch holds.
class BatchPolicy {
 public:
  virtual ~BatchPolicy() = default;
  virtual BatchLimit next(const BatchContext& context) const = 0;
  /// In the words of --batch.
  virtual std::string describe() const = 0;
};

/// Whether a worker that holds `batches` batches, with `seconds_left` of work in them, may get another one ahead: a
/// second one while that is short, more only where it is over sooner than a message takes.
bool may_have_ahead(std::uint64_t batches, double seconds_left);

/// The policy that --batch names: "adaptive", "guided", a count ("100"), bytes ("64KiB"), a time ("200ms").
/// Throws kiln::Error (usage) with what is accepted where the text is none of these, or is zero.
std::unique_ptr<BatchPolicy> make_batch_policy(std::string_view text);

}  // namespace kiln::schedule
