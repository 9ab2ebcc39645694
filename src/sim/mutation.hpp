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
};

struct NamedMutation {
  std::string_view name;
  Mutation mutation;
};
inline constexpr std::array<NamedMutation, 28> kMutations{{
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
}};

}  // namespace kiln::sim
