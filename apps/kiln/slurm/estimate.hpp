#pragma once

#include "slurm/slurm_commands.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// How many nodes for how long: the size of a request to Slurm.
namespace kiln::cli {

/// Seconds that units took.
struct UnitTimes {
  std::uint64_t units = 0;                             ///< that were measured
  double mean = 0, median = 0, most = 0, longest = 0;  ///< `most`: 95 of 100 took less
};
/// Of what was measured; zeros of nothing.
UnitTimes unit_times(std::vector<double> seconds);
/// The one that took least of those that a run of commands has results of; nothing where it has none.
std::optional<double> shortest_unit(const std::string& directory);

struct Sizing {
  std::uint64_t units = 0;  ///< to run
  UnitTimes times;          ///< of one of them, on the CPUs that it gets
  std::uint64_t cpus = 1;   ///< of a node
  std::uint64_t cpus_per_unit = 1;
  std::uint64_t gpus = 0;  ///< of a node; 0: not known
  std::uint64_t gpus_per_unit = 0;
};
/// Units that a node runs at a time.
std::uint64_t at_a_time(const Sizing& sizing);
/// So many nodes need about so long: all CPUs work, the last units a while alone.
std::chrono::seconds time_on(const Sizing& sizing, std::uint64_t nodes);
/// What to ask for then: a quarter and five minutes more, in steps of 15 minutes.
std::chrono::seconds limit_for(std::chrono::seconds expected);
/// The least number of nodes on which all fits into one job of this limit; nothing: no number does.
std::optional<std::uint64_t> nodes_within(const Sizing& sizing, std::chrono::seconds limit);

/// What was asked for, and what the site allows.
struct Bounds {
  std::uint64_t nodes = 0;                  ///< --nodes; 0: as many as it takes
  std::optional<job::TimeLimit> time;       ///< --time
  std::string partition;                    ///< --partition; ""
  std::uint64_t least_nodes = 1;            ///< of a job
  std::optional<std::uint64_t> most_nodes;  ///< of a job; nothing: not known
  job::TimeLimit most_time;                 ///< nothing: unlimited, or not known
};

/// Lines for people: what was measured, a table of nodes and times, a line to ask with, which the site grants.
std::string estimate_text(const Sizing& sizing, const Bounds& bounds);

/// `kiln slurm --estimate`. Throws kiln::Error where the trial run cannot be read or has measured nothing.
int show_estimate(const SlurmEstimateCommand& command);

}  // namespace kiln::cli
