#include "slurm/slurm_run.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "job/cut_off.hpp"
#include "job/launch_id.hpp"
#include "job/long_unit.hpp"
#include "job/mpirun_words.hpp"
#include "job/slurm_again.hpp"
#include "job/slurm_memory.hpp"
#include "job/slurm_programs.hpp"
#include "observe/summary.hpp"
#include "output.hpp"
#include "slurm/estimate.hpp"
#include "slurm/script.hpp"
#include "slurm/site_check.hpp"
#include "slurm/task_check.hpp"
#include "store/small_file.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <filesystem>
#include <sstream>

namespace kiln::cli {
namespace {

constexpr std::uint64_t kUsualLead = 120;

job::TimeLimit time_of(const SlurmRunCommand& command) { return command.time.value_or(kUsualTime); }

std::string shell_words(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + observe::shell_word(word);
  return line;
}

// In a comment of one line.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

// A name that the job uses, where it works in another folder.
std::string seen_from_here(const SlurmRunCommand& command, const std::string& name) {
  const SbatchOption* const folder = find(command.options, "--chdir");
  return folder == nullptr ? name : (std::filesystem::path(*folder->value) / name).lexically_normal().string();
}

std::string run_name(const SlurmRunCommand& command) {
  return std::filesystem::path(command.run.directory).stem().string();
}

std::vector<std::pair<std::string, std::string>> header_of(const SlurmRunCommand& command, std::uint64_t lead) {
  std::vector<std::pair<std::string, std::string>> header{{sbatch_text({"--job-name", run_name(command)}), ""}};
  const bool whole = wants_whole_nodes(command.options);
  if (whole) header.insert(header.end(), {{"--nodes=1", ""}, {"--exclusive", ""}});
  header.insert(header.end(), {{"--time=01:00:00", ""}, {"--output=kiln-%j.log", ""}});
  const auto goes_on = command.chain ? SbatchScript::GoesOn::next_job : SbatchScript::GoesOn::requeue;
  for (auto& line : common_header(goes_on, lead)) header.push_back(std::move(line));
  const auto name_of = [](const std::string& text) { return text.substr(0, text.find('=')); };
  for (const SbatchOption& option : command.options) {
    const bool opposite = option.name == "--no-requeue" || option.name == "--requeue";
    const auto usual = std::find_if(header.begin(), header.end(), [&](const auto& line) {
      const std::string name = name_of(line.first);
      return name == option.name || (opposite && name.ends_with("requeue"));
    });
    if (usual == header.end()) {
      header.emplace_back(sbatch_text(option), "");
    } else {
      usual->first = sbatch_text(option);
    }
  }
  for (const std::string& text : command.texts) header.emplace_back(text, "");
  return header;
}

std::string read_prelude(const std::string& file) {
  if (file.empty()) return "";
  std::optional<std::string> text;
  try {
    text = store::read_small_file(file);
  } catch (const Error& error) {
    throw Error(ExitCode::bad_input, fmt::format("--prelude: {}", error.what()));
  }
  if (!text) throw Error(ExitCode::bad_input, fmt::format("--prelude: there is no file {}", for_message(file)));
  return *text;
}

void need(const SlurmRunCommand& command, const std::string& what, const std::string& why) {
  if (command.submit) throw Error(ExitCode::bad_input, fmt::format("{}: {}", what, why));
  log::warning("{} here", what);
}

void need_task_file(const SlurmRunCommand& command) {
  std::error_code ignored;
  const SbatchOption* const folder = find(command.options, "--chdir");
  if (folder != nullptr && !std::filesystem::is_directory(*folder->value, ignored)) {
    return need(command, fmt::format("there is no folder {} (--chdir)", for_message(*folder->value)),
                "Slurm would run the job in /tmp");
  }
  const std::string& file = command.run.task_file;
  const std::string there = seen_from_here(command, file);
  if (file.empty() || std::filesystem::exists(there, ignored)) return;
  std::string what = fmt::format("there is no task file {}", for_message(there));
  if (there != file && std::filesystem::exists(file, ignored)) {
    what += fmt::format(" (with --chdir names are those that the job sees there; the one here is {})",
                        for_message(std::filesystem::absolute(file, ignored).lexically_normal().string()));
  }
  need(command, what, "the job would end at once");
}

std::string log_name(const SlurmRunCommand& command, const std::string& job) {
  const SbatchOption* const given = find(command.options, "--output");
  std::string name = given == nullptr ? "kiln-%j.log" : *given->value;
  if (const std::size_t at = name.find("%j"); at != std::string::npos) name.replace(at, 2, job);
  return seen_from_here(command, name);
}

// What another program said, in one line.
std::string lines_of(const std::string& text) {
  std::string all;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) all += (all.empty() ? "" : "; ") + line;
  }
  return for_message(all, 600);
}

// For kiln status, until the job has begun.
void note_job(const SlurmRunCommand& command, const std::string& job) {
  if (find(command.options, "--clusters") != nullptr) return;
  job::note_submitted_job(seen_from_here(command, command.run.directory), job);
}

int submit(const SlurmRunCommand& command, const std::string& script, const job::SlurmTools& slurm) {
  const std::string sbatch = slurm.find("sbatch");
  if (sbatch.empty()) {
    throw Error(
        ExitCode::bad_input,
        "--submit: there is no sbatch on the PATH; submit from a login node of the cluster, or print the script "
        "(without --submit) and take it there");
  }
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / fmt::format("kiln-{}.sbatch", job::make_launch_id());
  store::write_new(file, script);
  const job::Answer answer = slurm.ask()({sbatch, "--parsable", file.string()});
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  const std::string number = answer.well ? job_number(answer.text) : "";
  if (number.empty()) {
    throw Error(ExitCode::bad_input, fmt::format("sbatch did not take the job: {}", lines_of(answer.text)));
  }
  note_job(command, number);
  const std::string directory = observe::shell_word(seen_from_here(command, command.run.directory));
  print(
      fmt::format("job {0} is submitted\n"
                  "  results    {1}\n"
                  "  log        {2}\n"
                  "  look       kiln status {1}; squeue -j {0}\n"
                  "  end it     scancel {0}; the same line goes on from there\n",
                  number, directory, log_name(command, number)));
  return to_int(ExitCode::ok);
}

// "" where the job's memory, or how many commands a node runs at a time, is not known.
std::string memory_doubt(const SlurmRunCommand& command, const job::Partition* partition) {
  const auto size = [&](const char* name) {
    const SbatchOption* const option = find(command.options, name);
    return option == nullptr ? 0 : job::parse_slurm_memory(*option->value).value_or(0);
  };
  job::MemoryNeed need;
  need.of_unit = command.run.memory_per_unit;
  need.cpus = cpus_of_a_node(command, partition);
  need.nodes = command.nodes;
  need.at_a_time = need.cpus / std::max(command.run.cpus_per_unit, 1U);
  const std::uint64_t workers = command.run.workers.value_or(0);
  if (workers != 0 && (need.at_a_time == 0 ? command.nodes == 1 : workers < need.at_a_time)) need.at_a_time = workers;
  need.memory = find(command.options, "--mem") != nullptr ? size("--mem") : size("--mem-per-cpu") * need.cpus;
  return job::memory_note(need);
}

// A command that a job cannot bring to its end.
std::vector<std::string> time_doubts(const SlurmRunCommand& command, const job::TimeLimit& limit) {
  if (!limit) return {};
  std::vector<std::string> doubts;
  const std::chrono::seconds lead(lead_seconds(command));
  if (command.run.timeout && *command.run.timeout + lead > *limit) {
    doubts.push_back(
        fmt::format("a command may take {} (--timeout), but a job ends after {}, less {} s to commit: such a "
                    "command would be begun in each job and never end",
                    format_duration(*command.run.timeout), job::format_slurm_time(limit), lead.count()));
  }
  const double left = to_seconds(*limit - lead);
  const auto found = job::find_long_unit(seen_from_here(command, command.run.directory), left, true);
  if (found) doubts.push_back(job::long_unit_warning(*found, left));
  const auto cut_off = job::read_cut_off(seen_from_here(command, command.run.directory));
  // How long it would have taken nobody knows, nor whether twice the time suffices.
  if (!found && cut_off && 2 * cut_off->seconds > left) {
    doubts.push_back(fmt::format("in the last job {}; this one has {} for them", job::cut_off_text(*cut_off),
                                 format_duration(from_seconds(left))));
  }
  return doubts;
}

// A job in which none of the units that were measured comes to its end is no use.
void need_time_for_a_unit(const SlurmRunCommand& command) {
  const job::TimeLimit limit = time_of(command);
  if (!command.submit || !limit) return;
  const Duration time = *limit - std::chrono::seconds(lead_seconds(command)) + command.run.grace;
  const auto least = shortest_unit(seen_from_here(command, command.run.directory));
  if (!least || *least <= to_seconds(time)) return;
  throw Error(ExitCode::usage,
              fmt::format("--time {}: no unit of the run so far took less than {}, and such a job has {} for one: none "
                          "would ever end; ask for more time",
                          job::format_slurm_time(limit), format_duration(from_seconds(*least)), format_duration(time)));
}

}  // namespace

std::uint64_t lead_seconds(const SlurmRunCommand& command) {
  const auto grace = static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(command.run.grace).count());
  std::uint64_t lead = std::max(kUsualLead, 2 * grace + 60);
  if (const job::TimeLimit limit = time_of(command)) {
    lead = std::min(lead, static_cast<std::uint64_t>(limit->count()) / 4);
  }
  return std::max<std::uint64_t>(lead, 1);
}

std::string script_of(const SlurmRunCommand& command, const std::string& program, const std::string& prelude) {
  SbatchScript script;
  script.as_this_job = false;
  script.goes_on = command.chain ? SbatchScript::GoesOn::next_job : SbatchScript::GoesOn::requeue;
  script.intro =
      fmt::format("Made by: {}\nThe results: {}/results.h5\n\nTo submit it: sbatch FILE. {}\n",
                  one_line("kiln slurm run " + shell_words(command.typed)),
                  one_line(observe::shell_word(seen_from_here(command, command.run.directory))),
                  command.chain ? "Each job submits the next one, which begins only when this one did not come "
                                  "to the end."
                                : "At its time limit, and when a node is lost, the job goes back into the "
                                  "queue and continues.");
  script.header = header_of(command, lead_seconds(command));
  script.prelude = prelude;
  script.kiln = observe::shell_word(program);
  const std::string words = shell_words(command.words);
  script.run = "\"$kiln\" run " + words;
  script.again = words;
  return script_text(script);
}

std::vector<std::string> doubts_about(const SlurmRunCommand& command, const job::Partition* partition) {
  const job::TimeLimit limit = time_of(command);
  std::vector<std::string> doubts = time_doubts(command, limit);
  if (const SbatchOption* const time = find(command.options, "--time"); time != nullptr) {
    const std::string& text = *time->value;
    if (std::count(text.begin(), text.end(), ':') == 1 && text.find('-') == std::string::npos) {
      doubts.push_back(fmt::format("--time {} is {} (minutes and seconds); hours are {}:00", text,
                                   job::format_slurm_time(limit), text));
    }
  }
  if (command.run.workers && *command.run.workers < command.nodes) {
    doubts.push_back(fmt::format("-n {} is the number of all workers: on {} nodes some would have none",
                                 *command.run.workers, command.nodes));
  }
  if (partition != nullptr && partition->nodes != 0 && command.run.workers && wants_whole_nodes(command.options)) {
    const std::uint64_t cpus = partition->cpus / partition->nodes * std::max<std::uint64_t>(1, command.nodes);
    if (cpus != 0 && *command.run.workers > cpus) {
      doubts.push_back(fmt::format("-n {} is more than {} node(s) of partition {} have CPUs: about {}",
                                   *command.run.workers, command.nodes, partition->name, cpus));
    }
  }
  if (std::string doubt = memory_doubt(command, partition); !doubt.empty()) doubts.push_back(std::move(doubt));
  if (find(command.options, "--no-requeue") != nullptr && !command.chain) {
    doubts.emplace_back(
        "with --no-requeue the job does not go on by itself at its time limit: --chain submits a next one");
  }
  if (const SbatchOption* const signal = find(command.options, "--signal");
      signal != nullptr && !signal->value->starts_with("B:USR1@") && !signal->value->starts_with("B:SIGUSR1@")) {
    doubts.push_back(
        fmt::format("--signal={}: the script waits for B:USR1@SECONDS, and would not hear of its time limit",
                    for_message(*signal->value, 60)));
  }
  return doubts;
}

std::string job_number(const std::string& said) {
  std::string number;
  std::istringstream lines(said);
  for (std::string line; std::getline(lines, line);) {
    const std::string first = line.substr(0, line.find(';'));
    if (parse_count(first)) number = first;
  }
  return number;
}

int make_job(const SlurmRunCommand& given) {
  SlurmRunCommand command = given;
  const std::string prelude = read_prelude(command.prelude);
  const job::SlurmTools slurm;
  const std::vector<job::Partition> partition = check_site(command, slurm);
  const std::string script = script_of(command, job::own_program(), prelude);
  for (const std::string& doubt : doubts_about(command, partition.empty() ? nullptr : &partition.front())) {
    log::warning("{}", doubt);
  }
  need_task_file(command);
  need_time_for_a_unit(command);
  check_tasks(command, partition.empty() ? nullptr : &partition.front());
  if (command.submit) return submit(command, script, slurm);
  print(script);
  return to_int(ExitCode::ok);
}

}  // namespace kiln::cli
