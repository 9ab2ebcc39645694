#pragma once

#include "protocol/coordinator.hpp"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace kiln::protocol {

/// What workers have from the coordinator before, collected by the one that takes over. It has begun its epoch and read
/// the journal, and has sent its setup to all that live, its own rank too. Pure.
///
/// The journal comes first, then, by rank, who speaks of a unit: whose answer does not fit what is known by then was
/// declared dead by the coordinator before and does not know it (or is broken), and begins anew. Of failures that wait
/// for their next try the last of a unit counts, while nobody has the unit; those that no worker retains any more are
/// forgotten, and so is who was a suspect.
class Gathering {
 public:
  /// `start`: from the journal, with the ranks that live.
  explicit Gathering(CoordinatorStart start);

  /// A message of a rank that lives, in the order in which they came.
  void on_message(Rank from, Message message);
  /// The rank is dead: nothing of it counts.
  void on_dead(Rank rank);
  /// It lives, after on_dead: it has been taken up under a new view.
  void on_back(Rank rank);
  /// All that live have answered.
  bool complete() const { return waiting_ == 0; }

  struct Gathered {
    CoordinatorStart start;
    /// Neither these nor `back` are among the workers of `start`: Membership::take_up_anew, then Coordinator::on_back.
    std::vector<Rank> anew;
    std::vector<Rank> back;  ///< for Coordinator::on_back
  };
  /// Once, when it is complete.
  Gathered finish();

 private:
  struct Answer {
    bool came = false;
    std::uint64_t kept = 0;           // messages that are still to come
    std::vector<std::size_t> resent;  // of heard_
    TakenOver taken;
  };
  struct Heard {
    Rank from;
    Message message;
    bool resent = false;
    bool counts = true;
  };
  enum class Journalled { none, some, all };

  void end_if_complete(const Answer& answer);
  Journalled journalled(const std::vector<Interval>& units) const;
  bool claim(Answer& answer);
  bool claim_again(Answer& answer, Heard& heard, schedule::IntervalSet& claims) const;
  bool claim_part(Answer& answer, Part& part, schedule::IntervalSet& claims) const;
  bool claim_segment(Answer& answer, Heard& heard, schedule::IntervalSet& claims) const;
  void choose_failures();
  void drop(Rank rank);
  void number_batches();

  CoordinatorStart start_;
  schedule::IntervalSet settled_;  // in the journal, or not in the source any more
  schedule::IntervalSet claimed_;
  std::map<Rank, Answer> answers_;
  std::vector<Heard> heard_;
  std::vector<Rank> anew_, back_;
  std::uint64_t waiting_ = 0;
};

}  // namespace kiln::protocol
