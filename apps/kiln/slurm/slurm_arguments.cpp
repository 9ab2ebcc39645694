#include "slurm/slurm_arguments.hpp"

#include "args/option_values.hpp"
#include "args/run_words.hpp"
#include "base/caret.hpp"
#include "base/did_you_mean.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "gnu_options.hpp"
#include "parser.hpp"
#include "run_arguments.hpp"
#include "slurm/script.hpp"
#include "slurm/slurm_help.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <kiln/error.hpp>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

namespace kiln::cli {
namespace {

using args::Options;
using Words = std::vector<std::string>;

constexpr const char* kJob = "The job, as sbatch takes it";
constexpr const char* kHow = "The script";

[[noreturn]] void usage(const std::string& message) { throw Error(ExitCode::usage, message); }

// Where the parser puts what nobody reads from there: the options come from given().
struct Sink {
  Words values;
  bool flag = false;
};

void add_sbatch_options(CLI::App& app, Sink& sink) {
  for (const SbatchSpec& spec : sbatch_specs()) {
    CLI::Option* const option = spec.takes == SbatchSpec::Value::none
                                    ? app.add_flag(spec.names, sink.flag, spec.text)
                                    : app.add_option(spec.names, sink.values, spec.text)->option_text(spec.shown);
    option->group(kJob);
    if (spec.takes == SbatchSpec::Value::needed) option->allow_extra_args(false);
    if (spec.takes == SbatchSpec::Value::maybe) option->expected(0, 1);
  }
}

// What only repeats kiln run, or is passed on without a word, is not shown.
HelpPage shown_page(const HelpPage& all) {
  std::set<std::string> hidden;
  const auto hide = [&](const HelpPage& page) {
    for (const OptionText& option : page.options) hidden.insert(option.names.begin(), option.names.end());
  };
  RunWords words;
  Parser run("", "", "");
  run.add_run_options(words, args::kRun);
  hide(run.page());
  HelpPage page = all;
  std::erase_if(page.options, [&](const OptionText& option) {
    return option.text.empty() || hidden.count(option.names.back()) != 0;
  });
  return page;
}

// The words of kiln run among what was typed.
Words run_part(const std::vector<args::GivenOption>& given, const Words& rest) {
  static const std::set<std::string> kOwn{"--submit", "--sbatch", "--prelude", "--chain"};
  Words words;
  for (const args::GivenOption& one : given) {
    if (kOwn.count(one.name) != 0 || !sbatch_options({one}).empty()) continue;
    words.push_back(one.name);
    if (one.value) words.push_back(*one.value);
  }
  if (!rest.empty() && rest.front().starts_with('-')) words.emplace_back("--");
  words.insert(words.end(), rest.begin(), rest.end());
  return words;
}

bool reads_standard_input(const SlurmRunCommand& command, const RunWords& given, const Words& rest) {
  const auto dash = [](const Words& words) { return std::find(words.begin(), words.end(), "-") != words.end(); };
  return command.run.task_file == "-" || dash(given.arg_files) || (command.run.arguments && dash(rest));
}

void check_run(const SlurmRunCommand& command, const RunWords& given, const Words& rest) {
  if (reads_standard_input(command, given, rest)) {
    usage("a job has no standard input when it starts at last: write what stands there into a file, and give that");
  }
  if (command.run.fresh) {
    usage(
        fmt::format("--fresh would delete what the job has done each time it goes on: leave it out, and remove {} "
                    "before",
                    for_message(command.run.directory)));
  }
  if (command.run.dry_run) usage("--dry-run runs nothing, so it needs no job: kiln run --dry-run");
}

std::string trimmed_text(const std::string& text) {
  constexpr std::string_view kMark = "#SBATCH ";
  if (text.find_first_of("\n\r") != std::string::npos) {
    usage(
        fmt::format("--sbatch takes one line, as it stands behind #SBATCH, but was given '{}'", for_message(text, 60)));
  }
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

// What says the -N and --time that were to be had by --units-per-hour.
std::string estimate_line(const Words& words) {
  std::string value = "X";
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--units-per-hour" && i + 1 < words.size()) value = words[i + 1];
    if (words[i].starts_with("--units-per-hour=")) value = words[i].substr(words[i].find('=') + 1);
  }
  return fmt::format(
      "kiln slurm --estimate --units-per-hour {} --units N, with the number of units, says which -N and --time to give",
      for_message(value, 40));
}

Command parse_slurm_run(const Words& words) {
  SlurmRunCommand command;
  RunWords given;
  Sink sink;
  Parser parser("kiln slurm run", slurm_run_usage(), slurm_run_footer());
  CLI::App& app = parser.app();
  add_sbatch_options(app, sink);
  app.add_option("--sbatch", command.texts, "one more line behind #SBATCH, as it is (repeatable)")
      ->option_text("TEXT")
      ->group(kJob)
      ->allow_extra_args(false);
  app.add_flag("--submit", command.submit, "submit the script instead of printing it")->group(kHow);
  app.add_option("--prelude", command.prelude, "lines of a file that the job runs first: module load …")
      ->option_text("FILE")
      ->group(kHow)
      ->take_last();
  app.add_flag("--chain", command.chain, "go on in a new job each, where the site forbids to\nrequeue a job")
      ->group(kHow);
  parser.add_run_options(given, args::kRun);
  std::vector<args::OptionShape> refused{
      {{"--wrap"}, true, false, "what the job runs is made by kiln; lines before that: --prelude FILE"},
      {{"--parsable", "--wait", "--test-only", "-W"}, false, false, "kiln submits the job itself: --submit"}};
  refused.push_back({{"--units-per-hour"}, true, false, estimate_line(words)});
  for (const args::OptionShape& habit : gnu_options()) refused.push_back(habit);
  parser.refuse(std::move(refused));
  const auto rest = parser.parse(words, Options::of_a_run);
  if (!rest) return Parser::shown(shown_page(parser.page()));

  command.typed = words;
  command.run = run_options(given, *rest);
  check_run(command, given, *rest);
  command.options = sbatch_options(parser.given());
  for (const SbatchOption& option : command.options) sbatch_text(option);  // throws for what is none
  for (std::string& text : command.texts) text = trimmed_text(text);
  command.words = run_part(parser.given(), *rest);
  if (const SbatchOption* const time = find(command.options, "--time")) {
    command.time = job::parse_slurm_time("--time", *time->value);
  }
  if (const SbatchOption* const nodes = find(command.options, "--nodes")) command.nodes = parse_nodes(*nodes->value);
  return command;
}

// Of a program's words: as its own options have it.
std::string directory_of_program(const Words& words) {
  if (words.empty()) usage("--program needs the program behind it: kiln slurm again --program ./montecarlo");
  std::string directory = std::filesystem::path(words.front()).filename().string() + ".kiln";
  for (std::size_t i = 1; i < words.size() && words[i] != "--"; ++i) {
    const std::string& word = words[i];
    const bool apart = word == "--out" || word == "-o";
    if (apart && i + 1 < words.size()) directory = words[++i];
    if (word.starts_with("--out=")) directory = word.substr(6);
    if (!apart && word.starts_with("-o") && word.size() > 2) directory = word.substr(2);
  }
  return directory;
}

std::string directory_of_run(const RunWords& given, const Words& rest) {
  std::error_code ignored;
  const bool lone = rest.size() == 1 && given.array.empty();
  if (lone && std::filesystem::is_regular_file(std::filesystem::path(rest.front()) / "run.json", ignored)) {
    return rest.front();
  }
  if (lone && default_directory(rest.front()) == rest.front()) {
    usage(fmt::format("there is no run {}: the directory of a run is wanted, or what stood behind kiln run",
                      for_message(rest.front())));
  }
  return run_options(given, rest).directory;
}

Command parse_slurm_again(const Words& words) {
  RunWords given;
  std::string code, next;
  bool program = false, options = false;
  Parser parser("kiln slurm again", slurm_again_usage(), slurm_again_footer());
  CLI::App& app = parser.app();
  app.add_option("--code", code,
                 "the exit code that the run has ended with (default: as the run\ndirectory has it, else 75)")
      ->option_text("N")
      ->group("What has ended")
      ->take_last();
  app.add_option("--next", next, "only note that job ID goes on in place of this one")
      ->option_text("ID")
      ->group("What has ended")
      ->take_last();
  app.add_flag(
         "--options", options,
         "only print what this job was asked for, options of sbatch, one a\nline, for one that goes on in its place")
      ->group("What has ended");
  app.add_flag("--program", program, "the words are those of a program on the library")->group("What has ended");
  parser.add_run_options(given, args::kRun);
  const bool of_program = std::find(words.begin(), words.end(), "--program") != words.end();
  const auto rest = parser.parse(words, of_program ? Options::before_first_word : Options::of_a_run);
  if (!rest) return Parser::shown(shown_page(parser.page()));
  SlurmAgainCommand command;
  if (!next.empty()) command.next = std::to_string(args::count_value("--next", next, 1, UINT32_MAX));
  if (!code.empty()) command.code = static_cast<int>(args::count_value("--code", code, 0, 255));
  command.options = options;
  if (options) return command;
  if (rest->empty()) usage("the run directory is missing: kiln slurm again tasks.kiln");
  command.directory = program ? directory_of_program(*rest) : directory_of_run(given, *rest);
  return command;
}

Command parse_slurm_watch(const Words& words) {
  RunWords given;
  std::string every, patience;
  bool program = false;
  SlurmWatchCommand command;
  Parser parser("kiln slurm watch", slurm_watch_usage(), slurm_watch_footer());
  CLI::App& app = parser.app();
  constexpr const char* kWatch = "How it watches";
  app.add_flag("--cancel", command.cancel, "cancel the job then; without this it goes back into the\nqueue")
      ->group(kWatch);
  app.add_option("--every", every, "how often each node looks (default 30s)")
      ->option_text("DURATION")
      ->group(kWatch)
      ->take_last();
  app.add_option("--patience", patience, "a node that is not heard for so long is reported (default\n2m)")
      ->option_text("DURATION")
      ->group(kWatch)
      ->take_last();
  app.add_option("--for", command.first, "watch NODE from here: what it starts on other nodes")
      ->option_text("NODE")
      ->group(kWatch)
      ->take_last();
  app.add_flag("--program", program, "the words are those of a program on the library")->group(kWatch);
  parser.add_run_options(given, args::kRun);
  const bool of_program = std::find(words.begin(), words.end(), "--program") != words.end();
  const auto rest = parser.parse(words, of_program ? Options::before_first_word : Options::of_a_run);
  if (!rest) return Parser::shown(shown_page(parser.page()));
  if (!every.empty()) command.every = args::duration_value("--every", every, args::Zero::refused);
  if (!patience.empty()) command.patience = args::duration_value("--patience", patience, args::Zero::refused);
  if (!command.first.empty()) return command;
  if (rest->empty()) usage("the run directory is missing: kiln slurm watch tasks.kiln &");
  command.directory = program ? directory_of_program(*rest) : directory_of_run(given, *rest);
  return command;
}

Command parse_slurm_script(const Words& words) {
  Parser parser("kiln slurm script", slurm_script_usage(), slurm_script_footer());
  const auto rest = parser.parse(words, Options::anywhere);
  if (!rest) return parser.help();
  if (rest->size() != 1) usage(fmt::format("one script is wanted: {}", fmt::join(ready_scripts(), ", ")));
  return ShowText{ready_script(rest->front()), std::nullopt, true};
}

Command parse_slurm_convert(const Words& words) {
  Parser parser("kiln slurm convert", slurm_convert_usage(), slurm_convert_footer());
  const auto rest = parser.parse(words, Options::anywhere);
  if (!rest) return parser.help();
  if (rest->size() != 1 || rest->front().empty()) {
    usage("one script of a job array is wanted: kiln slurm convert old.sbatch > new.sbatch");
  }
  return SlurmConvertCommand{rest->front()};
}

double per_hour_value(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && end == text.data() + text.size() && value > 0 && value <= 1e9) return value;
  usage(fmt::format("--units-per-hour takes a number above 0: 300, 0.5; not '{}'", for_message(text, 60)));
}

// `kiln slurm` without a second word.
Command parse_slurm_estimate(const Words& words) {
  constexpr const char* kSize = "The size of a request";
  constexpr std::uint64_t kMost = 1'000'000'000'000;
  bool estimate = false;
  std::string per_hour, units, cpus, of_unit, nodes, time;
  SlurmEstimateCommand command;
  Parser parser("kiln slurm", slurm_usage(), slurm_footer());
  CLI::App& app = parser.app();
  const auto word = [&](const char* name, std::string& value, const char* shown, const char* text) {
    app.add_option(name, value, text)->option_text(shown)->group(kSize)->take_last();
  };
  app.add_flag("--estimate", estimate, "how many nodes for how long, from a trial run's\nmeasured times")->group(kSize);
  word("--units-per-hour", per_hour, "X", "that one CPU does, instead of what was measured");
  word("--units", units, "N", "to run (default: what the trial run has left)");
  word("--cpus-per-node", cpus, "N", "default: as Slurm says of the partition");
  word("--cpus-per-unit", of_unit, "N", "that each unit gets (default: as in the trial run)");
  word("-N,--nodes", nodes, "N", "how long so many nodes take");
  word("-t,--time", time, "TIME", "how many nodes it takes within one job of that limit\n(default 4:00:00)");
  word("-p,--partition", command.partition, "NAME", "whose nodes (default: the site's)");
  const auto rest = parser.parse(words, Options::anywhere);
  if (!rest) return parser.help();
  if (!estimate) usage("what shall be done? kiln slurm run, again, script, convert, or --estimate; kiln slurm --help");
  if (rest->size() > 1) usage(fmt::format("one trial run is wanted, but there are {} words", rest->size()));
  if (!rest->empty()) command.directory = rest->front();
  if (!per_hour.empty()) command.per_hour = per_hour_value(per_hour);
  if (!units.empty()) command.units = args::count_value("--units", units, 1, kMost);
  if (!cpus.empty()) command.cpus = args::count_value("--cpus-per-node", cpus, 1, 100'000);
  if (!of_unit.empty()) command.cpus_per_unit = args::count_value("--cpus-per-unit", of_unit, 1, 100'000);
  if (!nodes.empty()) command.nodes = args::count_value("--nodes", nodes, 1, 1'000'000);
  if (!time.empty()) command.time = job::parse_slurm_time("--time", time);
  if (command.directory.empty() && (command.per_hour == 0 || !command.units)) {
    usage(
        "a trial run is missing: run some of the units (head -n 50 tasks.txt > few.txt; kiln run few.txt), then kiln "
        "slurm --estimate --units 100000 few.kiln; or say --units-per-hour X --units N");
  }
  return command;
}

}  // namespace

std::uint64_t parse_nodes(const std::string& text) {
  const std::size_t dash = text.find('-');
  const auto least = parse_count(text.substr(0, dash));
  const bool one = dash == std::string::npos;
  const auto most = one ? least : parse_count(text.substr(dash + 1));
  if (least && most && *least > 0 && *most >= *least) return *least;
  if (text.find_first_of("km,:") != std::string::npos &&
      text.find_first_not_of("0123456789km,:-") == std::string::npos) {
    return 0;
  }
  const std::size_t at = text.find_first_not_of("0123456789-");
  throw Error(ExitCode::usage, with_caret("--nodes takes a number of nodes, 4, or the least and the most, 2-8", text,
                                          at == std::string::npos ? 0 : at));
}

std::vector<std::string> slurm_words() { return {"run", "again", "watch", "script", "convert"}; }

Command parse_slurm(const Words& words) {
  if (!words.empty() && !words.front().starts_with('-')) {
    const Words more(words.begin() + 1, words.end());
    if (words.front() == "run") return parse_slurm_run(more);
    if (words.front() == "again") return parse_slurm_again(more);
    if (words.front() == "watch") return parse_slurm_watch(more);
    if (words.front() == "script") return parse_slurm_script(more);
    if (words.front() == "convert") return parse_slurm_convert(more);
    usage(fmt::format("there is no command 'slurm {}'.{} All there are: kiln slurm --help",
                      for_message(words.front(), 60), did_you_mean(words.front(), slurm_words())));
  }
  return parse_slurm_estimate(words);
}

}  // namespace kiln::cli
