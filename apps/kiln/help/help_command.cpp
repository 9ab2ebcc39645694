#include "help/help_command.hpp"

#include "base/did_you_mean.hpp"
#include "base/text.hpp"
#include "help/commands.hpp"
#include "help/completion.hpp"
#include "help/man_page.hpp"
#include "help/topics.hpp"
#include "slurm/slurm_arguments.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <map>

namespace kiln::cli {
namespace {

using Words = std::vector<std::string>;

[[noreturn]] void usage(const std::string& message) { throw Error(ExitCode::usage, message); }

constexpr const char* kHelpHead = R"(Shows what a command does, or a text about a topic.

Usage: kiln help [TOPIC]
)";
constexpr const char* kHelpFooter = R"(Examples:
  kiln help              # all topics
  kiln help run          # the same as kiln run --help
  kiln help exit-codes
)";
constexpr const char* kCompletionHead =
    R"(Prints the completions of a shell: commands, options, values, run directories.

Usage: kiln completion bash
)";
constexpr const char* kCompletionFooter = R"(Example: completions in this shell, and in all later ones
  source <(kiln completion bash)
  echo 'source <(kiln completion bash)' >> ~/.bashrc
)";

ShowText show(HelpPage page) {
  std::string text = args::help_text(page, 80);
  return {std::move(text), std::move(page)};
}

OptionText help_option() { return {{"-h", "--help"}, "", "this text", "Showing"}; }
HelpPage help_page() { return {"kiln help", kHelpHead, {help_option()}, kHelpFooter}; }
HelpPage completion_page() { return {"kiln completion", kCompletionHead, {help_option()}, kCompletionFooter}; }

bool asks_for_help(const Words& words) {
  return std::any_of(words.begin(), words.end(), [](const auto& word) { return word == "--help" || word == "-h"; });
}

// `words`: "run"; "slurm", "run".
HelpPage page_of(Words words) {
  words.emplace_back("--help");
  return std::get<ShowText>(parse_command_line(words)).page.value();
}

std::vector<HelpPage> all_pages() {
  std::vector<HelpPage> pages;
  for (const CommandInfo& command : commands()) {
    pages.push_back(page_of({command.name}));
    if (command.kind != Operand::slurm) continue;
    for (const std::string& word : slurm_words()) pages.push_back(page_of({command.name, word}));
  }
  return pages;
}

// As all_pages(); `kiln slurm run` takes what kiln run takes, too.
std::vector<HelpPage> pages_to_complete() {
  std::vector<HelpPage> pages = all_pages();
  const std::vector<OptionText> of_run = page_of({"run"}).options;
  for (HelpPage& page : pages) {
    if (page.command != "kiln slurm run") continue;
    page.options.insert(page.options.end(), of_run.begin(), of_run.end() - 1);  // help is there already
  }
  return pages;
}

std::vector<std::string> topic_names() {
  std::vector<std::string> names;
  for (const Topic& topic : topics()) names.push_back(topic.name);
  return names;
}

std::string all_topics() {
  std::string text = top_help() + "\nTopics (kiln help TOPIC):\n";
  for (const Topic& topic : topics()) text += fmt::format("  {:<18}{}\n", topic.name, topic.title());
  return text;
}

// What else one might call a topic.
const std::string& topic_called(const std::string& word) {
  static const std::map<std::string, std::string> kOthers{
      {":::", "values"},       {"arguments", "values"},   {"parallel", "values"},  {"{}", "values"},
      {"tasks", "task-files"}, {"exit", "exit-codes"},    {"codes", "exit-codes"}, {"errors", "failures"},
      {"retries", "failures"}, {"timeout", "failures"},   {"stopping", "resume"},  {"h5py", "python"},
      {"pandas", "python"},    {"hdf5", "python"},        {"env", "environment"},  {"variables", "environment"},
      {"sbatch", "cluster"},   {"allocation", "cluster"}, {"directory", "files"},  {"job-arrays", "array"},
      {"arrays", "array"}};
  const auto found = kOthers.find(word);
  return found == kOthers.end() ? word : found->second;
}

ShowText topic(const std::string& word) {
  const std::string& name = topic_called(word);
  const std::vector<std::string> known = command_names();
  if (std::find(known.begin(), known.end(), name) != known.end()) return show(page_of({name}));
  const auto found = std::find_if(topics().begin(), topics().end(), [&](const Topic& one) { return one.name == name; });
  if (found != topics().end()) return {found->text, std::nullopt};
  std::vector<std::string> all = topic_names();
  all.insert(all.end(), known.begin(), known.end());
  usage(
      fmt::format("there is no help on '{}'.{} All topics: kiln help", for_message(name, 60), did_you_mean(name, all)));
}

}  // namespace

ShowText help_command(const Words& words) {
  if (words.empty()) return {all_topics(), std::nullopt};
  const bool of_slurm = words.size() == 2 && words.front() == "slurm";
  if (of_slurm) return std::get<ShowText>(parse_command_line({"slurm", words.back(), "--help"}));
  if (words.size() > 1) usage(fmt::format("one topic at a time: kiln help {}", for_message(words.front(), 60)));
  const std::string& word = words.front();
  if (word == "--man") return {man_page(commands(), all_pages(), topics()), std::nullopt, true};
  if (word == "--markdown") return {options_markdown(all_pages()), std::nullopt, true};
  if (asks_for_help(words)) return show(help_page());
  return topic(word);
}

ShowText completion_command(const Words& words) {
  if (asks_for_help(words)) return show(completion_page());
  if (words.size() != 1 || words.front() != "bash") usage("completions are made for bash: kiln completion bash");
  return {bash_completion(commands(), pages_to_complete(), topic_names()), std::nullopt, true};
}

std::string option_owners(const std::string& name) {
  std::string owners;
  for (const HelpPage& page : all_pages()) {
    const bool has = std::any_of(page.options.begin(), page.options.end(), [&](const OptionText& option) {
      return std::find(option.names.begin(), option.names.end(), name) != option.names.end();
    });
    if (has) owners += (owners.empty() ? "" : ", ") + page.command;
  }
  if (owners.empty()) return "";
  return fmt::format(" {} {} it.", owners, owners.find(',') == std::string::npos ? "has" : "have");
}

}  // namespace kiln::cli
