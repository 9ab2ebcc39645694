#pragma once

#include "base/time.hpp"
#include "schedule/gates.hpp"
#include "schedule/time_limit.hpp"
#include "schedule/unit_queue.hpp"

#include <kiln/ids.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kiln::protocol {

/// Units `interval` get this many extra tries. Where such classes overlap, the later one holds.
struct RetryClass {
  Interval interval;
  std::uint32_t retries = 0;
};

/// Near the end, units that take much longer than others are given to an idle worker as well. `others`: but none of the
/// coordinator's own rank, and none to it: all others would wait until what it gave up has ended.
enum class Speculate : std::uint8_t { no, others, all };

struct CoordinatorOptions {
  std::string batch = "adaptive";  ///< as --batch
  schedule::QueueOptions queue;
  /// Units of these begin when the stages before theirs are done and committed; those behind a dead letter do not, and
  /// the run ends without them. Units of none of them never wait.
  std::vector<schedule::GatedStage> stages = {};
  std::uint32_t retries = 0;                   ///< extra tries of a unit that fails
  std::vector<RetryClass> retry_classes = {};  ///< of units with a number of their own
  Duration backoff = std::chrono::seconds(1);
  std::uint64_t max_failures = UINT64_MAX;  ///< the run stops when this many units are dead letters
  Duration checkpoint_every = std::chrono::seconds(30);
  bool checkpoint_adapts = true;              ///< the interval grows so that committing costs under 1 %
  std::size_t commit_bytes = 64U << 20;       ///< a commit starts early when this much waits for one
  std::size_t pause_bytes = 512U << 20;       ///< nothing is handed out while this much waits (a slow or full disk)
  Duration grace = std::chrono::seconds(10);  ///< given to running units when the run is interrupted
  /// Where every worker is in what it was told to leave, and units are left, so long is waited for one of them; 20
  /// times as long where some may be so, or only need long to get ready.
  Duration held_up_patience = std::chrono::seconds(30);
  /// What runs so long after it was cancelled is given up: its worker may be busy for ever. Nothing: it is waited for.
  std::optional<Duration> give_up_after = {};
  /// The run stops by itself: nothing is handed out that is not likely to end before the limit, and there it is as if
  /// it were interrupted.
  std::optional<schedule::TimeLimit> time_limit = {};
  bool task_signal = false;  ///< running units get the task signal when the run is interrupted
  Duration storage_patience = std::chrono::seconds(30);  ///< failed commits are tried again for this long
  Duration storage_retry = std::chrono::seconds(1);      ///< after this pause
  std::uint64_t most_in_flight = 0;                      ///< units handed out at a time, over all workers; 0: any
  /// Of the stage's reductions, how many counts they are that can be added (Join); 0: what workers hold goes to
  /// segments.
  std::uint64_t join_counts = 0;
  Speculate speculate = Speculate::no;  ///< not with most_in_flight or no_rerun_lost
  /// No unit begins a second time because somebody was lost: the port makes a unit's begin known (give) before it is
  /// handed out, units are handed out one at a time with none ahead, and what a lost rank may have begun, or was
  /// cancelled, is a dead letter.
  bool no_rerun_lost = false;
  std::uint64_t seed = 0;
  /// Of each worker, so many bytes that it retains until they are committed (Retained::kBytes); a commit starts early
  /// at half of it. 0: workers retain nothing, as nobody could take over.
  std::uint64_t retain_bytes = 0;
};

}  // namespace kiln::protocol
