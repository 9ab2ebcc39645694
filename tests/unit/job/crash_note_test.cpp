#include "job/crash_note.hpp"

#include "unit/temp_folder.hpp"

#include <fcntl.h>
#include <sys/wait.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <functional>

namespace kiln::job {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

/// A process that notes how it ends, as rank 3, and is to leave a mark.
class CrashNote : public testing::Test {
 protected:
  /// Does this there. Returns how the process ended, as waitpid says it.
  int ends(const std::function<void()>& deed, const std::string& mark = "") {
    const pid_t child = ::fork();
    if (child == 0) {
      const int said = ::open((scratch_ / "said").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
      ::dup2(said, STDERR_FILENO);
      ::signal(SIGALRM, SIG_DFL);
      ::alarm(20);
      install_crash_note(3);
      note_running(1, make_interval(7, 8), 2);
      mark_crash(mark.empty() ? scratch_ / "mark" : std::filesystem::path(mark), "b-1");
      deed();
      ::_exit(99);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return status;
  }
  std::string said() const { return read_text(scratch_ / "said"); }
  bool marked() const { return std::filesystem::exists(scratch_ / "mark"); }
  static int signal_in(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }
  static int code_in(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }

  TempFolder scratch_;
};

TEST_F(CrashNote, ARankThatItsOwnCodeEndsLeavesAMark) {
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
    EXPECT_EQ(signal_in(ends([signal] { std::raise(signal); })), signal);
    EXPECT_TRUE(marked()) << signal;
    std::filesystem::remove(scratch_ / "mark");
  }
  EXPECT_EQ(signal_in(ends([] { std::abort(); })), SIGABRT);
  EXPECT_THAT(read_text(scratch_ / "mark"),
              HasSubstr("rank 3: the program was ended by SIGABRT while unit 7 of stage 1 ran (attempt 2)"));
  EXPECT_THAT(said(), EndsWith("; what is committed is safe\n"))
      << "others may go on with the run: nothing is to be done";
}

TEST_F(CrashNote, SoDoesOneThatTouchesWhatIsNotThere) {
  EXPECT_EQ(signal_in(ends([] {
              volatile int* const nowhere = nullptr;
              *nowhere = 1;
            })),
            SIGSEGV);
  EXPECT_TRUE(marked());
}

TEST_F(CrashNote, SoDoesOneThatCallsExit) {
  EXPECT_EQ(code_in(ends([] { std::exit(0); })), 75);
  EXPECT_THAT(read_text(scratch_ / "mark"),
              HasSubstr("3 1 7 8 b-1\nkiln: rank 3: the program called exit() while unit 7"));
}

TEST_F(CrashNote, WhoIsKilledLeavesNone) {
  EXPECT_EQ(signal_in(ends([] { ::kill(::getpid(), SIGKILL); })), SIGKILL);
  EXPECT_FALSE(marked());
  EXPECT_EQ(code_in(ends([] { ::_exit(5); })), 5);
  EXPECT_FALSE(marked());
}

TEST_F(CrashNote, WhoseReadersAreGoneGoesOnAndWhatItStartsIsAsEver) {
  const auto writes_to_nobody = [] {
    int ends_of_pipe[2];
    if (::pipe(ends_of_pipe) != 0) ::_exit(1);
    ::close(ends_of_pipe[0]);
    if (::write(ends_of_pipe[1], "x", 1) != -1 || errno != EPIPE) ::_exit(2);
    const int status = std::system("kill -PIPE $$");  // NOLINT(cert-env33-c): a shell is what is asked for
    ::_exit(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE ? 0 : 3);
  };
  EXPECT_EQ(signal_in(ends(writes_to_nobody)), SIGPIPE);
  EXPECT_EQ(code_in(ends([&] {
              outlive_readers();
              writes_to_nobody();
            })),
            0);
}

// As a user's `kill -SEGV`.
TEST_F(CrashNote, ASignalThatAnotherProcessHasSentLeavesNone) {
  const int status = ends([] {
    const pid_t sender = ::fork();
    if (sender == 0) {
      ::kill(::getppid(), SIGSEGV);
      ::_exit(0);
    }
    while (true) ::pause();
  });
  EXPECT_EQ(signal_in(status), SIGSEGV);
  EXPECT_FALSE(marked());
}

TEST_F(CrashNote, WhatAChildOfTheRankDoesIsNotItsOwnEnd) {
  for (const bool exits : {true, false}) {
    EXPECT_EQ(code_in(ends([exits] {
                const pid_t child = ::fork();
                if (child == 0) exits ? std::exit(5) : std::abort();
                int status = 0;
                ::waitpid(child, &status, 0);
                ::_exit((exits ? code_in(status) == 5 : signal_in(status) == SIGABRT) ? 6 : 7);
              })),
              6);
    EXPECT_FALSE(marked());
    EXPECT_EQ(said(), "") << "the rank lives";
  }
}

TEST_F(CrashNote, AnEndThatWasAnnouncedIsNone) {
  EXPECT_EQ(code_in(ends([] {
              announce_end();
              std::exit(4);
            })),
            4);
  EXPECT_FALSE(marked());
}

TEST_F(CrashNote, WhereTheMarkCannotBeWrittenNothingElseChanges) {
  EXPECT_EQ(signal_in(ends([] { std::raise(SIGSEGV); }, (scratch_ / "no" / "such" / "folder").string())), SIGSEGV);
  EXPECT_EQ(signal_in(ends([] { std::raise(SIGSEGV); }, "/" + std::string(5000, 'x'))), SIGSEGV);
  EXPECT_EQ(code_in(ends([] { std::exit(0); }, (scratch_ / "no" / "such" / "folder").string())), 75);
}

}  // namespace
}  // namespace kiln::job
