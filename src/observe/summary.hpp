#pragma once

#include "observe/status.hpp"
#include "protocol/coordinator_port.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kiln::observe {

/// A dead letter as the summary shows it.
struct FailedUnit {
  std::uint64_t unit = 0;
  std::string place;    ///< where its command stands: "tasks.txt:7", or its stage; "" for nowhere
  std::string command;  ///< "" for units of programs
  std::string reason;
};

/// How a launch ended, for the last words on the terminal.
struct RunSummary {
  protocol::Outcome outcome = protocol::Outcome::complete;
  std::uint64_t units = 0;
  std::uint64_t done = 0;                  ///< by all launches
  std::uint64_t failed = 0;                ///< dead letters of all launches
  std::uint64_t rejected = 0;              ///< records of units of programs, by all launches
  std::uint64_t done_before = 0;           ///< units settled (done or dead) before this launch began
  double seconds = 0;                      ///< of this launch
  std::string directory;                   ///< as the user wrote it
  std::string results_file;                ///< "" when none was written
  std::vector<TaskStageStatus> stages;     ///< of a task file
  bool in_time = false;                    ///< it stopped since its time limit was near
  std::string storage_failure;             ///< what could not be written, why, and what to do
  std::vector<FailedUnit> first_failures;  ///< a few; the summary shows up to kShownFailures
};
inline constexpr std::size_t kShownFailures = 5;
inline constexpr std::size_t kShownStages = 20;

/// Lines without "kiln: " in front: what came of it, and of each stage; the first failures with their reasons; how
/// many records were rejected; what to do next.
std::vector<std::string> summary_lines(const RunSummary& summary);

/// `text` as one word of a shell command that a user can paste.
std::string shell_word(const std::string& text);

}  // namespace kiln::observe
