#pragma once

#include "exec/child_environment.hpp"
#include "exec/command_setup.hpp"
#include "exec/launch.hpp"
#include "exec/order_socket.hpp"
#include "exec/output_pattern.hpp"
#include "exec/program_path.hpp"
#include "exec/rank_watch.hpp"
#include "exec/running_command.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kiln::exec {

/// The helper of a rank: runs commands, one at a time, until the rank is gone; then nothing it started is left.
class Spawner {
 public:
  /// Makes this process a helper, forked by its keeper (keep_helper): own session, subreaper, all signals blocked with
  /// their default dispositions, standard streams /dev/null, no descriptors but `socket` (a stream socket to the rank).
  /// Never returns.
  [[noreturn]] static void serve_in_this_process(int socket, HelperPage& page, Duration silence);

 private:
  Spawner(Fd socket, Fd child_signals, HelperPage& page, Duration silence);

  void serve();
  void set_up(const Order& order);
  void run(const Order& order);
  std::optional<Duration> timeout_of(const OrderHeader& header) const;
  bool enter_directory(ReplyHeader& reply);
  bool open_streams(ReplyHeader& reply, Fd& out, Fd& err);
  bool open_files(const Order& order, ReplyHeader& reply);
  void close_files(ReplyHeader& reply);
  bool start(const Order& order, ReplyHeader& reply, pid_t& pid);
  void reply(ReplyHeader& reply);

  OrderSocket orders_;
  Fd child_signals_;
  HelperPage& page_;
  RankWatch rank_;
  CommandSetup setup_;
  bool in_directory_ = false;
  bool direct_ = false;  // commands without shell syntax need no shell
  std::unique_ptr<ChildEnvironment> environment_;
  std::unique_ptr<ProgramPath> programs_;
  std::optional<OutputPattern> output_files_;
  RunningCommand::Streams streams_;
  std::vector<std::string> words_;
  std::vector<char*> arguments_;
  std::string command_;
};

}  // namespace kiln::exec
