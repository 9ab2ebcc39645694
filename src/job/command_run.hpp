#pragma once

#include "job/environment.hpp"
#include "job/folder_probe.hpp"
#include "job/rank_loop.hpp"
#include "job/run_end.hpp"
#include "job/run_observer.hpp"
#include "job/run_options.hpp"
#include "job/run_printing.hpp"
#include "store/run_store.hpp"
#include "units/command_source.hpp"
#include "units/task_file.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kiln::job {

/// The coordinator's rank of a run of commands, from the task file to results.h5.
class CommandRun {
 public:
  /// Reads the task file and opens the run directory. Everything referred to outlives this. Throws kiln::Error.
  CommandRun(const RunOptions& options, const Environment& environment, const std::vector<std::string>& arguments,
             net::Transport& transport, Waiter& waiter);

  /// The same of a rank that takes over from the coordinator of this epoch, from what the run directory says. Any
  /// thread. Throws store::Deposed where another has been faster.
  CommandRun(const RunOptions& options, const Environment& environment, const std::vector<std::string>& arguments,
             net::Transport& transport, Waiter& waiter, std::string launch_id, Epoch follows);

  /// Runs to the end and sends the other ranks home, also when it throws. Returns the exit code. With an inheritance:
  /// goes on from there. Throws store::Deposed when another rank has taken over.
  int run(const Execution& execution, std::unique_ptr<Inheritance> inheritance = nullptr);

 private:
  void open(const std::vector<std::string>& arguments);
  void open_store(const std::vector<std::string>& arguments, std::optional<Epoch> follows);
  void set_dead();
  void report_opening(const schedule::IntervalSet& again) const;
  protocol::CoordinatorOptions coordinator_options() const;
  std::uint64_t recovered_done() const;
  void inherit_before(ByteView content);
  exec::CommandSetup command_setup(const std::vector<Rank>& workers) const;
  protocol::CoordinatorStart start() const;
  std::vector<Rank> workers() const;
  RunObserver::Facts observer_facts();
  std::unique_ptr<RunPrinting> begin_printing(observe::ProgressDisplay* display, bool takes_over) const;
  void print_before_commit();
  void set_printing(RunPrinting* printing);
  void print_rest(CoordinatorLoop& loop);
  void show_folder(CoordinatorLoop& loop, bool takes_over);
  std::string name_unit(UnitId unit) const;
  int finish(CoordinatorLoop& loop, Writer& writer, RunObserver& observer, protocol::Outcome outcome);
  void set_end(protocol::Outcome outcome, const protocol::Coordinator::Counts& counts);
  void look_for_cut_off(const RunObserver& observer);
  void summarise(std::uint64_t committed);

  const RunOptions& options_;
  const Environment& environment_;
  net::Transport& transport_;
  Waiter& waiter_;
  std::string launch_id_;
  units::TaskFile tasks_;
  std::unique_ptr<store::RunStore> store_;
  std::optional<units::CommandSource> source_;
  std::vector<exec::ResultColumn> columns_;  // as run.json has them
  Schema schema_;                            // of the rows
  schedule::IntervalSet dead_;               // dead letters of earlier launches that stand
  struct {
    std::uint64_t done = 0, failed = 0;
  } before_;                         // units that earlier launches have settled
  std::vector<FolderProbe> probes_;  // where ranks are on several machines
  std::set<Rank> seeing_;            // these
  RunEnd end_;
  RunPrinting* printing_ = nullptr;  // during run(); with --print only
  std::mutex printing_mutex_;        // for the writer thread
};

}  // namespace kiln::job
