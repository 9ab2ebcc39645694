#pragma once

#include "job/run_options.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace kiln::args {

/// The options of `kiln run`, `kiln retry` and of programs as typed, nothing checked. Each holds its default.
struct RunWords {
  std::string out;      // "": from the task file's name
  std::string array;    // "": no array
  std::string workers;  // "": one a core
  std::string retries = "0";
  std::string backoff = "1s";
  std::string timeout = "none";
  std::string max_failures = "none";
  std::string max_rejected = "none";  // programs
  std::string memory = "auto";        // programs
  std::string scratch;                // programs; "": the run directory
  std::string exports = "none";       // programs
  std::string batch = "adaptive";
  std::string checkpoint_every = "auto";
  std::string keep_output = "all";
  std::string output_limit = "64KiB";
  std::string output_files = "none";
  std::string print = "none";
  std::string grace = "10s";
  std::string cpus_per_unit = "none";
  std::string gpus_per_unit = "none";
  std::string mem_per_unit = "none";
  std::string until = "auto";
  std::string heartbeat = "5s";
  std::string restarts = "3";
  std::string start_limit = "10m";
  std::string task_signal = "none";
  std::string on_finish = "none";
  std::string shell = "auto";
  std::string seed = "0";
  std::string progress = "auto";
  std::vector<std::string> columns;
  std::string where;
  std::vector<std::string> arg_files;
  std::string colsep;
  std::string header;
  bool null = false;
  bool dry_run = false;
  bool fresh = false;
  bool takeover = false;
  bool coordinator_works = false;
  bool fast_network = false;
  bool retry = false;     // programs: the dead letters again
  bool only_new = false;  // programs: new files of a glob are taken in
  bool verify = false;    // programs
  bool explain = false;   // programs
  bool speculate = false;
  bool no_speculate = false;
  bool no_rerun_lost = false;
  int verbose = 0;
  int quiet = 0;
};

/// Who takes an option.
enum Taker : unsigned { kRun = 1, kRetry = 2, kProgram = 4 };

/// One option: how it is typed, where its value goes, what help says of it.
struct RunOptionSpec {
  const char* names;  ///< "-n,--workers"
  const char* value;  ///< what stands for the value in help; "" for a flag
  const char* text;
  const char* group;
  std::string RunWords::*word = nullptr;
  bool RunWords::*flag = nullptr;
  int RunWords::*count = nullptr;
  std::vector<std::string> RunWords::*list = nullptr;  ///< given again: one more
  unsigned takers = 0;                                 ///< of Taker
};
std::span<const RunOptionSpec> run_option_specs();

inline constexpr const char* kAutomatic = "auto";
inline constexpr std::uint64_t kMostOutput = 64 * 1024 * 1024;
inline constexpr std::uint64_t kMostWorkers = 1'000'000;
inline constexpr std::uint64_t kMostRetries = 1'000'000;
inline constexpr std::uint64_t kMostRestarts = 1'000'000;

/// Options that stand for themselves: everything but the task file and the directory. Throws kiln::Error (usage).
job::RunOptions check_run_words(const RunWords& words);

/// The log says as much as -v and -q ask for.
void set_log_level(const job::RunOptions& options);

}  // namespace kiln::args
