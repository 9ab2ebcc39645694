#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace kiln::job {

/// What the run directory says of a launch whose mpirun has ended.
struct LaunchOutcome {
  bool began = false;            ///< it has opened the run: its epoch is in the journal
  std::optional<int> exit_code;  ///< of its end
  bool held_up = false;          ///< that end: every rank that lived was in a unit that it could not leave
  bool cut_off = false;          ///< that end: mpirun told the ranks to end, and no launcher had told it
  bool forced_aside = false;     ///< another launch has begun since: the user has forced this one aside (--takeover)
  std::uint64_t settled = 0;     ///< results that are durable: of all stages; 0 where that cannot be read
  std::uint64_t units = 0;       ///< of the stages that are known
  std::uint32_t stages = 0;      ///< of a program; 0 for commands
};

/// Nothing but zeros where there is no readable journal.
LaunchOutcome read_outcome(const std::string& directory, const std::string& launch_id);

/// The run's exit code; nothing where the ranks were gone before they had come to one, so that it makes sense to start
/// again. `status`: mpirun's; `said`: as LaunchAttempt::End::exit_code.
std::optional<int> exit_code_of(int status, std::optional<int> said, const LaunchOutcome& outcome);

/// "the ranks ended before the run did; 12,345 of 20,000 units are committed". `overdue`, `silent`: as
/// LaunchAttempt::End.
std::string describe_end(int status, const LaunchOutcome& outcome, std::optional<Duration> overdue = {},
                         std::optional<Duration> silent = {});

}  // namespace kiln::job
