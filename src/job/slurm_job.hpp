#pragma once

#include "job/ask.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kiln::job {

/// A job as squeue shows it. All as Slurm writes it; "" where it does not say.
struct SlurmJob {
  std::string state;   ///< "RUNNING"
  std::string reason;  ///< why it waits: "Priority"
  std::string left;    ///< of its time limit: "1:02:03"
  std::string end;     ///< when that is: "2026-11-22T10:00:00"
};

/// One line of `squeue -h -o %T|%r|%L|%e`; nothing where it is none.
std::optional<SlurmJob> parse_job(std::string_view text);

/// Asks `squeue` (a path, or "") for one job. Nothing where it does not know it.
std::optional<SlurmJob> ask_job(const std::string& squeue, const std::string& id, const Ask& ask);

}  // namespace kiln::job
