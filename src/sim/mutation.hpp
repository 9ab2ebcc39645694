#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace kiln::sim {

/// A fault of the harness, put in on purpose: each must be found, or the invariants prove nothing.
enum class Mutation : std::uint8_t {
  none,
  drop_part,          ///< a part is lost on its way
  duplicate_part,     ///< a part arrives twice
  lose_given_back,    ///< units given back are lost on their way
  give_back_running,  ///< a unit that runs is given back too
  keep_all,           ///< a worker never gives anything back
  commit_twice,       ///< the journal takes a commit twice
  forget_commit,      ///< a commit is said to be durable and is not
  wrong_row,          ///< a row with another unit's value
  lose_row,           ///< a row is missing from a commit
  blank_reason,       ///< a dead letter without its reason
  no_tick,            ///< timers never fire
  cancel_counts,      ///< a cancelled unit is reported as failed by itself
  forget_priorities,  ///< the coordinator is not told that some units go first
  forget_retries,     ///< the coordinator is not told that some units have a number of tries of their own
  forget_limit,       ///< the coordinator is not told how many units may be in flight
  forget_held,        ///< a held part looks as if its results were in it: committed before the flush
  drop_segment,       ///< an unasked segment is lost on its way
  duplicate_segment,  ///< a segment arrives twice
  lose_segment,       ///< a segment is missing from a commit
  segment_twice,      ///< a commit names a segment twice
  torn_segment,       ///< a segment is said to be durable and is not
  lose_partial,       ///< a partial result is missing from a commit
  lose_joined,        ///< what one worker gave is not in what a join gave
  forget_joined,      ///< the coordinator does not hear of units that were joined
  forget_death,       ///< the coordinator does not hear that a rank died
  hear_the_dead,      ///< messages of a rank that was declared dead count
  no_forgiving,       ///< a coordinator that was stopped does not forgive the others that time
  lose_join_results,  ///< what was given to a join that was given up is not held again
  book_lost_join,     ///< what a sum was written over is said to be held again
  stale_listing,      ///< a rank that takes over does not see the last commit, and no link stops it
  early_committed,    ///< workers hear that a commit is durable when it begins
  forget_in_hand,     ///< what a worker says at a takeover lacks a batch
  count_twice,        ///< what was sent again at a takeover comes twice
  unfenced_commit,    ///< a coordinator that was stopped commits when it wakes, whoever has taken over
  swallow_hole,       ///< what is reduced covers a unit that failed among others
  changed_payload,    ///< the content of a part's message changes after it was given to the network
  merge_copy,         ///< the results of a copy are held as soon as it has ended, whoever wins
  loser_counts,       ///< what was given up counts on its worker as if it had ended
  charge_copy,        ///< a copy that fails is reported as its unit's failure
  freed_number,       ///< the number of an epoch is free again: who was deposed links its commit there
  late_given,         ///< units are handed out before it is durable that they may begin
  forget_given,       ///< whoever comes after a loss does not know which units may have begun
  forget_stages,      ///< the coordinator is not told that stages wait for others
  forget_after,       ///< nor that they wait for some of them
  forget_time_limit,  ///< the coordinator is not told that the run must end
  stale_group,        ///< a communicator is used although another of its ranks has died since
  requeue_lost,       ///< what a dead rank had in hand looks as if it had been given back
  forget_mark,        ///< that a rank's own code has ended it is not seen
  forget_what_ran,    ///< nor which unit it ran
  forget_old_marks,   ///< nor is what ranks of an earlier launch left
  mark_all,           ///< what was killed looks as if its own code had ended it
};

struct NamedMutation {
  std::string_view name;
  Mutation mutation;
};
inline constexpr std::array<NamedMutation, 51> kMutations{{
    {"drop_part", Mutation::drop_part},
    {"duplicate_part", Mutation::duplicate_part},
    {"lose_given_back", Mutation::lose_given_back},
    {"give_back_running", Mutation::give_back_running},
    {"keep_all", Mutation::keep_all},
    {"commit_twice", Mutation::commit_twice},
    {"forget_commit", Mutation::forget_commit},
    {"wrong_row", Mutation::wrong_row},
    {"lose_row", Mutation::lose_row},
    {"blank_reason", Mutation::blank_reason},
    {"no_tick", Mutation::no_tick},
    {"cancel_counts", Mutation::cancel_counts},
    {"forget_priorities", Mutation::forget_priorities},
    {"forget_retries", Mutation::forget_retries},
    {"forget_limit", Mutation::forget_limit},
    {"forget_held", Mutation::forget_held},
    {"drop_segment", Mutation::drop_segment},
    {"duplicate_segment", Mutation::duplicate_segment},
    {"lose_segment", Mutation::lose_segment},
    {"segment_twice", Mutation::segment_twice},
    {"torn_segment", Mutation::torn_segment},
    {"lose_partial", Mutation::lose_partial},
    {"lose_joined", Mutation::lose_joined},
    {"forget_joined", Mutation::forget_joined},
    {"forget_death", Mutation::forget_death},
    {"hear_the_dead", Mutation::hear_the_dead},
    {"no_forgiving", Mutation::no_forgiving},
    {"lose_join_results", Mutation::lose_join_results},
    {"book_lost_join", Mutation::book_lost_join},
    {"stale_listing", Mutation::stale_listing},
    {"early_committed", Mutation::early_committed},
    {"forget_in_hand", Mutation::forget_in_hand},
    {"count_twice", Mutation::count_twice},
    {"unfenced_commit", Mutation::unfenced_commit},
    {"swallow_hole", Mutation::swallow_hole},
    {"changed_payload", Mutation::changed_payload},
    {"merge_copy", Mutation::merge_copy},
    {"loser_counts", Mutation::loser_counts},
    {"charge_copy", Mutation::charge_copy},
    {"freed_number", Mutation::freed_number},
    {"late_given", Mutation::late_given},
    {"forget_given", Mutation::forget_given},
    {"forget_stages", Mutation::forget_stages},
    {"forget_after", Mutation::forget_after},
    {"forget_time_limit", Mutation::forget_time_limit},
    {"stale_group", Mutation::stale_group},
    {"requeue_lost", Mutation::requeue_lost},
    {"forget_mark", Mutation::forget_mark},
    {"forget_what_ran", Mutation::forget_what_ran},
    {"forget_old_marks", Mutation::forget_old_marks},
    {"mark_all", Mutation::mark_all},
}};

}  // namespace kiln::sim
