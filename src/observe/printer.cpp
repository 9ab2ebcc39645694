#include "observe/printer.hpp"

#include "base/start_directory.hpp"
#include "observe/print_file.hpp"
#include "observe/terminal.hpp"

#include <fmt/core.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <kiln/error.hpp>
#include <utility>

namespace kiln::observe {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kLookEvery = std::chrono::milliseconds(50);
constexpr auto kLendFor = std::chrono::milliseconds(100);  // then the bar is drawn in between
constexpr auto kPatience = std::chrono::seconds(5);        // with a record that cannot be read
constexpr unsigned kCutsNoted = 5;

}  // namespace

// What the thread knows.
struct Printer::Work {
  explicit Work(PrintMode mode) : order(mode) {}

  PrintFileReader file;
  PrintOrder order;
  std::optional<PrintFileReader::Record> begin;  // not read yet
  std::optional<std::uint64_t> stuck;            // a place that could not be read
  Clock::time_point stuck_since;
  bool expects = false;  // the first file has said what may come
  bool ended = false;
};

Printer::Sink Printer::make_sink(int fd, const char* name) {
  Sink sink;
  sink.fd = fd;
  sink.name = name;
  sink.tty = ::isatty(fd) == 1;
  struct stat facts {};
  sink.file = ::fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode);
  return sink;
}

Printer::Printer(Options options, std::function<void(const std::string&)> say)
    : options_(std::move(options)),
      say_(std::move(say)),
      out_(make_sink(options_.out, "standard output")),
      err_(make_sink(options_.err, "standard error")),
      stop_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (stop_ < 0) throw Error(ExitCode::internal, fmt::format("eventfd failed: {}", std::strerror(errno)));
  thread_ = std::thread([this] { loop(); });
}

Printer::~Printer() {
  abandon();
  thread_.join();
  ::close(stop_);
  if (options_.remove_at_once) return;
  for (std::uint64_t place = 0; ::unlink(from_start(print_file_at(options_.file, place)).c_str()) == 0;) ++place;
}

void Printer::no_more() {
  {
    const std::lock_guard lock(mutex_);
    no_more_ = true;
  }
  changed_.notify_all();
}

void Printer::abandon() {
  {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
  }
  changed_.notify_all();
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(stop_, &one, sizeof one);
}

bool Printer::finished() const {
  const std::lock_guard lock(mutex_);
  return finished_;
}

bool Printer::abandoned() const {
  const std::lock_guard lock(mutex_);
  return abandoned_;
}

void Printer::loop() {
  sigset_t all;
  sigfillset(&all);  // SIGPIPE too: a reader that is gone is an error like others
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  try {
    run();
  } catch (const std::exception& error) {
    say_(fmt::format("units' outputs are not printed any more: {}", error.what()));
  }
  const std::lock_guard lock(mutex_);
  finished_ = true;
}

void Printer::run() {
  Work work(options_.mode);
  while (true) {
    const bool last = wait_for_more();  // asked before the file is read: what comes after it is nothing
    if (abandoned()) return;
    if (!work.file.is_open() && work.file.open(options_.file) && options_.remove_at_once) {
      ::unlink(from_start(options_.file).c_str());
    }
    bool more = true;
    while (more) {
      more = take_records(work, last);
      if (work.ended || (last && !more)) work.order.end();
      more = print_some(work) || more;
      if (abandoned()) return;
    }
    const bool all = work.order.waiting() == 0 && !work.stuck;
    if (all && work.file.is_open()) work.file.forget();
    if (all && (work.ended || last)) return;
  }
}

// Sleeps a little; true when the file does not grow any more.
bool Printer::wait_for_more() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kLookEvery, [this] { return abandoned_ || no_more_; });
  return no_more_;
}

// Reads the headers of what has come, up to a bound; false when there is nothing more now.
bool Printer::take_records(Work& work, bool last) {
  if (work.begin) {
    auto units = work.file.units(*work.begin);
    if (!units && !last) return false;
    if (units && !std::exchange(work.expects, true)) work.order.expect(*std::move(units));
    work.begin.reset();
  }
  for (int i = 0; i < 256; ++i) {
    const auto record = work.file.is_open() ? work.file.next() : std::nullopt;
    if (!record) return false;
    if (record->kind == PrintFileReader::Kind::end) work.ended = true;
    if (record->kind == PrintFileReader::Kind::unit) work.order.add(record->unit, record->place);
    if (record->kind == PrintFileReader::Kind::begin) {
      work.begin = record;
      return true;
    }
  }
  return true;
}

// Prints what is due; returns early so that the bar is drawn now and then. True when something was printed.
bool Printer::print_some(Work& work) {
  bool printed = false;
  const auto until = Clock::now() + kLendFor;
  while (const auto place = work.stuck ? work.stuck : work.order.next()) {
    const auto unit = work.file.unit_at(*place);
    if (!unit) {
      if (wait_for(work, *place)) break;
      continue;
    }
    work.stuck.reset();
    if (!std::exchange(printed, true) && options_.display != nullptr) options_.display->lend();
    print(*unit);
    if (abandoned() || Clock::now() >= until) break;
  }
  if (printed && options_.display != nullptr) options_.display->give_back(line_open_);
  return printed;
}

// Whether to wait for what stands at this place and cannot be read.
bool Printer::wait_for(Work& work, std::uint64_t place) {
  if (work.stuck != place) {
    work.stuck = place;
    work.stuck_since = Clock::now();
  }
  if (Clock::now() - work.stuck_since < kPatience) return true;
  work.stuck.reset();
  say_("outputs of a unit could not be read back and are not printed; `kiln results` has what is kept of them");
  return false;
}

void Printer::print(const PrintedUnit& unit) {
  const bool whole = write(out_, unit.out) && write(err_, unit.err);
  if (!whole) return;
  if (unit.out_cut) note_cut(unit.unit, out_.name, unit.out.size());
  if (unit.err_cut) note_cut(unit.unit, err_.name, unit.err.size());
}

void Printer::note_cut(UnitId unit, const char* stream, std::size_t bytes) {
  if (++cuts_noted_ <= kCutsNoted) {
    say_(fmt::format("unit {}: its {} is longer than --output-limit: the first {} bytes are printed", unit.value(),
                     stream, bytes));
  } else if (cuts_noted_ == kCutsNoted + 1) {
    say_("more outputs are longer than --output-limit; this is not said again");
  }
}

// False when the printing has been ended meanwhile. What cannot be written is said once and dropped.
bool Printer::write(Sink& sink, std::string_view text) {
  if (sink.tty && !text.empty()) line_open_ = text.back() != '\n';
  while (!text.empty() && !sink.broken) {
    std::array<pollfd, 2> waits{{{sink.fd, POLLOUT, 0}, {stop_, POLLIN, 0}}};
    if (!sink.file && ::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) break;
    if ((waits[1].revents & POLLIN) != 0) return false;
    if (write_piece(sink, text)) continue;
    sink.broken = true;
    say_(fmt::format("{} cannot be written ({}): nothing more is printed there; the run goes on and keeps its results",
                     sink.name, std::strerror(errno)));
  }
  return true;
}

// No more than a pipe takes at once when it takes anything: only poll waits. False with errno where it cannot be
// written.
bool Printer::write_piece(const Sink& sink, std::string_view& text) const {
  const std::size_t most = sink.file ? std::size_t{1} << 20 : PIPE_BUF;
  const ssize_t written = ::write(sink.fd, text.data(), std::min(most, text.size()));
  if (written < 0) return errno == EINTR || errno == EAGAIN;
  text.remove_prefix(static_cast<std::size_t>(written));
  return true;
}

}  // namespace kiln::observe
