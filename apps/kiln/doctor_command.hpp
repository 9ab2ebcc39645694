#pragma once

#include "command_line.hpp"
#include "job/finding.hpp"

#include <string>

namespace kiln::cli {

/// `kiln doctor`, to standard output. The exit code is 1 where something is bad, else 0.
int show_doctor(const DoctorCommand& command);

/// A line for each finding, and what to change below it.
std::string doctor_text(const job::Findings& findings);

/// One JSON object and a newline.
std::string doctor_json(const job::Findings& findings);

}  // namespace kiln::cli
