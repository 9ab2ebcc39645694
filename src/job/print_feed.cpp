#include "job/print_feed.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
#include "job/print_rows.hpp"

#include <exception>
#include <kiln/error.hpp>
#include <utility>

namespace kiln::job {
namespace {

constexpr std::size_t kMostQueued = 512U << 20;  // bytes; a disk that takes less than comes in must not cost all memory

}  // namespace

PrintFeed::PrintFeed(std::filesystem::path file, const Schema& schema, const schedule::IntervalSet& units)
    : file_(std::move(file)), schema_(schema), thread_([this, units] { loop(units); }) {}

PrintFeed::~PrintFeed() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void PrintFeed::take(Bytes rows) {
  {
    const std::lock_guard lock(mutex_);
    if (gone_) return;
    queued_bytes_ += rows.size();
    queue_.push_back(std::move(rows));
  }
  changed_.notify_all();
}

void PrintFeed::wait_written() {
  std::unique_lock lock(mutex_);
  written_.wait(lock, [this] { return gone_ || stop_ || (queue_.empty() && !writing_); });
}

void PrintFeed::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
}

bool PrintFeed::busy() const {
  const std::lock_guard lock(mutex_);
  return !gone_;
}

void PrintFeed::loop(schedule::IntervalSet units) {
  try {
    write(std::move(units));
  } catch (const std::exception& error) {
    log::warning("{}: units' outputs are not printed any more; the run goes on and keeps its results", error.what());
  }
  const std::lock_guard lock(mutex_);
  gone_ = true;
  queue_.clear();
  written_.notify_all();
}

void PrintFeed::write(schedule::IntervalSet units) {
  observe::PrintFileWriter writer(file_, units);
  units.clear();
  while (true) {
    std::deque<Bytes> taken;
    bool over = false;
    {
      std::unique_lock lock(mutex_);
      writing_ = false;
      written_.notify_all();
      changed_.wait(lock, [this] { return stop_ || ended_ || !queue_.empty(); });
      if (stop_) return;
      if (queued_bytes_ > kMostQueued) {
        throw Error(ExitCode::stopped_early, fmt::format("more than {} of outputs wait to be written to {}",
                                                         format_size(kMostQueued), file_.string()));
      }
      taken.swap(queue_);
      writing_ = true;
      queued_bytes_ = 0;
      over = ended_;
    }
    for (const Bytes& rows : taken) {
      for_each_output(rows, schema_, [&writer](const RowOutputs& one) {
        writer.add({one.unit, one.out, one.err, one.out_cut, one.err_cut});
      });
    }
    if (over) return writer.end();
  }
}

}  // namespace kiln::job
