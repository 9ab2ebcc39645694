#pragma once

#include "job/run_options.hpp"

#include <span>
#include <string>
#include <vector>

namespace kiln::cli {

/// The options of `kiln run` and `kiln retry` as typed, nothing checked. Each holds its default.
struct RunWords {
  std::string out;      // "": from the task file's name
  std::string array;    // "": no array
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
  std::string print = "none";
  std::string grace = "10s";
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
  std::vector<std::string> RunWords::*list = nullptr;  ///< given again: one more
  bool for_retry = true;
};
std::span<const RunOptionSpec> run_option_specs();

inline constexpr std::uint64_t kMostOutput = 64 * 1024 * 1024;
inline constexpr std::uint64_t kMostWorkers = 1'000'000;
inline constexpr std::uint64_t kMostRetries = 1'000'000;

/// Options that stand for themselves: everything but the task file and the directory. Throws kiln::Error (usage).
job::RunOptions check_run_words(const RunWords& words);

/// The options of `kiln run`, with the words behind them: the task file, or a command and its values, or with --array
/// those of the command. Throws kiln::Error (usage).
job::RunOptions run_options(const RunWords& words, const std::vector<std::string>& rest);

/// The options of `kiln retry DIR`. Throws kiln::Error (usage).
job::RunOptions retry_options(const RunWords& words, const std::string& directory);

/// The run directory of a task file, in the working directory: "jobs/tasks.txt" gives "tasks.kiln", "-" "stdin.kiln".
std::string default_directory(const std::string& task_file);

/// The run directory of a command with values, from the name of its program: "gzip -9 {}" gives "gzip.kiln".
std::string default_directory_of_command(const std::string& command);

}  // namespace kiln::cli
