#pragma once

#include "exec/fd.hpp"
#include "exec/output_file.hpp"
#include "exec/output_tail.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace kiln::exec {

/// Reads one output stream of a command: keeps its first bytes, drops the rest, so that the command never waits and
/// memory stays bounded. Where its file is open, all of it goes there too, as long as that can be written.
class Capture {
 public:
  /// Forgets what was kept; takes the read end of a new pipe. `limit`: bytes to keep; `tail`: bytes of tail().
  void begin(Fd read_end, std::uint64_t limit, std::size_t tail = 0);
  /// -1 when the stream has ended.
  int fd() const { return pipe_.get(); }
  /// To be called with what poll said of fd(); reads once.
  void on_poll(short revents);
  /// Reads what is in the pipe now, and no more, even if somebody goes on writing; then closes it.
  void finish();
  void close() { pipe_.reset(); }

  std::string_view kept() const { return kept_; }
  bool cut() const { return cut_; }
  /// The last bytes, also of what was kept.
  const OutputTail& tail() const { return tail_; }
  /// Gives large memory back.
  void release();
  /// To be opened before begin(), and finished when the command has ended.
  OutputFile& file() { return file_; }

 private:
  bool read_some(std::size_t most);

  Fd pipe_;
  std::uint64_t limit_ = 0;
  OutputFile file_;
  std::string kept_;
  OutputTail tail_;
  bool cut_ = false;
};

}  // namespace kiln::exec
