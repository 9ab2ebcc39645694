#include "slurm/convert.hpp"

#include "args/option_scan.hpp"
#include "base/log.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "job/mpirun_words.hpp"
#include "job/slurm_time.hpp"
#include "observe/summary.hpp"
#include "output.hpp"
#include "slurm/array_needs.hpp"
#include "slurm/output_names.hpp"
#include "slurm/sbatch_options.hpp"
#include "slurm/script.hpp"
#include "store/small_file.hpp"
#include "units/array_range.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <map>
#include <sstream>
#include <utility>

namespace kiln::cli {
namespace {

constexpr std::uint64_t kLead = 120;
constexpr std::chrono::seconds kUsualTime = std::chrono::hours(4);
constexpr std::chrono::seconds kMargin = std::chrono::minutes(10);  // for the signal, the grace and the commit

[[noreturn]] void refuse(const std::string& message) { throw Error(ExitCode::bad_input, message); }

// sbatch's short options that mean something else to kiln run, or nothing.
const std::map<std::string, std::string>& more_short_names() {
  static const std::map<std::string, std::string> kNames{{"-a", "--array"},      {"-n", "--ntasks"}, {"-o", "--output"},
                                                         {"-C", "--constraint"}, {"-q", "--qos"},    {"-i", "--input"},
                                                         {"-k", "--no-kill"}};
  return kNames;
}

std::vector<args::OptionShape> shapes() {
  std::vector<args::OptionShape> all{
      {{"--array"}, true, false, ""},
      {{"--parsable", "--wait", "-W", "-v", "--verbose", "-Q", "--quiet"}, false, false, ""}};
  for (const SbatchSpec& spec : sbatch_specs()) {
    args::OptionShape shape;
    std::istringstream names(spec.names);
    for (std::string name; std::getline(names, name, ',');) shape.names.push_back(name);
    shape.takes_value = spec.takes == SbatchSpec::Value::needed;
    shape.takes_count = spec.takes == SbatchSpec::Value::maybe;
    all.push_back(std::move(shape));
  }
  for (const auto& [name, long_name] : more_short_names()) {
    for (args::OptionShape& shape : all) {
      if (std::find(shape.names.begin(), shape.names.end(), long_name) != shape.names.end())
        shape.names.push_back(name);
    }
  }
  return all;
}

// The options of one line, under their long names.
void take_options(const std::vector<std::string>& words, std::vector<SbatchOption>& options) {
  static const std::vector<args::OptionShape> kShapes = shapes();
  const auto found = args::scan_words(words, kShapes, args::Options::anywhere, "sbatch", {});
  if (!found.rest.empty())
    throw Error(ExitCode::usage, fmt::format("'{}' is no option", for_message(found.rest.front(), 60)));
  for (std::size_t i = 0; i < found.options.size(); ++i) {
    const auto shape = std::find_if(kShapes.begin(), kShapes.end(), [&](const args::OptionShape& one) {
      return std::find(one.names.begin(), one.names.end(), found.options[i]) != one.names.end();
    });
    if (shape == kShapes.end()) {
      options.back().value = found.options[i];
      continue;
    }
    const auto long_one = std::find_if(shape->names.begin(), shape->names.end(),
                                       [](const std::string& name) { return name.starts_with("--"); });
    options.push_back({*long_one, std::nullopt});
    if (shape->takes_value) options.back().value = found.options[++i];
  }
}

struct OldScript {
  std::vector<SbatchOption> options;
  std::vector<std::string> unknown;  // what stood behind #SBATCH
  std::vector<std::string> notes;
};

bool is_known(const std::string& word) {
  const std::string name = word.starts_with("--") ? word.substr(0, word.find('=')) : word.substr(0, 2);
  const std::vector<args::OptionShape> all = shapes();
  return std::any_of(all.begin(), all.end(), [&](const args::OptionShape& one) {
    return std::find(one.names.begin(), one.names.end(), name) != one.names.end();
  });
}

// One line; options that only sbatch knows stay as they are, with the words behind them.
void take_line(const std::vector<std::string>& words, OldScript& old, const std::string& where) {
  std::vector<std::string> known;
  bool behind_unknown = false;
  for (const std::string& word : words) {
    const bool option = word.size() > 1 && word.front() == '-';
    if (option) behind_unknown = !is_known(word);
    if (!behind_unknown) {
      known.push_back(word);
    } else if (option) {
      const std::size_t equal = word.find('=');
      old.unknown.push_back(equal == std::string::npos ? word
                                                       : sbatch_text({word.substr(0, equal), word.substr(equal + 1)}));
      old.notes.push_back(fmt::format("{}: kiln does not know {}: taken over as it is, and sbatch says whether it does",
                                      where, for_message(word, 60)));
    } else {
      old.unknown.back() += " " + observe::shell_word(word);
    }
  }
  take_options(known, old.options);
}

OldScript read_script(const std::string& name, std::string_view text) {
  OldScript old;
  std::istringstream lines{std::string(text)};
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == std::string::npos) continue;
    if (line.starts_with("#SBATCH ") || line.starts_with("#SBATCH\t")) {
      const std::string where = fmt::format("{}:{}", for_message(name), number);
      try {
        take_line(sbatch_line_words(std::string_view(line).substr(8)), old, where);
      } catch (const Error& error) {
        refuse(fmt::format("{}: {}", where, error.what()));
      }
    }
    if (line[first] != '#') break;  // as sbatch does
  }
  return old;
}

// What the kernel starts for a script: its #! line has a program, and all behind that is one argument.
std::vector<std::string> starter_of(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  if (!text.starts_with("#!")) return {"bash"};
  std::string_view line = text.substr(2, text.find('\n') - 2);
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  line = line.substr(0, line.find_last_not_of(kBlank) + 1);
  if (line.empty()) return {"bash"};
  const std::size_t end = line.find_first_of(kBlank);
  std::vector<std::string> words{std::string(line.substr(0, end))};
  if (end != std::string_view::npos) words.emplace_back(line.substr(line.find_first_not_of(kBlank, end)));
  return words;
}

// For a shell that hands it to kiln, which joins the words of a command by blanks for another one.
std::string command_text(const std::vector<std::string>& words) {
  std::string plain, quoted;
  for (const std::string& word : words) {
    plain += (plain.empty() ? "" : " ") + word;
    quoted += (quoted.empty() ? "" : " ") + observe::shell_word(word);
  }
  return plain == quoted ? plain : observe::shell_word(quoted);
}

// What is made of one option: words for kiln run, a line of the header, a note.
class Conversion {
 public:
  Conversion(const std::string& name, const ArrayNeeds& needs)
      : words(needs.words), notes(needs.notes), name_(name), limits_workers_(needs.limits_workers) {
    for (const SbatchOption& option : needs.job) header.emplace_back(sbatch_text(option), "");
  }

  void take(const SbatchOption& option) {
    const std::string value = option.value.value_or("");
    if (option.name == "--array") return take_array(value);
    if (option.name == "--time") return take_time(option);
    if (option.name == "--chdir") directory = value;
    constexpr std::array kOfTasks{"--output", "--error", "--input"};
    if (is_one_of(kOfTasks, option.name)) {
      if (option.name == "--input") note(option, "the tasks have an empty standard input");
      return;
    }
    if (says_need(option.name)) return;
    constexpr std::array kOwn{"--requeue", "--no-requeue", "--no-kill", "--open-mode", "--signal", "--parsable"};
    if (is_one_of(kOwn, option.name)) return;
    header.emplace_back(sbatch_text(option), "");
  }

  std::vector<std::string> words;  // of kiln run
  std::string range;               // of the array; "": there is none
  std::chrono::seconds time = kUsualTime;
  std::string directory;  // of the job; "": where it is submitted
  std::vector<std::pair<std::string, std::string>> header;
  std::vector<std::string> notes;

 private:
  template <std::size_t N>
  static bool is_one_of(const std::array<const char*, N>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  void note(const SbatchOption& option, const std::string& text) {
    notes.push_back(fmt::format("{}: {}", sbatch_text(option), text));
  }

  void take_array(const std::string& value) {
    const std::size_t percent = value.find('%');
    range = value.substr(0, percent);
    try {
      units::ArrayRange::parse(range, "--array");
    } catch (const Error& error) {
      refuse(fmt::format("{}: {}", for_message(name_), error.what()));
    }
    if (percent == std::string::npos) return;
    const auto most = parse_count(value.substr(percent + 1));
    if (!most || *most == 0)
      refuse(fmt::format("{}: --array={}: % takes a number", for_message(name_), for_message(value, 60)));
    if (limits_workers_) {  // more workers than fit would be refused
      return notes.push_back(fmt::format(
          "--array=…%{0}: as many tasks run at a time as have what they need; where these are more than {0}, and "
          "too many: -n {0} behind run",
          *most));
    }
    words.insert(words.end(), {"-n", std::to_string(*most)});
  }

  void take_time(const SbatchOption& option) {
    try {
      const job::TimeLimit limit = job::parse_slurm_time("--time", *option.value);
      if (!limit) return note(option, "each task must end within one job, however long it takes: choose its --time so");
      words.insert(words.end(), {"--timeout", fmt::format("{}s", limit->count())});
      if (*limit + kMargin <= time) return;
      time = *limit + kMargin;
      note(option,
           fmt::format("the job gets {}, so that a task which takes all of that ends within one. Where the partition "
                       "allows less, give --time that, and --timeout 10 minutes less",
                       job::format_slurm_time(time)));
    } catch (const Error& error) {
      refuse(fmt::format("{}: {}", for_message(name_), error.what()));
    }
  }

  std::string name_;
  bool limits_workers_;
};

}  // namespace

std::vector<std::string> sbatch_line_words(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool inside = false;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote == 0 && c == '#') break;
    if (quote == 0 && (c == ' ' || c == '\t' || c == '\r')) {
      if (inside) words.push_back(std::exchange(word, ""));
      inside = false;
      continue;
    }
    inside = true;
    if (c == '\\' && i + 1 < line.size()) {
      word += line[++i];
    } else if (quote == c) {
      quote = 0;
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else {
      word += c;
    }
  }
  if (inside) words.push_back(word);
  return words;
}

SrunLines srun_lines(std::string_view text) {
  SrunLines found;
  std::istringstream lines{std::string(text)};
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == std::string::npos || line[first] == '#') continue;
    const bool overlap = line.find("--overlap") != std::string::npos;
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      const bool by_path = word.ends_with("/srun");
      if (word != "srun" && !by_path) continue;
      if (!by_path) found.by_name.push_back(number);
      if (by_path && !overlap) found.by_path.push_back(number);
      break;
    }
  }
  return found;
}

namespace {

void note_srun(const ArrayNeeds& needs, std::string_view text, std::vector<std::string>& notes) {
  if (needs.several_nodes) return;
  const SrunLines lines = srun_lines(text);
  for (const std::size_t line : lines.by_name) {
    notes.push_back(
        fmt::format("line {}: srun starts {} on the node of the task, and on its CPUs, as a step of the job{}", line,
                    needs.processes == 1 ? "one process" : fmt::format("{} processes", needs.processes),
                    needs.processes == 1 ? ": the word can be left out, which saves some tenths of a second" : ""));
  }
  for (const std::size_t line : lines.by_path) {
    notes.push_back(fmt::format(
        "line {}: srun by its path waits for CPUs that kiln's workers have: write the word srun alone", line));
  }
}

}  // namespace

Converted convert_array(const std::string& name, std::string_view text, const std::string& program) {
  const OldScript old = read_script(name, text);
  std::vector<SbatchOption> last;  // of the same name the last one counts
  for (const SbatchOption& option : old.options) {
    std::erase_if(last, [&](const SbatchOption& one) { return one.name == option.name; });
    last.push_back(option);
  }
  const ArrayNeeds needs = array_needs(last, name);
  Conversion made(name, needs);
  for (const SbatchOption& option : last) made.take(option);
  for (const std::string& line : old.unknown) made.header.emplace_back(line, "");
  made.notes.insert(made.notes.end(), old.notes.begin(), old.notes.end());
  const std::string stem = std::filesystem::path(name).stem().string();
  OutputNames files = output_names(last, stem);
  made.words.insert(made.words.end(), files.words.begin(), files.words.end());
  made.notes.insert(made.notes.end(), files.notes.begin(), files.notes.end());
  if (made.range.empty()) {
    refuse(fmt::format(
        "{} has no #SBATCH --array: a script of a single job needs nothing new; what it runs many times goes "
        "into a task file: kiln slurm run tasks.txt",
        for_message(name)));
  }
  note_srun(needs, text, made.notes);
  const std::string time = made.time == kUsualTime ? "04:00:00" : job::format_slurm_time(made.time);
  made.notes.push_back(
      fmt::format("--time={} is of the whole job, and yours to choose, as is --nodes; the job goes on in a next "
                  "one until all tasks are done",
                  time));

  std::vector<std::string> command = needs.variables;
  if (!command.empty()) command.insert(command.begin(), "env");
  for (std::string& word : starter_of(text)) command.push_back(std::move(word));
  command.push_back(name);
  if (!made.directory.empty()) {
    command.back() = std::filesystem::absolute(name).lexically_normal();
    made.notes.push_back(fmt::format("--chdir={0}: the job works there, and its results are there: {0}/{1}",
                                     for_message(made.directory), for_message(stem + ".kiln")));
  }

  SbatchScript script;
  script.intro = fmt::format("Runs the job array of {} in one job. Made by kiln slurm convert.\n", for_message(name));
  script.intro += "\nWhat is otherwise than in the old one, and to be looked at:\n";
  for (const std::string& note : made.notes) script.intro += "- " + note + "\n";
  const bool named = std::any_of(made.header.begin(), made.header.end(),
                                 [](const auto& line) { return line.first.starts_with("--job-name="); });
  if (!named) script.header.emplace_back(sbatch_text({"--job-name", stem}), "");
  script.header.insert(script.header.end(),
                       {{"--nodes=1", ""}, {"--exclusive", ""}, {"--time=" + time, ""}, {"--output=kiln-%j.log", ""}});
  for (auto& line : common_header(script.goes_on, kLead)) script.header.push_back(std::move(line));
  for (auto& line : made.header) script.header.push_back(std::move(line));
  script.kiln = observe::shell_word(program);
  std::string words;
  for (const std::string& word : made.words) words += observe::shell_word(word) + " ";
  words = fmt::format("--out {} {}--array {} {}", observe::shell_word(stem + ".kiln"), words,
                      observe::shell_word(made.range), command_text(command));
  script.run = "\"$kiln\" run " + words;
  script.again = words;
  return {script_text(script), std::move(made.notes)};
}

int show_converted(const std::string& file) {
  std::optional<std::string> text;
  try {
    text = store::read_small_file(file);
  } catch (const Error& error) {
    refuse(error.what());
  }
  if (!text) refuse(fmt::format("there is no file {}", for_message(file)));
  const Converted converted = convert_array(file, *text, job::own_program());
  print(converted.script);
  for (const std::string& note : converted.notes) log::warning("{}", note);
  return to_int(ExitCode::ok);
}

}  // namespace kiln::cli
