#pragma once

#include "job/run_options.hpp"

#include <span>
#include <string>
#include <vector>

namespace kiln::cli {

/// The options of `kiln run` and `kiln retry` as typed, nothing checked. Each holds its default.
struct RunWords {
  std::string out;      // "": from the task file's name
  std::string workers;  // "": one a core
  std::string retries = "0";
  std::string backoff = "1s";
  std::string timeout = "none";
  std::string max_failures = "none";
  std::string batch = "adaptive";
  std::string checkpoint_every = "auto";
  std::string keep_output = "all";
  std::string output_limit = "64KiB";
  std::string output_files = "none";
  std::string grace = "10s";
  std::string task_signal = "none";
  std::string shell = "auto";
  std::string seed = "0";
  std::string progress = "auto";
  bool fresh = false;
  bool takeover = false;
  bool coordinator_works = false;
  bool fast_network = false;
  int verbose = 0;
  int quiet = 0;
};

/// One option: how it is typed, where its value goes, what help says of it.
struct RunOptionSpec {
  const char* names;  ///< "-n,--workers"
  const char* value;  ///< what stands for the value in help; "" for a flag
  const char* text;
  const char* group;
  std::string RunWords::*word = nullptr;
  bool RunWords::*flag = nullptr;
  int RunWords::*count = nullptr;
  bool for_retry = true;
};
std::span<const RunOptionSpec> run_option_specs();

inline constexpr std::uint64_t kMostOutput = 64 * 1024 * 1024;
inline constexpr std::uint64_t kMostWorkers = 1'000'000;
inline constexpr std::uint64_t kMostRetries = 1'000'000;

/// Options that stand for themselves: everything but the task file and the directory. Throws kiln::Error (usage).
job::RunOptions check_run_words(const RunWords& words);

/// The options of `kiln run`, with the words behind them: exactly one, the task file. Throws kiln::Error (usage).
job::RunOptions run_options(const RunWords& words, const std::vector<std::string>& rest);

/// The options of `kiln retry DIR`. Throws kiln::Error (usage).
job::RunOptions retry_options(const RunWords& words, const std::string& directory);

/// The run directory of a task file, in the working directory: "jobs/tasks.txt" gives "tasks.kiln", "-" "stdin.kiln".
std::string default_directory(const std::string& task_file);

}  // namespace kiln::cli
