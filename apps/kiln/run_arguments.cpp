#include "run_arguments.hpp"

#include "args/option_values.hpp"
#include "base/condition.hpp"
#include "base/text.hpp"
#include "exec/output_pattern.hpp"
#include "units/argument_words.hpp"
#include "units/array_range.hpp"
#include "units/task_file.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <sstream>

namespace kiln::cli {
namespace {

[[noreturn]] void usage(const std::string& message) { throw Error(ExitCode::usage, message); }

[[noreturn]] void refuse_several(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& one : words) all += (all.empty() ? "" : " ") + one;
  usage(
      fmt::format("one task file is wanted, but there are {} words: {}\n"
                  "  a task file has one command a line; for a single command: echo '{}' | kiln run -\n"
                  "  a command takes its values behind :::, as in: kiln run gzip -9 ::: *.log; those that come from a "
                  "program: ls | kiln run gzip -9 :::: -",
                  words.size(), for_message(all, 80), for_message(all, 80)));
}

bool takes_values(const RunWords& words, const std::vector<std::string>& rest) {
  return !words.arg_files.empty() || std::any_of(rest.begin(), rest.end(), units::is_argument_separator);
}

void refuse_without_values(const RunWords& words) {
  const char* const option = !words.colsep.empty()   ? "--colsep"
                             : !words.header.empty() ? "--header"
                             : words.null            ? "--null"
                                                     : nullptr;
  if (option == nullptr) return;
  usage(fmt::format("{} is for values, but there are none: kiln run {} … COMMAND :::: FILE", option, option));
}

units::ArgumentWords values_of(const RunWords& words, const std::vector<std::string>& rest) {
  units::ArgumentWords values = units::parse_argument_words(rest, words.arg_files);
  if (!words.header.empty() && words.header != ":") {
    usage(fmt::format("--header does not take '{}'; accepted: the colon alone, as in: --header :",
                      for_message(words.header, 60)));
  }
  values.column_separator = words.colsep;
  values.header = !words.header.empty();
  values.nul_ended = words.null;
  return values;
}

void check_task_file(const std::string& file) {
  if (file.empty()) usage("the name of the task file is empty");
  std::error_code ignored;
  if (std::filesystem::is_regular_file(std::filesystem::path(file) / "run.json", ignored)) {
    usage(
        fmt::format("{0} is a run directory, not a task file; to go on with that run, give its task file again; "
                    "its failed units run again with: kiln retry {0}",
                    for_message(file)));
  }
}

// In a retry nobody knows yet what the run is: there the unit stands for it.
void refuse_index(const RunWords& words) {
  if (words.output_files == "none" || !exec::OutputPattern(words.output_files).names_index()) return;
  usage(fmt::format("--output-files '{}': {{index}} is that of --array, which is not given: take {{unit}}",
                    for_message(words.output_files, 200)));
}

job::RunOptions array_options(const RunWords& words, const std::vector<std::string>& rest) {
  if (takes_values(words, rest)) {
    usage("--array gives a command an index each, ::: and -a give it values: choose one of them");
  }
  refuse_without_values(words);
  units::ArrayRange::parse(words.array, "--array");
  if (rest.empty()) usage("--array needs a command behind it: kiln run --array 1-1000 ./job.sh");
  job::RunOptions options = check_run_words(words);
  std::string command;
  for (const std::string& word : rest) command += (command.empty() ? "" : " ") + word;
  if (command.find_first_not_of(" \t\n") == std::string::npos) usage("the command behind --array is blank");
  if (command.size() > units::kLongestCommand) {
    usage(fmt::format("the command has {} bytes, the longest that Linux can start has {}; put it into a script",
                      command.size(), units::kLongestCommand));
  }
  options.directory = words.out.empty() ? default_directory_of_command(command) : words.out;
  options.array = job::ArrayJob{words.array, std::move(command)};
  return options;
}

}  // namespace

job::RunOptions run_options(const RunWords& words, const std::vector<std::string>& rest) {
  if (!words.array.empty()) return array_options(words, rest);
  refuse_index(words);
  if (takes_values(words, rest)) {
    job::RunOptions options = check_run_words(words);
    options.arguments = values_of(words, rest);
    options.directory = words.out.empty() ? default_directory_of_command(options.arguments->command) : words.out;
    return options;
  }
  refuse_without_values(words);
  if (rest.empty()) usage("the task file is missing, one command a line: kiln run tasks.txt (- reads standard input)");
  if (rest.size() > 1) refuse_several(rest);
  job::RunOptions options = check_run_words(words);
  check_task_file(rest.front());
  options.task_file = rest.front();
  options.directory = words.out.empty() ? default_directory(options.task_file) : words.out;
  if (options.directory == options.task_file) {
    usage(fmt::format("the run directory would be the task file {} itself; name another with --out DIR",
                      for_message(options.task_file)));
  }
  return options;
}

job::RunOptions retry_options(const RunWords& words, const std::string& directory) {
  if (directory.empty()) usage("the run directory is missing: kiln retry tasks.kiln");
  job::RunOptions options = check_run_words(words);
  options.directory = directory;
  options.retry = true;
  options.where = words.where;
  if (!words.where.empty()) Condition("--where", words.where);  // names are looked up in the run
  return options;
}

std::string default_directory(const std::string& task_file) {
  if (task_file == "-") return "stdin.kiln";
  return std::filesystem::path(task_file).stem().string() + ".kiln";
}

std::string default_directory_of_command(const std::string& command) {
  std::istringstream words(command);
  std::string word;
  const auto is_assignment = [](const std::string& one) {
    const std::size_t equals = one.find('=');
    return equals != std::string::npos && one.find_first_of("/{'\"") > equals;
  };
  while (words >> word && is_assignment(word)) {
  }
  const std::string name = word.substr(word.rfind('/') + 1);
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-";
  const bool plain = !name.empty() && name.find_first_not_of(kPlain) == std::string::npos && name[0] != '.' &&
                     name[0] != '-' && name.size() <= 200;
  return (plain ? name : "arguments") + ".kiln";
}

}  // namespace kiln::cli
