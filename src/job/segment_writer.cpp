#include "job/segment_writer.hpp"

#include <kiln/error.hpp>

#include <utility>

namespace kiln::job {

SegmentWriter::SegmentWriter(Write write, std::function<void()> wake)
    : write_(std::move(write)), wake_(std::move(wake)) {}

SegmentWriter::~SegmentWriter() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void SegmentWriter::begin(exec::HeldResults results) {
  {
    const std::lock_guard lock(mutex_);
    waiting_ = std::move(results);
  }
  if (!thread_.joinable()) thread_ = std::thread([this] { loop(); });
  changed_.notify_one();
}

std::optional<SegmentWriter::Written> SegmentWriter::poll() {
  const std::lock_guard lock(mutex_);
  if (fault_) std::rethrow_exception(std::exchange(fault_, nullptr));
  return std::exchange(written_, std::nullopt);
}

bool SegmentWriter::idle() {
  const std::lock_guard lock(mutex_);
  return !waiting_ && !at_work_;
}

void SegmentWriter::loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stop_ || waiting_; });
    if (stop_) return;
    exec::HeldResults results = *std::exchange(waiting_, std::nullopt);
    at_work_ = true;
    lock.unlock();
    std::optional<Written> written;
    std::exception_ptr fault;
    try {
      written = write(std::move(results));
    } catch (...) {
      fault = std::current_exception();
    }
    lock.lock();
    written_ = std::move(written);
    fault_ = std::move(fault);
    at_work_ = false;
    lock.unlock();
    wake_();
    lock.lock();
  }
}

SegmentWriter::Written SegmentWriter::write(exec::HeldResults results) const {
  protocol::SegmentContent content;
  content.units = results.units.intervals();
  content.rows = std::move(results.rows);
  Written written;
  try {
    for (const auto& harvest : results.harvests) {
      harvest->put_down();
      ByteWriter out;
      harvest->encode(out);
      content.partials.push_back(out.take());
    }
    written.segment = write_(content);
    written.segment.units = std::move(content.units);
  } catch (const Error& error) {
    if (error.code() == ExitCode::internal) throw;
    written.segment = {};
    written.segment.failed = error.what();
    results.rows = std::move(content.rows);
    written.failed = std::move(results);
  }
  return written;
}

}  // namespace kiln::job
