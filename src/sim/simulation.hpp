#pragma once

#include "sim/launch.hpp"
#include "sim/mutation.hpp"
#include "sim/scenario.hpp"

#include <cstdint>
#include <string>

namespace kiln::sim {

struct RunReport {
  std::string violation;  ///< "" where every invariant held
  std::uint64_t events = 0;
  std::uint64_t digest = 0;  ///< of everything that happened
  bool ok() const { return violation.empty(); }
};

/// A whole run, with its restarts, drawn from the seed. Never throws for what the simulated run does.
RunReport simulate(std::uint64_t seed, const Limits& limits, Mutation mutation = Mutation::none,
                   const Trace& trace = {});

/// The command that replays a seed.
std::string replay_command(std::uint64_t seed, const Limits& limits, Mutation mutation = Mutation::none);

}  // namespace kiln::sim
