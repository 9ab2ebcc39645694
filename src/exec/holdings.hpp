#pragma once

#include <kiln/detail/bytes.hpp>
#include "exec/harvest.hpp"
#include "schedule/interval_set.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace kiln::exec {

/// Results of done units of one stage.
struct HeldResults {
  schedule::IntervalSet units;
  std::vector<Bytes> rows;                         ///< tables, encoded (base/tables.hpp)
  std::vector<std::unique_ptr<Harvest>> harvests;  ///< mostly one
  std::size_t bytes = 0;                           ///< memory, about
};

/// Results that stay with this worker until they are written to a segment. The executor adds, the main thread takes.
/// Harvests are joined as they come, so that of a value of fixed size one is held, not one a part.
class Holdings {
 public:
  enum class Join { now, later };
  /// One thread at a time. Nothing can be taken from here until publish(): the part that speaks of the units is put
  /// out in between. Join::now takes the time to join with what is held (and throws what that throws; then nothing is
  /// held any more), without the lock; else the next one that does joins this too.
  void add(HeldResults results, Join join);
  /// To be called after add(), and may be without.
  void publish();
  /// A harvest that was joined with what is held, and so is empty, to be used again: it may have kept memory. Null
  /// where there is none.
  std::unique_ptr<Harvest> take_spare();

  enum class Taken { all, nothing, later };
  /// Main thread: all that is held, which the caller owns until written() or failed(). `later`: units are being added
  /// just now.
  Taken take(HeldResults& results);
  /// The same, but it is not held here any more: it goes into a join. Frees the spare.
  Taken hand_over(HeldResults& results);
  /// What was taken is durable.
  void written();
  /// What was taken is held again.
  void failed(HeldResults results);

  /// What was handed over is held again: the join has come to nothing.
  void take_back(HeldResults results);

  /// What is held and what was taken and is not written yet.
  std::size_t bytes() const;
  std::size_t largest_part() const;
  /// Whether what was added and not taken is nothing but harvests that may go into a join.
  bool joinable() const;

 private:
  Taken take_held(HeldResults& results);
  void hold_again(HeldResults results);
  void lose();

  mutable std::mutex mutex_;
  HeldResults held_;
  HeldResults added_;  // of who adds, until publish
  std::unique_ptr<Harvest> spare_;
  bool adding_ = false;
  bool joinable_ = true;  // all of held_ and added_
  std::size_t taken_bytes_ = 0;
  std::size_t largest_part_ = 0;
};

}  // namespace kiln::exec
