#pragma once

#include "store/entry.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// By what a stage is recognised: on resume its committed units are kept only if its identity is the same, and the
/// identity of each stage holds all that came before it. Pure.
namespace kiln::store {

/// Of description, build, inputs, units and what came before. The field `identity` itself is not looked at.
std::uint64_t identity_of(const PlanEntry& plan);

/// What the stage behind this one has in `before`: its identity, and the values it gave.
std::uint64_t chain_after(const PlanEntry& plan, const StageEndEntry& end);

/// The description for people: without what another run of the same command has otherwise, the digests of the lists of
/// runs that a stage behind a step by key reads. They stay in the entry, where the stage is recognised by them.
std::string description_for_people(const PlanEntry& plan);

inline constexpr std::string_view kPlanChanged = "its plan has changed";
/// Why the two are not the same stage, for people: "the program was built anew"; "" where they are. kPlanChanged is all
/// that is said of descriptions: they are not for people.
/// kPlanChanged where that is all that is known: descriptions are not for people.
std::string difference(const PlanEntry& old, const PlanEntry& now);

}  // namespace kiln::store
