#include "args/option_parser.hpp"
#include "args/program_options.hpp"
#include "base/text.hpp"

#include <fmt/core.h>
#include <kiln/detail/bytes.hpp>
#include <kiln/error.hpp>
#include <kiln/program.hpp>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <set>
#include <utility>

namespace kiln {
namespace {

constexpr const char* kOwnGroup = "Of this program";
// Behind the footer of every program.
constexpr const char* kReadingResults = R"(
Results: kiln results DIR shows them, during the run as well; kiln export makes
CSV and JSON of them. h5py opens DIR/results.h5 when the run has ended.
)";

[[noreturn]] void usage(const std::string& message) { throw Error(ExitCode::usage, message); }

}  // namespace

struct Program::State {
  struct Option {
    std::vector<std::string> names;  // with their dashes
    std::string typed, value_name, text, shown_default;
    std::vector<std::string> given;  // as typed: the last one counts
    Reader reader;
    bool* flag = nullptr;
    bool only_shown = false;
  };
  struct Argument {
    std::string value_name, text;
    std::string* value = nullptr;
  };

  std::string name, what, footer;
  std::vector<std::unique_ptr<Option>> options;  // their addresses are given to the parser
  std::vector<Argument> arguments;
  std::vector<std::string>* files = nullptr;
  std::string files_name, files_text;

  Option& add(const std::string& names);
  std::string usage_text() const;
  void bind(args::OptionParser& parser) const;
  void take(const std::vector<std::string>& rest);
  void take_options();
  std::uint64_t digest() const;
};

namespace {

// "-t,--top" into its names.
std::vector<std::string> split_names(const std::string& names) {
  std::vector<std::string> found;
  for (std::size_t at = 0; at <= names.size();) {
    const std::size_t end = std::min(names.find(',', at), names.size());
    found.push_back(names.substr(at, end - at));
    at = end + 1;
  }
  return found;
}

std::set<std::string> names_of_kiln() {
  std::set<std::string> taken{"-h", "--help", "--version"};
  for (const args::RunOptionSpec& spec : args::run_option_specs()) {
    if ((spec.takers & args::kProgram) == 0) continue;
    for (const std::string& name : split_names(spec.names)) taken.insert(name);
  }
  return taken;
}

}  // namespace

Program::State::Option& Program::State::add(const std::string& names) {
  const std::set<std::string> of_kiln = names_of_kiln();
  auto option = std::make_unique<Option>();
  option->typed = names;
  option->names = split_names(names);
  for (const std::string& one : option->names) {
    const bool is_short = one.size() == 2 && one[0] == '-' && one[1] != '-';
    const bool is_long = one.size() > 3 && one.starts_with("--") && one.find_first_of("= \t\n") == std::string::npos;
    if (!is_short && !is_long) {
      throw Error(ExitCode::internal,
                  fmt::format("program {}: '{}' names no option: -x, --name, or -x,--name", name, for_message(names)));
    }
    const bool again = std::any_of(options.begin(), options.end(), [&](const auto& other) {
      return std::find(other->names.begin(), other->names.end(), one) != other->names.end();
    });
    if (of_kiln.contains(one) || again) {
      throw Error(ExitCode::internal, fmt::format("program {}: the option {} is {}; choose another name", name, one,
                                                  again ? "there already" : "one of kiln's own"));
    }
  }
  return *options.emplace_back(std::move(option));
}

Program::Program(std::string name, std::string what_it_does) : state_(std::make_unique<State>()) {
  if (name.empty() || name.find_first_of("/\n") != std::string::npos) {
    throw Error(ExitCode::internal, fmt::format("'{}' is no name of a program", for_message(name)));
  }
  state_->name = std::move(name);
  state_->what = std::move(what_it_does);
}
Program::~Program() = default;
Program::Program(Program&& other) noexcept = default;
Program& Program::operator=(Program&& other) noexcept = default;

Program& Program::add_option(const std::string& names, const std::string& value_name, const std::string& text,
                             const std::string& shown_default, Reader reader) {
  State::Option& option = state_->add(names);
  option.value_name = value_name;
  option.text = text;
  option.shown_default = shown_default;
  option.reader = std::move(reader);
  return *this;
}

Program& Program::choice(const std::string& names, std::string& value, const std::vector<std::string>& words,
                         const std::string& text) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
  const auto read = [&value, words](const std::string& word) {
    if (std::find(words.begin(), words.end(), word) == words.end()) return false;
    value = word;
    return true;
  };
  return add_option(names, "WORD", text + ": " + all, value, {read, all});
}

Program& Program::flag(const std::string& names, bool& value, const std::string& text) {
  State::Option& option = state_->add(names);
  option.text = text;
  option.flag = &value;
  return *this;
}

Program& Program::files(std::vector<std::string>& values, const std::string& text, const std::string& value_name) {
  state_->files = &values;
  state_->files_name = value_name;
  state_->files_text = text;
  return *this;
}

Program& Program::argument(const std::string& value_name, std::string& value, const std::string& text) {
  state_->arguments.push_back({value_name, text, &value});
  return *this;
}

Program& Program::only_shown(const std::string& name) {
  for (const auto& option : state_->options) {
    if (std::find(option->names.begin(), option->names.end(), name) == option->names.end()) continue;
    option->only_shown = true;
    return *this;
  }
  throw Error(ExitCode::internal, fmt::format("program {}: there is no option {}", state_->name, for_message(name)));
}

Program& Program::footer(const std::string& text) {
  state_->footer = text;
  return *this;
}

std::string Program::State::usage_text() const {
  std::string line = fmt::format("Usage: {} [options]", name);
  std::string list;
  const auto describe = [&list](const std::string& value_name, const std::string& text, const std::string& now) {
    list += fmt::format("  {:<24}  {}{}\n", value_name, text, now.empty() ? "" : fmt::format(" (default {})", now));
  };
  for (const Argument& argument : arguments) {
    line += argument.value->empty() ? " " + argument.value_name : " [" + argument.value_name + "]";
    describe(argument.value_name, argument.text, *argument.value);
  }
  if (files != nullptr) {
    std::string now;
    for (const std::string& file : *files) now += (now.empty() ? "" : " ") + file;
    line += now.empty() ? " " + files_name + "…" : " [" + files_name + "…]";
    describe(files_name, files_text, now);
  }
  return fmt::format("{}{}{}\n{}{}", what, what.empty() ? "" : "\n\n", line, list.empty() ? "" : "\n", list);
}

void Program::State::bind(args::OptionParser& parser) const {
  for (const auto& option : options) {
    if (option->flag != nullptr) {
      parser.app().add_flag(option->typed, *option->flag, option->text)->group(kOwnGroup);
      continue;
    }
    const std::string& usual = option->shown_default;
    const std::string text = usual.empty() ? option->text : fmt::format("{} (default {})", option->text, usual);
    parser.app()
        .add_option(option->typed, option->given, text)
        ->option_text(option->value_name)
        ->group(kOwnGroup)
        ->allow_extra_args(false);
  }
}

void Program::State::take_options() {
  for (const auto& option : options) {
    if (option->given.empty() || option->reader.read(option->given.back())) continue;
    usage(fmt::format("{} does not take '{}'; accepted: {}", option->names.back(),
                      for_message(option->given.back(), 60), option->reader.accepted));
  }
}

void Program::State::take(const std::vector<std::string>& rest) {
  std::size_t at = 0;
  for (const Argument& argument : arguments) {
    if (at < rest.size()) {
      *argument.value = rest[at++];
    } else if (argument.value->empty()) {
      usage(fmt::format("{} is missing ({}): {} --help", argument.value_name, argument.text, name));
    }
  }
  if (files != nullptr) {
    if (at < rest.size()) files->assign(rest.begin() + static_cast<std::ptrdiff_t>(at), rest.end());
    if (files->empty()) usage(fmt::format("{} is missing ({}): {} --help", files_name, files_text, name));
  } else if (at < rest.size()) {
    usage(fmt::format("'{}' is one word too many: {} --help", for_message(rest[at], 60), name));
  }
}

// What was typed, not what it means: "1" and "1.0" are two, and a run begins anew once too often rather than too
// rarely.
std::uint64_t Program::State::digest() const {
  ByteWriter all;
  for (const auto& option : options) {
    if (option->only_shown) continue;
    all.put_text(option->names.back());
    if (option->flag != nullptr) all.put(static_cast<std::uint8_t>(*option->flag));
    all.put_text(option->given.empty() ? option->shown_default : option->given.back());
  }
  for (const Argument& argument : arguments) all.put_text(*argument.value);
  if (files != nullptr) {
    for (const std::string& file : *files) all.put_text(file);
  }
  return all.size() == 0 ? 0 : checksum(all.view());
}

}  // namespace kiln

namespace kiln::detail {
namespace {

// Not --fresh, which would delete the run; and where that is, is said by who goes on with it.
std::vector<std::string> of_every_launch(const std::vector<args::GivenOption>& given) {
  const std::set<std::string> of_one{"--fresh", "--takeover", "--retry", "-o", "--out"};
  std::vector<std::string> kept;
  for (const args::GivenOption& option : given) {
    if (of_one.contains(option.name)) continue;
    kept.push_back(option.name);
    if (option.value) kept.push_back(*option.value);
  }
  return kept;
}

}  // namespace

ProgramOptions::Parsed ProgramOptions::parse(Program& program, const std::vector<std::string>& arguments) {
  Program::State& state = *program.state_;
  args::RunWords words;
  words.max_failures = args::kAutomatic;
  const std::string above = state.footer.empty() || state.footer.ends_with('\n') ? state.footer : state.footer + "\n";
  args::OptionParser parser(state.name, state.usage_text(), above + kReadingResults);
  state.bind(parser);
  parser.add_run_options(words, args::kProgram);
  Parsed parsed;
  parser.app().add_flag("--version", parsed.version, "versions of kiln and its libraries")->group("Showing");
  const auto rest = parser.parse(arguments, args::Options::anywhere);
  if (!rest) {
    parsed.help = parser.page();
    return parsed;
  }
  if (parsed.version) return parsed;
  parsed.explain = words.explain;
  parsed.run = args::check_run_words(words);
  parsed.run.directory = words.out.empty() ? state.name + ".kiln" : words.out;
  state.take_options();
  state.take(*rest);
  parsed.digest = state.digest();
  parsed.options = of_every_launch(parser.given());
  parsed.operands = *rest;
  return parsed;
}

const std::string& ProgramOptions::name(const Program& program) { return program.state_->name; }

}  // namespace kiln::detail
