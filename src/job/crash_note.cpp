#include "job/crash_note.hpp"

#include "base/start_directory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <kiln/exit_code.hpp>
#include <memory>
#include <string>
#include <string_view>

namespace kiln::job {
namespace {

// A signal handler has nothing else to look at than what is static.
struct Note {
  std::atomic<std::int32_t> rank = 0;
  std::atomic<std::uint32_t> stage = 0, attempt = 0;
  std::atomic<std::uint64_t> first = 0, last = 0;
  detail::RunningUnit unit;  // of these
  std::atomic<bool> announced = false;
  std::atomic<pid_t> pid = 0;       // a child that was forked may come here, too
  std::atomic<bool> marks = false;  // `mark` is there
  std::array<char, 4096> mark{};
  std::array<char, 128> build{};
};
Note note;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): see above

/// Text in a fixed buffer; async-signal-safe.
class Line {
 public:
  Line& operator<<(std::string_view text) {
    for (const char c : text) {
      if (size_ < text_.size()) text_[size_++] = c;
    }
    return *this;
  }
  Line& operator<<(std::uint64_t number) {
    std::array<char, 20> digits{};
    std::size_t at = digits.size();
    do {
      digits[--at] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
    return *this << std::string_view(digits.data() + at, digits.size() - at);
  }
  void write(int file) const { [[maybe_unused]] const ssize_t done = ::write(file, text_.data(), size_); }

 private:
  std::array<char, 400> text_{};
  std::size_t size_ = 0;
};

void leave_mark(std::uint64_t first, std::uint64_t last, const Line& line) {
  if (!note.marks) return;
  const int file = ::open(note.mark.data(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (file < 0) return;
  Line numbers;  // as store::CrashMark
  numbers << static_cast<std::uint64_t>(note.rank) << " " << note.stage << " " << first << " " << last << " "
          << note.build.data() << "\n";
  numbers.write(file);
  line.write(file);
  ::close(file);
}

enum class Whose : std::uint8_t { own, foreign };

bool is_child() { return ::getpid() != note.pid; }

void write_note(std::string_view what, std::string_view detail, Whose whose) {
  if (is_child()) return;  // the rank lives
  Line line;
  line << "kiln: rank " << static_cast<std::uint64_t>(note.rank) << ": " << what << detail;
  std::uint64_t first = note.first, last = note.last;
  if (const std::uint64_t unit = note.unit.get(); first <= unit && unit < last) {
    first = unit;
    last = unit + 1;
  }
  if (first == last) {
    line << " outside of units";
  } else if (last - first == 1) {
    line << " while unit " << first << " of stage " << note.stage << " ran (attempt " << note.attempt << ")";
  } else {
    line << " while units " << first << " to " << last - 1 << " of stage " << note.stage << " ran (attempt "
         << note.attempt << "), one after the other";
  }
  line << "; what is committed is safe\n";
  line.write(STDERR_FILENO);
  if (whose == Whose::own) leave_mark(first, last, line);
}

// Above zero are the codes of what the kernel sends for what this process has done; its own raise() has its pid.
Whose sender_of(const siginfo_t& info) {
  return info.si_code > 0 || info.si_pid == ::getpid() ? Whose::own : Whose::foreign;
}

void on_deadly(int signal, siginfo_t* info, void*) {
  const char* const name = ::sigabbrev_np(signal);
  if (!note.announced) write_note("the program was ended by SIG", name == nullptr ? "?" : name, sender_of(*info));
  std::signal(signal, SIG_DFL);  // NOLINT(cert-err33-c): nothing can be done
  ::raise(signal);
}

/// A thread whose stack has overflowed has no room for the handler.
class AlternateStack {
 public:
  AlternateStack() : memory_(std::make_unique<std::array<std::byte, kBytes>>()) {
    stack_t stack{};
    stack.ss_sp = memory_->data();
    stack.ss_size = kBytes;
    ::sigaltstack(&stack, nullptr);
  }
  ~AlternateStack() {
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
  }
  AlternateStack(const AlternateStack&) = delete;
  AlternateStack& operator=(const AlternateStack&) = delete;

 private:
  static constexpr std::size_t kBytes = std::size_t{64} << 10U;
  std::unique_ptr<std::array<std::byte, kBytes>> memory_;
};

// Of a rank, whatever the code that was given: of the run it means that it is not over. A child ends with its own,
// and must not undo what MPI has set up in the rank.
void when_exiting(int code, void*) {
  if (note.announced) return;
  write_note("the program called exit()", "", Whose::own);
  std::fflush(nullptr);  // NOLINT(cert-err33-c): nobody is left to hear of it
  ::_exit(is_child() ? code : to_int(ExitCode::stopped_early));
}

}  // namespace

void install_crash_note(std::int32_t rank) {
  note.rank = rank;
  note.pid = ::getpid();
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
    struct sigaction action {};
    action.sa_sigaction = on_deadly;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER | SA_ONSTACK | SA_SIGINFO);
    ::sigaction(signal, &action, nullptr);
  }
  ::on_exit(when_exiting, nullptr);  // a note is all that is lost where that fails
}

void mark_crash(const std::filesystem::path& mark, std::string_view build) {
  const std::string name = from_start(mark).native();  // a handler cannot make it so
  if (note.marks || name.size() >= note.mark.size() || build.size() >= note.build.size()) return;
  std::ranges::copy(name, note.mark.begin());
  std::ranges::copy(build, note.build.begin());
  note.marks = true;  // only now: who crashes meanwhile on another thread leaves none
}

// A handler: exec makes it the default again, and would not so with a signal that is ignored.
void outlive_readers() {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGPIPE, &action, nullptr);
}

void survive_overflow() { thread_local const AlternateStack stack; }

detail::RunningUnit& noted_unit() { return note.unit; }

void note_running(std::uint32_t stage, Interval units, std::uint32_t attempt) {
  note.stage = stage;
  note.attempt = attempt;
  note.unit.set_several();
  note.first = units.first.value();
  note.last = units.last.value();
}

void announce_end() { note.announced = true; }

}  // namespace kiln::job
