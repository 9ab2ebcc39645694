#pragma once

#include "base/time.hpp"
#include "protocol/coordinator_port.hpp"
#include "protocol/suspect.hpp"

#include <kiln/error.hpp>

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

namespace kiln::job {

/// Where a run is kept. Called on the writer thread, but for beat(); every call may throw.
class Archive {
 public:
  virtual ~Archive() = default;
  /// Durable when it returns. A throw leaves nothing behind; the plan may have been changed to one that says the same.
  virtual void commit(protocol::CommitPlan& plan) = 0;
  /// Durable when it returns: these units may begin. A throw leaves it open whether it counts.
  virtual void give(const schedule::IntervalSet& /*units*/) {}
  /// How the dead rank's process has ended. Asked once for each time that it is declared dead.
  virtual protocol::ProcessEnd how_ended(Rank /*rank*/) { return {}; }
  /// Says "this run lives"; about once a second, on a thread of its own: a long commit or the making of results must
  /// not look like death. Not called after a fault.
  virtual void beat() = 0;
  /// A piece of housekeeping, between commits.
  virtual void maintain() = 0;
  /// About once a second, when no commit waits.
  virtual void tick() {}
  virtual void write_status(const std::string& text) = 0;
  /// Throws where somebody else has taken over, seen by all that is on disk: what was ours may be gone meanwhile.
  virtual void look_at_reign() {}
  /// One JSON object.
  virtual void write_event(const std::string& line) = 0;
  /// Whether what threw this may succeed later (a full disk); else the run ends at once (deposed, a fault).
  virtual bool may_recover(const Error& error) const = 0;
};

/// The thread that does all files. Calls are made from the main thread and return at once.
class Writer {
 public:
  /// `archive` outlives the writer; `wake` is called on the writer thread after a commit has ended.
  Writer(Archive& archive, std::function<void()> wake);
  /// Finishes what was begun and what was asked for, then joins.
  ~Writer();

  void commit(std::unique_ptr<protocol::CommitPlan> plan);
  /// Behind a commit that waits. At most one is under way.
  void give(schedule::IntervalSet units);
  /// How the dead rank has ended, behind what has to be durable.
  void look_who_ended(Rank rank);
  /// Whether this rank still reigns, before all else that waits: looks_at_reign() says when that is known.
  void look_at_reign();
  /// Only the latest counts, if the thread is busy.
  void status(std::string text);
  void event(std::string line);
  /// Runs on the writer thread when everything asked for before is done; wait() returns after it.
  void run(std::function<void()> task);

  struct Committed {
    Duration cost{};
    std::unique_ptr<protocol::CommitPlan> failed;  ///< the plan, where it failed and may be tried again
    std::string why;
  };
  /// What became of the commit; nothing while it runs. Rethrows what cannot be recovered from (deposed, a fault).
  std::optional<Committed> poll();
  /// The same of give(): why it failed, "" where it did not.
  std::optional<std::string> poll_given();
  struct Ended {
    Rank rank;
    protocol::ProcessEnd end;
  };
  /// The same of look_who_ended(), one answer each, in order.
  std::optional<Ended> poll_ended();
  /// Whether look_at_reign() has still to find out. Rethrows what it threw.
  bool looks_at_reign();
  /// Whether tasks given to run() are still to be done. Rethrows what they threw.
  bool running();

 private:
  void loop();
  void beat_on();
  bool work_one(std::unique_lock<std::mutex>& lock);
  void break_with(std::exception_ptr fault);
  void write_events(std::unique_lock<std::mutex>& lock);
  void tick(std::unique_lock<std::mutex>& lock);
  void do_commit(std::unique_ptr<protocol::CommitPlan> plan);
  void do_give(const schedule::IntervalSet& units);
  void do_look(Rank rank);
  void do_look_at_reign();
  void quietly(const std::function<void()>& task);

  Archive& archive_;
  std::function<void()> wake_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<protocol::CommitPlan> plan_;
  bool reign_open_ = false;
  std::optional<schedule::IntervalSet> giving_;
  std::optional<std::string> given_;  // why it failed
  std::deque<Rank> looks_;
  std::deque<Ended> ended_;
  std::optional<std::string> status_;
  std::deque<std::string> events_;
  std::deque<std::function<void()>> tasks_;
  std::size_t tasks_open_ = 0;
  std::optional<Committed> committed_;
  std::exception_ptr fault_;
  std::set<std::string> told_causes_;  // of what could not be written, each once
  bool broken_ = false;                // a fault: nothing is written any more
  bool stop_ = false;
  bool stop_beating_ = false;
  std::condition_variable beats_end_;
  std::thread thread_, beats_;  // last: they use all of the above
};

}  // namespace kiln::job
