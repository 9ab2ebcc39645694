#pragma once

#include "exec/command_setup.hpp"
#include "job/print_feed.hpp"
#include "observe/printer.hpp"

#include <optional>
#include <string>

namespace kiln::job {

/// The file through which a launch's outputs go to whoever prints them; the first of the chain.
std::filesystem::path print_file(const std::filesystem::path& run_directory, const std::string& launch_id);
/// The first of the chain that is not there: for a rank that has taken over.
std::filesystem::path next_print_file(const std::filesystem::path& run_directory, const std::string& launch_id);

/// --print on the coordinator's rank: outputs go into the print file; where no launcher prints them, this rank does.
class RunPrinting {
 public:
  struct Facts {
    std::filesystem::path file;
    observe::PrintMode mode = observe::PrintMode::grouped;
    exec::KeepOutput keep = exec::KeepOutput::all;
    bool launched = false;
    schedule::IntervalSet units;  ///< those that this launch has to do
  };
  /// Schema and display outlive this; no display: nullptr.
  RunPrinting(const Facts& facts, const Schema& schema, observe::ProgressDisplay* display);

  /// Rows of units that have ended for good. Takes out of them what is printed, but not kept. Returns at once.
  void settled(Bytes& rows, bool succeeded);
  /// Any thread: waits until what has settled is in the file, so that what is committed is printed.
  void wait_written() { feed_.wait_written(); }
  /// No more units come.
  void end() { feed_.end(); }
  /// After end(): whether something is still to be written.
  bool busy();
  /// Drops what is not printed.
  void abandon();

 private:
  const Schema& schema_;
  exec::KeepOutput keep_;
  PrintFeed feed_;
  std::optional<observe::Printer> printer_;
};

}  // namespace kiln::job
