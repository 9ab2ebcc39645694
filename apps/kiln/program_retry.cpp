#include "program_retry.hpp"

#include "args/run_words.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "job/environment.hpp"
#include "job/machine.hpp"
#include "observe/summary.hpp"
#include "program_options.hpp"
#include "store/launch_note.hpp"
#include "store/run_reader.hpp"

#include <fmt/core.h>
#include <unistd.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace kiln::cli {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

bool is_option_of_programs(const std::string& name) {
  const auto specs = args::run_option_specs();
  return std::any_of(specs.begin(), specs.end(), [&](const args::RunOptionSpec& spec) {
    if ((spec.takers & args::kProgram) == 0) return false;
    const std::string names = fmt::format(",{},", spec.names);
    return names.find("," + name + ",") != std::string::npos;
  });
}

Words options_for_program(const std::string& directory, const std::vector<args::GivenOption>& given) {
  Words words;
  for (const args::GivenOption& option : given) {
    if (!is_option_of_programs(option.name)) {
      refuse_for_program(directory, option.name,
                         option.name == "--where" ? "all its failed units are tried again" : "leave it out");
    }
    words.push_back(option.name);
    if (option.value) words.push_back(*option.value);
  }
  return words;
}

std::string shown(const Words& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + observe::shell_word(word);
  return for_message(line, 4096);
}

// The program with what it was told, what it is told now, and --retry.
Words retry_words(const store::LaunchNote& note, const Words& options, const fs::path& run) {
  Words words{note.executable};
  words.insert(words.end(), note.options.begin(), note.options.end());
  words.insert(words.end(), options.begin(), options.end());
  words.insert(words.end(), {"--retry", "--out", run.string()});
  if (note.operands.empty()) return words;
  words.emplace_back("--");
  words.insert(words.end(), note.operands.begin(), note.operands.end());
  return words;
}

store::LaunchNote need_note(const store::RunDirectory& directory) {
  const auto note = store::read_launch_note(directory);
  const std::string by_hand =
      fmt::format("start {} yourself, as it was started, with --retry --out {}", for_message(directory.facts().program),
                  observe::shell_word(fs::absolute(directory.path()).string()));
  if (!note) {
    throw Error(ExitCode::run_directory,
                fmt::format("{} has no launch.json, which says how the program was started (an older kiln began the "
                            "run): {}",
                            for_message(directory.path().native()), by_hand));
  }
  if (!note->exact) {
    throw Error(ExitCode::run_directory,
                fmt::format("the program was started with words that are no UTF-8 text, and launch.json cannot hold "
                            "these: {}",
                            by_hand));
  }
  return *note;
}

// Another executable runs all stages again, and their present results would no longer count.
void check_program(const store::RunReader& run, const store::LaunchNote& note, const Words& words) {
  const std::string& file = note.executable;
  const std::string by_hand = fmt::format("in {}: {}", for_message(note.directory), shown(words));
  if (::access(note.directory.c_str(), X_OK) != 0) {
    throw Error(ExitCode::bad_input,
                fmt::format("the program was started in {}, which cannot be entered: {}. Put it back, or run it "
                            "elsewhere yourself: {}",
                            for_message(note.directory), std::strerror(errno), shown(words)));
  }
  if (::access(file.c_str(), R_OK | X_OK) != 0) {
    throw Error(ExitCode::bad_input, fmt::format("the program {} cannot be run: {}. Build it again, or where it is "
                                                 "elsewhere now, start it yourself {}",
                                                 for_message(file), std::strerror(errno), by_hand));
  }
  if (run.stages() == 0) return;
  const std::string& build = run.stage(StageId(0)).plan->body.build;
  if (build.empty() || job::executable_id(file) == job::executable_part(build)) return;
  throw Error(ExitCode::bad_input,
              fmt::format("{} was built anew since: to another executable none of the results count, and all stages "
                          "would run again, not only the failed units. If that is meant, {}",
                          for_message(file), by_hand));
}

[[noreturn]] void become(const Words& words, const std::string& directory) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  if (::chdir(directory.c_str()) == 0) ::execv(arguments.front(), arguments.data());
  throw Error(ExitCode::bad_input,
              fmt::format("{} could not be started: {}", for_message(words.front()), std::strerror(errno)));
}

void retry(const std::string& directory, const std::vector<args::GivenOption>& given, bool first_rank) {
  const Words options = options_for_program(directory, given);
  store::LaunchNote note;
  Words words;
  {
    const store::RunReader run = store::RunReader::open(directory);
    note = need_note(run.directory());
    words = retry_words(note, options, fs::absolute(directory).lexically_normal());
    check_program(run, note, words);
  }
  if (first_rank) log::info("in {}: {}", for_message(note.directory), shown(words));
  become(words, note.directory);
}

}  // namespace

bool is_program_run(const std::string& directory) {
  try {
    return store::RunDirectory::open(directory).facts().kind == store::kProgramKind;
  } catch (const Error&) {  // who opens it next says what is wrong
    return false;
  }
}

int retry_program(const std::string& directory, const std::vector<args::GivenOption>& given) {
  const bool first_rank = job::read_environment().first_rank();
  try {
    retry(directory, given, first_rank);
  } catch (const Error&) {
    if (first_rank) throw;
  }
  return to_int(ExitCode::ok);  // mpirun would end the first rank before it has said what is wrong
}

}  // namespace kiln::cli
