#include "job/task_input.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "job/task_stages.hpp"
#include "store/source_copy.hpp"
#include "units/argument_expansion.hpp"
#include "units/array_source.hpp"
#include "units/input_file.hpp"

#include <fmt/core.h>

#include <array>
#include <filesystem>
#include <kiln/error.hpp>
#include <utility>

namespace kiln::job {
namespace {

void write_list(const units::ArgumentWords& words, const units::ByteSink& out) {
  const units::ArgumentExpansion expansion(words, units::read_file);
  units::CommandListWriter list(out, words.command);
  expansion.for_each([&list](std::string_view command) { list.add(command); });
}

std::string described(std::string_view origin) {
  return origin.empty() ? "a task file" : fmt::format("the command '{}'", for_message(origin, 80));
}

// Who pipes values into a program by habit has named a program where a task file is wanted.
units::TaskFile read_tasks(const std::string& file) {
  std::error_code unknown;
  if (file != "-" && !std::filesystem::exists(file, unknown) && !unknown) {
    throw Error(ExitCode::bad_input,
                fmt::format("cannot read {0}: No such file or directory; a task file is wanted here. "
                            "If it is a command, give it values: kiln run {0} ::: VALUES; from "
                            "standard input: kiln run {0} :::: -",
                            for_message(file, 60)));
  }
  return units::parse_source(units::read_file(file), file);
}

// A word that is a colon alone would end the command for mpirun: said otherwise, it means the same to us.
std::vector<std::string> without_colons(std::vector<std::string> words) {
  std::vector<std::string> safe;
  for (std::string& word : words) {
    if (word != ":") {
      safe.push_back(std::move(word));
    } else if (!safe.empty() && safe.back().size() > 1 && safe.back() != "--" && safe.back()[0] == '-') {
      safe.back() += safe.back()[1] == '-' ? "=:" : ":";
    } else {
      safe.emplace_back("./:");
    }
  }
  return safe;
}

}  // namespace

std::optional<Spool> spool_input(const RunOptions& options, const Environment& environment) {
  if (options.retry || (!options.arguments && options.task_file != "-")) return std::nullopt;
  Spool spool(environment.temporary_directory);
  if (options.arguments) {
    write_list(*options.arguments, [&spool](std::string_view text) { spool.write(text); });
  } else {
    units::InputFile input("-");
    std::array<std::byte, 65536> buffer{};
    while (const std::size_t got = input.read(buffer)) spool.write(as_text(ByteView(buffer).first(got)));
  }
  spool.finish();
  return spool;
}

std::vector<std::string> rank_arguments(const RunOptions& options, const std::vector<std::string>& arguments) {
  if (options.command_words == 0 || options.command_words > arguments.size()) return without_colons(arguments);
  const auto first = arguments.end() - static_cast<std::ptrdiff_t>(options.command_words);
  std::vector<std::string> words(arguments.begin(), first);
  const bool task_file = !options.arguments && !options.array;
  if (task_file) words.insert(words.end(), first + 1, arguments.end());
  words = without_colons(std::move(words));
  if (options.array) {
    words.push_back(options.array->command == ":" ? ": " : options.array->command);
    return words;
  }
  if (task_file) {
    words.push_back(*first == ":" ? "./:" : *first);
    return words;
  }
  words.push_back(options.arguments->command == ":" ? ": " : options.arguments->command);
  words.insert(words.end(), {"::::", "-"});
  return words;
}

units::TaskFile load_tasks(const RunOptions& options, const Environment& environment) {
  if (options.array) {
    return units::parse_source(units::make_array_source(options.array->range, options.array->command), "the array");
  }
  if (!options.arguments) return read_tasks(options.task_file);
  if (environment.launched()) return units::parse_source(units::read_file("-"), "the list of commands");
  Bytes list;
  write_list(*options.arguments, [&list](std::string_view text) {
    const ByteView bytes = as_bytes(text);
    list.insert(list.end(), bytes.begin(), bytes.end());
  });
  return units::parse_source(std::move(list), "the list of commands");
}

void refuse_another_command(const std::string& directory, const units::TaskFile& tasks) {
  const auto beginning = store::newest_source_beginning(directory);
  if (!beginning) return;
  const std::string before = units::source_origin(*beginning);
  if (before == tasks.origin) return;
  throw Error(
      ExitCode::run_directory,
      fmt::format("run directory {} belongs to {}, this is {}. Name another directory with --out, or begin anew "
                  "with --fresh, which deletes that run's results",
                  directory, described(before), described(tasks.origin)));
}

void print_commands(const RunOptions& options, const units::ByteSink& out) {
  const auto print = [&out](std::string_view command) {
    out(command);
    out("\n");
  };
  if (options.arguments) {
    units::ArgumentExpansion(*options.arguments, units::read_file).for_each(print);
    return;
  }
  const units::TaskFile tasks = load_tasks(options, Environment());
  for (const std::string& line : stage_plan(tasks)) log::info("{}", line);
  std::size_t next_stage = 0;
  for (std::uint64_t place = 0; place < tasks.size(); ++place) {
    if (next_stage < tasks.stages.size() && tasks.stages[next_stage].first == place) {
      const std::string directive = stage_directive(tasks, next_stage++);
      if (!directive.empty()) print(directive);
    }
    const units::UnitFields fields = tasks.fields(place);
    if (fields.array_index) out(fmt::format("export SLURM_ARRAY_TASK_ID={}; ", *fields.array_index));
    if (fields.repeat) out(fmt::format("export DISBATCH_REPEAT_INDEX={}; ", *fields.repeat));
    print(tasks.command(place));
  }
}

}  // namespace kiln::job
