#include "observe/progress_display.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <thread>

namespace kiln::observe {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// A pipe whose reading end is this test.
class Pipe {
 public:
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
    read_ = ends[0];
    write_ = ends[1];
  }
  ~Pipe() {
    close_reader();
    close_writer();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int writer() const { return write_; }
  void close_reader() {
    if (read_ >= 0) ::close(read_);
    read_ = -1;
  }
  void close_writer() {
    if (write_ >= 0) ::close(write_);
    write_ = -1;
  }
  std::string read_all() {
    close_writer();
    return read_rest();
  }
  std::string read_rest() const {
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::read(read_, buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return text;
  }

 private:
  int read_ = -1, write_ = -1;
};

StatusSnapshot at(std::uint64_t done, double updated = 0) {
  StatusSnapshot s;
  s.state = RunState::running;
  s.totals.units = 100;
  s.totals.done = done;
  s.updated = updated;
  return s;
}

TerminalFacts facts(int fd, bool tty) { return {fd, tty, false, 40}; }

TEST(ProgressDisplay, LinesStandAboveTheBar) {
  Pipe pipe;
  ProgressDisplay display(DisplayMode::automatic, facts(pipe.writer(), true));
  EXPECT_EQ(display.mode(), DisplayMode::bar);
  display.show(at(50));
  display.show(at(50));  // nothing new: nothing written
  display.line("hello");
  display.done();
  display.line("bye");
  const std::string bar = bar_line(at(50), 39, false);
  EXPECT_EQ(pipe.read_all(), "\r" + bar + "\x1b[K" + "\r\x1b[Khello\n" + bar + "\r\x1b[K" + "bye\n");
}

TEST(ProgressDisplay, WithoutATerminalItIsALog) {
  Pipe pipe;
  ProgressDisplay display(DisplayMode::automatic, facts(pipe.writer(), false));
  EXPECT_EQ(display.mode(), DisplayMode::log);
  for (int second = 0; second <= 6; ++second) display.show(at(50, second));
  display.done();
  EXPECT_EQ(pipe.read_all(), "kiln: 50 of 100 units (50 %)\n");
}

TEST(ProgressDisplay, NoneShowsOnlyLines) {
  Pipe pipe;
  ProgressDisplay display(DisplayMode::none, facts(pipe.writer(), true));
  display.show(at(50));
  display.line("hello");
  EXPECT_EQ(pipe.read_all(), "hello\n");
}

TEST(ProgressDisplay, ARunThatHasEndedHasNoBar) {
  Pipe pipe;
  ProgressDisplay display(DisplayMode::bar, facts(pipe.writer(), true));
  display.show(at(50));
  StatusSnapshot last = at(100);
  last.state = RunState::ended;
  display.show(last);
  display.show(last);
  EXPECT_EQ(pipe.read_all(), "\r" + bar_line(at(50), 39, false) + "\x1b[K" + "\r\x1b[K");
}

TEST(ProgressDisplay, TheBarIsTakenAwayAtTheEnd) {
  Pipe pipe;
  { ProgressDisplay(DisplayMode::bar, facts(pipe.writer(), true)).show(at(50)); }
  EXPECT_THAT(pipe.read_all(), testing::EndsWith("\r\x1b[K"));
}

TEST(ProgressDisplay, FallsSilentWhenTheTerminalIsGone) {
  const auto old = std::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  ProgressDisplay display(DisplayMode::bar, facts(pipe.writer(), true));
  pipe.close_reader();
  display.show(at(1));
  Pipe other;  // what comes to stand under the same number later is somebody else's
  ASSERT_EQ(::dup2(other.writer(), pipe.writer()), pipe.writer());
  display.show(at(2));
  display.line("hello");
  display.done();
  std::signal(SIGPIPE, old);
  pipe.close_writer();
  EXPECT_EQ(other.read_all(), "");
}

TEST(WriteFully, WaitsForADescriptorThatSomebodyMadeNonBlocking) {
  Pipe pipe;
  ASSERT_EQ(::fcntl(pipe.writer(), F_SETFL, O_NONBLOCK), 0);
  const std::string large(1 << 20, 'x');  // more than a pipe holds
  std::string got;
  std::thread reader([&] { got = pipe.read_rest(); });
  EXPECT_TRUE(write_fully(pipe.writer(), large));
  pipe.close_writer();
  reader.join();
  EXPECT_EQ(got, large);
}

TEST(WriteFully, SaysWhenItCannot) { EXPECT_FALSE(write_fully(-1, "x")); }

}  // namespace
}  // namespace kiln::observe
