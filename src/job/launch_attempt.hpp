#pragma once

#include "base/time.hpp"
#include "job/clock.hpp"
#include "job/mpirun_noise.hpp"
#include "job/mpirun_process.hpp"
#include "job/run_options.hpp"
#include "job/silence_bound.hpp"
#include "job/stop_bound.hpp"
#include "job/waiter.hpp"
#include "observe/printer.hpp"
#include "observe/progress_display.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kiln::job {

/// What the user has asked of a launcher by signals, over all its attempts.
struct UserSignals {
  unsigned count = 0;  ///< 1: stop in good order, 2: at once
};

/// One mpirun: what it says, what the user sees of it, and the signals between them.
class LaunchAttempt {
 public:
  /// What the launcher has over all attempts. Everything outlives this.
  struct Shared {
    const RunOptions& options;
    Waiter& waiter;  ///< made before any process is started: it must not inherit our wish to see signals, nor miss one
    observe::ProgressDisplay& display;
    UserSignals& signals;
    Duration silence_limit;  ///< as SilenceBound
  };
  struct End {
    int status = 0;                   ///< mpirun's wait status
    std::optional<int> exit_code;     ///< with which a rank ended the run, or left it, by its own decision
    bool forced = false;              ///< it did not end by itself, and was ended
    std::optional<Duration> overdue;  ///< the ranks were told to stop so long before, and it was ended for that
    std::optional<Duration> silent;   ///< they gave no sign of life for so long, and it was ended for that
  };
  /// Starts mpirun, with `variables` ("NAME=value") added to the environment. `standard_input`: as MpirunProcess.
  LaunchAttempt(Shared shared, const std::vector<std::string>& words, const std::vector<std::string>& variables,
                std::string launch_id, int standard_input);

  /// Until mpirun has ended, and what the units wrote is printed.
  End run();

 private:
  void begin_printing();
  void print_rest();
  void hear_mpirun();
  void hear_line(const std::string& text);
  void hear_signals();
  void show_status();
  void show_line(const std::string& line);
  void end_lingering();
  bool is_idle();
  bool lost_a_rank_early();
  bool say_lost_early();
  bool is_beginning() const { return !up_ && !running_ && !exit_code_; }
  void look_at_begin();
  bool is_not_coming_up();
  void look_at_stop();
  void look_at_silence();
  std::string beat() const;

  Shared shared_;
  std::string launch_id_;
  std::optional<observe::Printer> printer_;
  MpirunProcess process_;
  MpirunNoise noise_;
  Instant begun_ = now();
  bool up_ = false;       // MPI is, on all ranks
  bool running_ = false;  // the ranks take signals: they have written a status
  bool pending_ = false;  // a signal came in before that
  StopBound stop_;
  SilenceBound silence_;
  std::optional<Duration> overdue_, silent_;       // as End
  std::optional<observe::StatusSnapshot> status_;  // the last of this launch
  std::optional<Instant> end_mpirun_at_;
  bool asked_to_end_ = false;          // mpirun was, and has not done so
  std::optional<Instant> idle_since_;  // it has nothing to do any more
  Instant look_at_{};                  // when that is asked next
  bool had_ranks_ = false;
  std::optional<Instant> lost_early_since_;
  std::set<pid_t> began_;           // ranks that mpirun has started here
  std::optional<Instant> lost_at_;  // a rank that was to come up with the others
  bool stream_ended_ = false;
  bool over_ = false;  // the run has ended
  std::optional<Instant> over_since_;
  std::vector<std::string> held_;      // what was said after that, while outputs are printed
  std::optional<int> exit_code_;       // of the run, as said
  std::optional<int> code_of_a_rank_;  // that has left the others
};

}  // namespace kiln::job
