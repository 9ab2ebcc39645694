#pragma once

#include <kiln/detail/rows.hpp>
#include <kiln/detail/stage.hpp>
#include <kiln/schema.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace kiln::detail {

struct InProcessOptions {
  std::uint64_t seed = 0;
  std::uint32_t stage = 0;     ///< ordinal in the job
  std::uint32_t attempts = 1;  ///< of each unit
  std::uint64_t batch = 1000;  ///< units at a time
};

struct DeadUnit {
  std::uint64_t unit = 0;
  std::uint32_t attempt = 1;  ///< the last one
  std::string reason;
};

struct InProcessStage {
  StageResult result;
  Tables tables;           ///< of the rows sinks
  std::vector<Rows> rows;  ///< one a table, sorted by unit
  std::vector<DeadUnit> dead;
  std::vector<RejectedRecord> rejected;
};

/// Runs a stage in this thread through the same code as a run's workers and coordinator: units in batches, partial
/// results encoded and joined. Scratch directories are below the system's folder for temporary files. Throws
/// kiln::Error for a source that cannot be read.
InProcessStage run_in_process(const StagePlan& plan, const InProcessOptions& options);

}  // namespace kiln::detail
