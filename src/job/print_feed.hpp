#pragma once

#include <kiln/detail/rows.hpp>
#include "observe/print_file.hpp"

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <thread>

namespace kiln::job {

/// The thread that writes units' outputs to the print file, on the coordinator's rank. Where the disk refuses, the
/// printing ends with one line in the log, and the run goes on.
class PrintFeed {
 public:
  /// `units`: those that this launch has to do. The schema outlives this.
  PrintFeed(std::filesystem::path file, const Schema& schema, const schedule::IntervalSet& units);
  /// Drops what is not written.
  ~PrintFeed();
  PrintFeed(const PrintFeed&) = delete;
  PrintFeed& operator=(const PrintFeed&) = delete;

  /// Encoded rows of units that have ended for good. Returns at once.
  void take(Bytes rows);
  /// Any thread: waits until what was taken so far is in the file, or cannot be written.
  void wait_written();
  /// No more units come.
  void end();
  /// After end(): whether it still writes.
  bool busy() const;

 private:
  void loop(schedule::IntervalSet units);
  void write(schedule::IntervalSet units);

  std::filesystem::path file_;
  const Schema& schema_;
  mutable std::mutex mutex_;
  std::condition_variable changed_, written_;
  std::deque<Bytes> queue_;
  std::size_t queued_bytes_ = 0;
  bool ended_ = false, stop_ = false, gone_ = false, writing_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace kiln::job
