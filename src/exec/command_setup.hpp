#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/detail/rows.hpp>
#include "base/time.hpp"
#include "exec/result_column.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kiln::exec {

enum class KeepOutput : std::uint8_t { all = 0, failed = 1, none = 2 };

/// What a unit gets for itself alone; 0: nothing is said.
struct UnitNeeds {
  std::uint32_t cpus = 0, gpus = 0;
  std::uint64_t memory = 0;  ///< bytes, resident: a unit with more is ended
  friend bool operator==(const UnitNeeds&, const UnitNeeds&) = default;
};

/// What every rank needs to run commands as the caller would: sent over the wire by the coordinator, never to disk.
struct CommandSetup {
  std::vector<std::string> environment;  ///< "NAME=value", already cleaned (clean_environment)
  std::string working_directory;
  std::uint32_t umask = 022;
  std::string shell = "/bin/bash";
  std::string run_directory;                  ///< for KILN_RUN_DIR
  std::int32_t first_worker = 0;              ///< lowest rank that works, for the numbers of workers
  std::optional<Duration> timeout;            ///< of one attempt, unless a unit has its own
  Duration grace = std::chrono::seconds(10);  ///< between SIGTERM and SIGKILL
  std::int32_t task_signal = 0;               ///< sent at a drain; 0: none
  KeepOutput keep_output = KeepOutput::all;
  std::uint64_t output_limit = 64 * 1024;  ///< bytes kept of each stream
  std::string output_files;                ///< an OutputPattern: the streams go into files too; "": they do not
  std::vector<ResultColumn> columns;       ///< taken from the outputs
  UnitNeeds needs;
  std::uint64_t done_before = 0;    ///< units that earlier launches have done,
  std::uint64_t failed_before = 0;  ///< and of which they have made dead letters that stand
  std::vector<std::uint32_t> cpus;  ///< of one rank: commands are bound to these; none: they are not bound
};

Bytes encode(const CommandSetup& setup);
CommandSetup decode_command_setup(ByteView bytes);

/// The caller's environment without what is kiln's own MPI's (OMPI_*, PMIX_*, PMI_*, PRTE_*, KILN_*); under Slurm with
/// what keeps a nested mpirun from starting through Slurm.
std::vector<std::string> clean_environment(char** environment);

/// The columns of a command's row, in the order in which CommandRunner puts them. Names are paths in results.h5.
const Schema& command_schema();
/// The same, and behind them what is taken from the output.
Schema command_schema(const std::vector<ResultColumn>& columns);

}  // namespace kiln::exec
