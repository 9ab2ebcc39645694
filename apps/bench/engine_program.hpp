#pragma once

#include "bench.hpp"

#include <cstdint>
#include <string>

namespace kiln::bench {

/// A run of kiln_bench_engine: units of 64 bytes that do nothing (or spin), each with a result of 16 bytes.
struct EngineRun {
  std::uint64_t units = 0;
  int ranks = 2;                           ///< the coordinator included
  std::string batch = "adaptive";          ///< as --batch
  std::string unit_time = "0";             ///< each unit spins this long
  std::string checkpoint_every = "1000s";  ///< as --checkpoint-every
  std::string heartbeat = "0";             ///< as --heartbeat
  std::string name = "bench.kiln";         ///< the run directory, below Settings::work; "": nothing is kept
  std::uint64_t stop_after = 0;            ///< the run is stopped (exit 75) once so many units are done; 0: never
};

/// What its rank 0 says at the end.
struct EngineResult {
  std::uint64_t units = 0;    ///< done in this run
  double seconds = 0;         ///< from the first batch handed out to the last result
  double first_after = 0;     ///< from the start of the program's main to the first batch handed out
  std::uint64_t max_rss = 0;  ///< bytes, of rank 0

  double rate() const { return static_cast<double>(units) / seconds; }
};

/// The words that start a program over MPI, as `kiln run` does: both sides of a comparison have the same transports.
std::vector<std::string> under_mpirun(int ranks, const std::filesystem::path& program);

/// Goes on in the run directory where there is one. Throws kiln::Error where it fails.
EngineResult run_engine(const Settings& settings, const EngineRun& asked);

}  // namespace kiln::bench
