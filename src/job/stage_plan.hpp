#pragma once

#include <kiln/detail/stage.hpp>
#include "flow/source_resolver.hpp"
#include "schedule/unit_queue.hpp"
#include "store/entry.hpp"

#include <string>
#include <vector>

/// A stage of a program as its journal's plan entry says it. Pure.
namespace kiln::job {

/// What the journal keeps with a stage's plan: the machine that began it, the source's descriptor,
/// and the plan for people.
struct SetupRecord {
  std::string machine;
  Bytes source;
  std::string plan;  ///< its lines of --explain; "" in what an older kiln has written
};
Bytes encode(const SetupRecord& record);
/// Throws kiln::Error (internal) where the bytes are damaged.
SetupRecord decode_setup_record(ByteView bytes);

/// What of a changed plan is another one, behind "its plan has changed": the lines that were and that are. "" where
/// nothing is known of the old one.
std::string plan_change(std::string_view old, std::string_view now);

/// What a stage's results depend on besides its plan and its source.
struct StageGround {
  std::string build;         ///< of the program
  std::uint64_t inputs = 0;  ///< digest of what it declared
  std::uint64_t chain = 0;   ///< StageStore::chain()
};

/// The entry, without before, identity and setup. `source_identity` and `units`: of the resolved source.
store::PlanEntry plan_entry(const detail::StagePlan& plan, const StageGround& ground,
                            const std::string& source_identity, std::uint64_t units);

/// Whether the stored plan is of the same stage on the same ground, whatever its source has become: only then what it
/// has recorded of the source binds.
bool same_but_source(const store::PlanEntry& stored, const detail::StagePlan& plan, const StageGround& ground);

/// Runs of units with the same priority, but 0. Calls the user's function for each unit.
std::vector<schedule::PriorityClass> priority_classes(const detail::StagePlan& plan, std::uint64_t units);

}  // namespace kiln::job
