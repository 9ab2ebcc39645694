#pragma once

#include "job/rank_loop.hpp"
#include "job/writer.hpp"
#include "observe/progress_display.hpp"
#include "observe/rate_meter.hpp"
#include "observe/status.hpp"

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kiln::job {

/// Tells people how a run goes: status.json, events.jsonl, the log and, where nobody else does, the progress display.
class RunObserver final : public Observer {
 public:
  struct Facts {
    std::string launch_id;
    Epoch epoch;
    std::string host, job_id;
    double started = 0;       ///< Unix seconds UTC
    bool takes_over = false;  ///< from another rank of this launch
    std::optional<std::uint64_t>
        done_before;             ///< units, by earlier launches; nothing: what is done at the first snapshot
    bool launched = false;       ///< a launcher owns the terminal
    bool launcher_logs = false;  ///< and its progress is a log
    bool no_rerun_lost = false;
    observe::DisplayMode display = observe::DisplayMode::none;
    std::vector<std::string> stages;                       ///< names of CoordinatorOptions::stages
    std::function<std::string(UnitId)> name_unit;          ///< "unit 11 (tasks.txt:12: the command)"
    std::function<std::string(UnitId)> command;            ///< the command's first bytes
    std::function<void(Bytes&, bool)> settled;             ///< as Observer::settled; may be empty
    std::function<void(UnitId, const std::string&)> dead;  ///< a dead letter, and why; may be empty
  };
  /// `writer` outlives this.
  RunObserver(Facts facts, Writer& writer);

  void snapshot(const protocol::Coordinator& coordinator, Instant now) override;
  void failure(UnitId unit, Rank rank, std::uint32_t attempt, const std::string& reason, bool dead) override;
  void settled(Bytes& rows, bool succeeded) override {
    if (facts_.settled) facts_.settled(rows, succeeded);
  }
  /// Said once, until a commit succeeds.
  void commit_failed(const std::string& why) override;
  void segment_failed(Rank rank, const std::string& why) override;
  void storage_works() override;
  void interrupted(int signal, bool at_once) override;
  void remark(Rank rank, const std::string& text) override;
  void died(const Living::Death& death, std::uint64_t units) override;
  void returned(Rank rank) override;
  void took_over(const TakeOver& facts) override;
  /// What could not be written last, with its file and the reason; "" where all can be.
  const std::string& storage_failure() const { return storage_failure_; }
  /// Units whose second run gave something else (--verify).
  std::uint64_t remarks() const { return remarks_; }

  /// Of a task file, as they are now.
  std::vector<observe::TaskStageStatus> stages(const protocol::Coordinator& coordinator) const;
  /// What ran when somebody last looked and something did, longest first; until the end, where that is it.
  const std::vector<observe::SlowUnit>& ran_last() const { return ran_last_; }
  /// The signal that interrupted the run last; 0: none did.
  int signal() const { return signal_; }
  /// A program's next stage.
  void begin_stage(std::uint32_t stage, const std::string& name, const std::string& plan);
  /// Whether the progress is shown as a log, here or by the launcher.
  bool shows_log() const { return display_ ? display_->mode() == observe::DisplayMode::log : facts_.launcher_logs; }
  /// The units are settled; results.h5 is being made.
  void assembling();
  void ended();
  /// What shows the progress here; nullptr where a launcher does.
  observe::ProgressDisplay* display() { return display_ ? &*display_ : nullptr; }

 private:
  void tell_of_slow_disk(const protocol::Coordinator& coordinator);
  void list_ranks(const protocol::Coordinator& coordinator, Instant at);
  void publish();
  void event(const char* kind, const std::string& members);

  Facts facts_;
  Writer& writer_;
  observe::StatusSnapshot status_;
  observe::RateMeter rate_;
  std::optional<std::uint64_t> settled_before_;
  std::optional<observe::ProgressDisplay> display_;
  std::uint64_t failures_shown_ = 0, remarks_ = 0;
  std::string storage_failure_;
  bool slow_disk_told_ = false;
  std::set<Rank> lost_;
  std::vector<observe::SlowUnit> ran_last_;
  std::optional<Instant> looked_;  // when these ran
  int signal_ = 0;
};

}  // namespace kiln::job
