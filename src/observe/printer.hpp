#pragma once

#include "observe/print_file.hpp"
#include "observe/print_order.hpp"
#include "observe/progress_display.hpp"

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace kiln::observe {

/// The thread that prints units' outputs, from a print file to two descriptors, byte by byte. Whoever reads them may be
/// slow, blocked or gone: only this thread waits.
class Printer {
 public:
  struct Options {
    std::filesystem::path file;  ///< may come to be later
    PrintMode mode = PrintMode::grouped;
    int out = 1, err = 2;                ///< borrowed
    ProgressDisplay* display = nullptr;  ///< shows something on `err`, or on the terminal that is `out`; borrowed
    bool remove_at_once = false;         ///< as soon as the file is open; else at the end
  };
  /// `say` writes a line for people; called on this thread.
  Printer(Options options, std::function<void(const std::string&)> say);
  /// As abandon().
  ~Printer();
  Printer(const Printer&) = delete;
  Printer& operator=(const Printer&) = delete;

  /// Any thread: the file does not grow any more; what is in it is still printed.
  void no_more();
  /// Any thread: ends the printing now, also in the middle of a line.
  void abandon();
  /// Any thread: nothing is left to print.
  bool finished() const;

 private:
  struct Sink {
    int fd = -1;
    const char* name = "";
    bool tty = false, file = false, broken = false;
  };
  struct Work;

  static Sink make_sink(int fd, const char* name);
  void loop();
  void run();
  bool take_records(Work& work, bool last);
  bool print_some(Work& work);
  bool wait_for(Work& work, std::uint64_t place);
  void print(const PrintedUnit& unit);
  bool write(Sink& sink, std::string_view text);
  bool write_piece(const Sink& sink, std::string_view& text) const;
  void note_cut(UnitId unit, const char* stream, std::size_t bytes);
  bool wait_for_more();
  bool abandoned() const;

  Options options_;
  std::function<void(const std::string&)> say_;
  Sink out_, err_;
  int stop_ = -1;  // an eventfd: abandon
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool no_more_ = false, abandoned_ = false, finished_ = false;
  unsigned cuts_noted_ = 0;
  bool line_open_ = false;  // the terminal's last line has no end
  std::thread thread_;      // last: it uses all of the above
};

}  // namespace kiln::observe
