#pragma once

#include "base/time.hpp"
#include "exec/program_output.hpp"
#include "job/finding.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

/// The test run of `kiln doctor`: a real `kiln run` of commands that do nothing.
namespace kiln::job {

struct Trial {
  std::string program;              ///< kiln itself
  std::filesystem::path directory;  ///< a folder for it is made inside, and removed
  std::uint32_t workers = 1;
  std::vector<std::string> environment;  ///< of the run
  Duration deadline = std::chrono::seconds(60);
  std::function<bool()> cancelled;  ///< may be empty
};

/// Never throws for a run that fails: that is what it finds.
Finding examine_trial(const Trial& trial);

/// How a run that was not well ended, and what to do.
Finding judge_failed_trial(const exec::ProgramEnd& end, const std::string& deadline);

}  // namespace kiln::job
