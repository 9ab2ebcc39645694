#pragma once

#include "schedule/interval_set.hpp"
#include "schedule/unit_values.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

namespace kiln::schedule {

/// Units that may be handed out when all units of the stages before them are done and committed, and so are those
/// before these.
struct GatedStage {
  IntervalSet units;               ///< of no other stage; none that is no longer in the source
  std::vector<std::size_t> after;  ///< stages, by their place in the list; no stage comes before itself
};

/// What units of stages wait for. A stage with a dead letter is never over, so those behind it are not begun. Without
/// stages nothing waits. Pure; a change costs by the number of stages, never by that of units.
class Gates {
 public:
  /// `done` and `dead`, both committed, are what is known at the start.
  Gates(std::vector<GatedStage> stages, const IntervalSet& done, const IntervalSet& dead);

  /// Call once, with all units that nobody has: keeps those that must wait, and returns the others.
  IntervalSet let_through(IntervalSet units);
  /// These were neither done nor dead, and are done.
  void done(const IntervalSet& units);
  /// They were done and not committed, and are open again.
  void reopened(const IntervalSet& units);
  /// It was neither done nor dead, and is a dead letter.
  void dead(UnitId unit);
  /// Done units and dead letters. Returns the units that may be handed out from here on and could not before.
  IntervalSet committed(const IntervalSet& units);
  /// A stage is done but for the commit that others wait for.
  bool wants_commit() const { return !wanted_.empty(); }

  std::uint64_t waiting() const { return waiting_ - blocked_; }  ///< units that will be let through, if all goes well
  std::uint64_t blocked() const { return blocked_; }  ///< units that will not: a stage before has dead letters

  enum class State : std::uint8_t { waiting, open, over, blocked };
  struct View {
    std::uint64_t units = 0, done = 0, dead = 0;
    State state = State::open;
  };
  /// By the order given at construction.
  std::vector<View> view() const;

 private:
  struct Stage {
    std::vector<std::size_t> after;
    std::vector<std::size_t> before;  // those that come right after it
    IntervalSet waiting;              // not let through yet
    View view;
    std::uint64_t left = 0;         // neither done nor dead
    std::uint64_t uncommitted = 0;  // says something where none is dead
  };
  template <class F>
  void for_each_piece(const IntervalSet& units, F f);
  void sort_stages();
  bool opens(const Stage& stage) const;
  void look(std::size_t stage);
  void block();

  std::vector<Stage> stages_;
  std::vector<std::size_t> order_;  // each stage behind those before it
  UnitValues<std::size_t> stage_of_;
  std::set<std::size_t> wanted_;  // done, but not committed, and others wait
  std::uint64_t waiting_ = 0, blocked_ = 0;
};

}  // namespace kiln::schedule
