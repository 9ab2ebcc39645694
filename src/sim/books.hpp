#pragma once

#include "protocol/coordinator.hpp"
#include "sim/executor.hpp"
#include "sim/journal.hpp"
#include "sim/scenario.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace kiln::sim {

/// Who has each unit and what became of it, kept apart from the coordinator's own ledger, for one launch. Throws
/// Violation at the first step that breaks a rule: two workers with one unit, work on a unit that is settled, an
/// attempt too many, a retry too early or on the wrong rank, a unit handed out while one of higher priority waits, or
/// before all units of the stages before its own are done and committed.
class Books {
 public:
  /// Both outlive the books.
  Books(const Scenario& scenario, Journal& journal, const LaunchPlan& launch);

  /// A worker gets units that another one has as well.
  void copy_sent(Rank to, const protocol::Batch& batch);
  /// A copy becomes the only one, or nothing of it counts.
  void settled(Rank to, const protocol::Settle& message);
  /// A copy has ended in vain.
  void copy_failed(Rank from, BatchId batch);
  void given_up_arrived(Rank from, const protocol::GivenUp& message);
  void batch_sent(Rank to, const protocol::Batch& batch, bool others, Instant now);
  void part_arrived(Rank from, const protocol::Part& part, Instant now);
  void given_back_arrived(Rank from, const protocol::GivenBack& message, Instant now);
  std::uint32_t unit_begins(Rank rank, UnitId unit);
  void unit_ends(Rank rank, UnitId unit, ExecutorHost::End end);
  void segment_arrived(Rank from, const protocol::Segment& segment);
  /// What the rank gave to a join is with the coordinator.
  void joined(const std::vector<Interval>& units);
  /// The coordinator has declared the rank dead; it may run on for a while, and nothing of that counts.
  /// `ran`: what its own code ran when it ended it; nothing where others may have ended it.
  void rank_died(Rank rank, bool alone, const std::optional<Interval>& ran);
  /// The rank has forgotten all that it had.
  void rank_anew(Rank rank);
  /// A rank has taken over and goes on from what workers have. `keeps`: whether this rank has lost nothing of what it
  /// had reported. Who ran a unit that nobody lost must not have run it in vain.
  void taken_over(const protocol::CoordinatorStart& start, const std::function<bool(Rank)>& keeps);
  /// The journal has grown, and the coordinator is about to know.
  void committed();
  /// Units that wait for other stages, and of these, units of stages that are behind a dead letter.
  std::uint64_t closed() const { return closed_; }
  std::uint64_t blocked() const;
  /// A dead letter is about to be committed.
  void dead_letter(const protocol::DeadLetter& letter) const;

  /// Units that the rank has or that are on their way to or from it.
  std::uint64_t held(Rank rank) const { return held_[static_cast<std::size_t>(rank.value())]; }
  std::uint64_t all_held() const { return std::accumulate(held_.begin(), held_.end(), std::uint64_t{0}); }
  std::uint32_t deaths(UnitId unit) const { return books_[unit.value()].deaths; }
  /// Two of these ranks had ended themselves, or four, or one and two others.
  bool to_blame(UnitId unit) const { return books_[unit.value()].deaths + books_[unit.value()].crashes >= 4; }
  bool succeeded(UnitId unit) const { return books_[unit.value()].succeeded; }
  /// It was given, and nobody has it: it may have begun, and must not begin again.
  bool lost(UnitId unit) const {
    return journal_.given().contains(unit) && books_[unit.value()].holder == Rank(-1) &&
           !books_[unit.value()].succeeded;
  }
  bool removed(UnitId unit) const { return launch_.removed.contains(unit); }

 private:
  struct Book {
    Rank holder{-1};       // -1: nobody
    Rank result_with{-1};  // a rank that holds it; -1: it is with the coordinator
    std::int32_t priority = 0;
    Rank done_by{-1};  // the result came from it, and was not joined
    Rank copier{-1};   // has a copy
    bool running = false;
    bool copy_running = false;
    bool forgiven = false;      // failed while a copy ran: nobody has it, until the copy is all there is
    bool succeeded = false;     // the result has arrived
    bool reopened = false;      // came back unharmed since it failed last
    bool lost = false;          // came back from a dead rank: no order holds for it
    std::uint32_t deaths = 0;   // of ranks that died alone and had nothing else
    std::uint32_t crashes = 0;  // of these, that ended themselves
    std::uint32_t begun = 0;    // times
    std::uint32_t failed = 0;   // times, truly
    std::uint32_t charged = 0;  // failures that have arrived
    Rank failed_on;
    Instant failed_at{};
  };
  enum class Unharmed : std::uint8_t { yes, no };  // no: it may have begun
  void forget_all_holders();
  Book& let_go(Rank from, UnitId unit);
  void came_back(Book& book, Unharmed unharmed);
  void taken_out(Book& book);
  bool copied_alone(UnitId unit) const;
  void came_back(Rank from, const std::vector<protocol::GivenBack::Piece>& pieces);
  void check_priority(const protocol::Batch& batch);
  // Stages (books_stages.cpp).
  struct Stage {
    schedule::IntervalSet units, needs;  // needs: all units of all stages before it
    bool open = true;
  };
  void suspect_at_begin();
  void begin_stages();
  bool opens(const Stage& stage) const;
  bool is_closed(UnitId unit) const;
  bool may_wait(UnitId unit) const;
  std::uint64_t unsettled(const schedule::IntervalSet& units) const;
  void check_retry(Rank to, UnitId unit, std::uint32_t attempt, bool others, Instant now) const;

  const Scenario& scenario_;
  Journal& journal_;
  const LaunchPlan& launch_;
  std::vector<Book> books_;
  std::vector<std::uint64_t> held_;
  struct CopySent {
    Rank to;
    Interval units;
  };
  std::map<BatchId, CopySent> copies_;        // all that were sent
  std::set<std::pair<Rank, UnitId>> copied_;  // the same
  std::vector<Stage> stages_;
  std::uint64_t closed_ = 0;
  std::vector<bool> lost_;                         // by rank: declared dead, and not begun anew
  std::map<std::int32_t, std::uint64_t> waiting_;  // priority -> units that wait for their first try; none with 0
};

}  // namespace kiln::sim
