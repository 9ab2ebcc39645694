#include "watch_command.hpp"

#include "observe/terminal.hpp"
#include "output.hpp"
#include "status_report.hpp"
#include "watch_text.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <kiln/error.hpp>

namespace kiln::cli {
namespace {

constexpr std::size_t kNarrowest = 20, kLowest = 5;

// The signals that matter to somebody who looks on, and the sleep that they end.
class Alarm {
 public:
  Alarm() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGWINCH}) sigaddset(&set, number);
    pthread_sigmask(SIG_BLOCK, &set, &before_);
    descriptor_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (descriptor_ < 0) throw Error(ExitCode::internal, fmt::format("signalfd failed: {}", std::strerror(errno)));
  }
  ~Alarm() {
    close(descriptor_);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  /// Somebody wants the end.
  bool ended() const { return ended_; }
  /// Until the time is over, or a signal comes in; true for the latter.
  bool sleep(Duration time) {
    pollfd wait{descriptor_, POLLIN, 0};
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(time);
    const timespec most{whole.count(), static_cast<long>((time - whole).count())};
    if (ended_ || ppoll(&wait, 1, &most, nullptr) <= 0) return ended_;
    signalfd_siginfo info{};
    while (read(descriptor_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      ended_ = ended_ || info.ssi_signo != static_cast<unsigned>(SIGWINCH);
    }
    return true;
  }

 private:
  sigset_t before_{};
  int descriptor_ = -1;
  bool ended_ = false;
};

// Draws over what it drew before; the cursor is hidden meanwhile.
class Screen {
 public:
  explicit Screen(bool utf8) : utf8_(utf8) { print("\x1b[?25l\x1b[H\x1b[J"); }
  ~Screen() { observe::write_fully(STDOUT_FILENO, "\x1b[?25h\n"); }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  void draw(const StatusReport& report) const {
    ScreenSize size{80, 24};
    winsize now{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &now) == 0 && now.ws_col != 0 && now.ws_row != 0) {
      size = {now.ws_col, now.ws_row};
    }
    // The last column and line stay free: some terminals wrap or scroll when they are written.
    size = {std::max(size.columns, kNarrowest + 1) - 1, std::max(size.rows, kLowest + 1) - 1};
    std::string text = "\x1b[H";
    bool first = true;
    for (const std::string& line : watch_lines(report, size, utf8_)) {
      text += fmt::format("{}{}\x1b[K", first ? "" : "\r\n", line);
      first = false;
    }
    print(text + "\x1b[J");
  }

 private:
  bool utf8_;
};

}  // namespace

int watch_status(const StatusCommand& command) {
  store::RunDirectory::open(command.directory);  // what is no run must not clear the screen
  Alarm alarm;
  const observe::TerminalFacts terminal = observe::terminal_facts(STDOUT_FILENO);
  std::optional<Screen> screen;
  // The look at the owner's beat may take seconds: a signal ends that too, by time that is over at once.
  store::LivenessClock clock = store::LivenessClock::real();
  clock.wait = [&alarm](Duration time) { alarm.sleep(time); };
  clock.now = [&alarm, real = clock.now] { return alarm.ended() ? real() + std::chrono::hours(1) : real(); };
  while (true) {
    const StatusReport report = read_report(command.directory, clock);
    if (alarm.ended()) break;
    if (terminal.tty && !command.json) {
      if (!screen) screen.emplace(terminal.utf8);
      screen->draw(report);
    } else {
      print(command.json ? status_json(report) : status_text(report) + "\n");
    }
    if (!report.live) break;
    const auto next = std::chrono::steady_clock::now() + command.every;
    while (!alarm.ended() && std::chrono::steady_clock::now() < next) {
      if (alarm.sleep(next - std::chrono::steady_clock::now()) && !alarm.ended() && screen) screen->draw(report);
    }
    if (alarm.ended()) break;
  }
  return to_int(ExitCode::ok);
}

}  // namespace kiln::cli
