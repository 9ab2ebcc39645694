#pragma once

#include "exec/holdings.hpp"
#include "protocol/messages.hpp"
#include "protocol/segment_content.hpp"

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace kiln::job {

/// The thread of a worker that writes what it holds to files of its own. Begins with the first write. Calls are made
/// from the main thread and return at once.
class SegmentWriter {
 public:
  /// Makes the content durable and returns file, length and checksum of the segment. Throws kiln::Error where that
  /// fails and may succeed later; a failed file is left to be cleared away with others that no entry names.
  using Write = std::function<protocol::Segment(const protocol::SegmentContent& content)>;

  /// `wake` is called on the thread after a write has ended.
  SegmentWriter(Write write, std::function<void()> wake);
  /// Waits for the write that is under way; what it wrote is named by nobody.
  ~SegmentWriter();

  /// One at a time.
  void begin(exec::HeldResults results);
  struct Written {
    protocol::Segment segment;  ///< file, length, checksum, units; or failed
    exec::HeldResults failed;   ///< what was to be written, where it failed
  };
  /// Nothing is being written.
  bool idle();
  /// Rethrows what is no kiln::Error, and errors of kiln's own (ExitCode::internal).
  std::optional<Written> poll();

 private:
  void loop();
  Written write(exec::HeldResults results) const;

  const Write write_;
  const std::function<void()> wake_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<exec::HeldResults> waiting_;
  std::optional<Written> written_;
  std::exception_ptr fault_;
  bool stop_ = false;
  bool at_work_ = false;
  std::thread thread_;
};

}  // namespace kiln::job
