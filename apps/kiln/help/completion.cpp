#include "help/completion.hpp"

#include "help/choices.hpp"
#include "slurm/script.hpp"
#include "slurm/slurm_arguments.hpp"

#include <fmt/core.h>
#include <kiln/version.hpp>

#include <algorithm>

namespace kiln::cli {
namespace {

// What the tables below are used by. $cur is the word under the cursor, as typed, without quotes.
constexpr const char* kScript = R"bash(
_kiln_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }

_kiln_paths() { # _kiln_paths -f: files; -d: folders
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}

# Run directories; where there is none, folders, which may hold some.
_kiln_runs() {
  local one runs=()
  _kiln_paths -d
  for one in "${COMPREPLY[@]}"; do
    if [[ $one == *.kiln || -e $one/run.json ]]; then runs+=("$one"); fi
  done
  if [[ ${#runs[@]} -gt 0 ]]; then COMPREPLY=("${runs[@]}"); else compopt -o nospace 2>/dev/null; fi
}

_kiln_complete_value() { # of option $1 of $command
  local value=$(_kiln_value "$command" "$1")
  case $value in
    FILES) _kiln_paths -f ;;
    FOLDERS) _kiln_paths -d ;;
    *) _kiln_words "$value" ;;
  esac
}

_kiln() {
  local cur=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} option= i
  COMPREPLY=()
  cur=${cur//\\/}
  cur=${cur#[\"\']}
  if [[ $COMP_CWORD -eq 1 ]]; then
    _kiln_words "$_kiln_commands --help --version"
    return
  fi
  if [[ $command == slurm && $COMP_CWORD -gt 2 ]]; then command="slurm ${COMP_WORDS[2]}"; fi
  # bash splits --option=value at the sign.
  if [[ $cur == "=" ]]; then
    option=${COMP_WORDS[COMP_CWORD - 1]}
    cur=
  elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == "=" ]]; then
    option=${COMP_WORDS[COMP_CWORD - 2]}
  elif [[ " $(_kiln_valued "$command") " == *" ${COMP_WORDS[COMP_CWORD - 1]} "* ]]; then
    option=${COMP_WORDS[COMP_CWORD - 1]}
  fi
  if [[ -n $option ]]; then
    _kiln_complete_value "$option"
  elif [[ $cur == -* ]]; then
    _kiln_words "$(_kiln_options "$command")"
  else
    _kiln_operand
  fi
}
complete -F _kiln kiln
)bash";

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : " ") + word;
  return all;
}

// The name of the page's command: "run" of "kiln run", "slurm run" of "kiln slurm run".
std::string word_of(const HelpPage& page) { return page.command.substr(page.command.find(' ') + 1); }

// What completes an option's value: words, FILES or FOLDERS; "" for nothing.
std::string value_of(const OptionText& option) {
  const auto& choices = option_choices(option.names.back());
  if (!choices.empty()) return joined(choices);
  if (option.value == "DIR") return "FOLDERS";
  return option.value == "PATH" || option.value == "FILE" || option.value == "F" ? "FILES" : "";
}

// A function whose answer depends on the command.
std::string by_command(const std::string& name, const std::vector<HelpPage>& pages, bool valued_only) {
  std::string out = fmt::format("{}() {{\n  case $1 in\n", name);
  for (const HelpPage& page : pages) {
    std::vector<std::string> names;
    for (const OptionText& option : page.options) {
      if (!valued_only || !option.value.empty()) names.insert(names.end(), option.names.begin(), option.names.end());
    }
    if (!names.empty()) out += fmt::format("    '{}') echo '{}' ;;\n", word_of(page), joined(names));
  }
  return out + "  esac\n}\n";
}

std::string values(const std::vector<HelpPage>& pages) {
  std::string out = "_kiln_value() {\n  case \"$1 $2\" in\n";
  for (const HelpPage& page : pages) {
    for (const OptionText& option : page.options) {
      const std::string value = option.value.empty() ? "" : value_of(option);
      if (value.empty()) continue;
      std::string patterns;
      for (const std::string& name : option.names) {
        patterns += fmt::format("{}'{} {}'", patterns.empty() ? "" : " | ", word_of(page), name);
      }
      out += fmt::format("    {}) echo '{}' ;;\n", patterns, value);
    }
  }
  return out + "  esac\n}\n";
}

std::string operands(std::span<const CommandInfo> commands, const std::vector<std::string>& topics) {
  std::string out = "_kiln_operand() {\n  case $command in\n";
  for (const CommandInfo& command : commands) {
    const char* how = command.kind == Operand::run_directory ? "_kiln_runs"
                      : command.kind == Operand::directory   ? "_kiln_paths -d"
                      : command.kind == Operand::topic       ? "_kiln_words \"$_kiln_commands $_kiln_topics\""
                      : command.kind == Operand::shell       ? "_kiln_words bash"
                      : command.kind == Operand::slurm       ? "_kiln_words \"$_kiln_slurm\""
                                                             : "_kiln_paths -f";
    out += fmt::format("    {}) {} ;;\n", command.name, how);
  }
  out +=
      "    'slurm again') _kiln_runs ;;\n    'slurm script') _kiln_words \"$_kiln_scripts\" ;;\n    slurm*) "
      "_kiln_paths -f ;;\n";
  return out + fmt::format("  esac\n}}\n_kiln_topics='{}'\n", joined(topics));
}

}  // namespace

std::string bash_completion(std::span<const CommandInfo> commands, const std::vector<HelpPage>& pages,
                            const std::vector<std::string>& topics) {
  std::vector<std::string> names;
  for (const CommandInfo& command : commands) names.emplace_back(command.name);
  std::string out = fmt::format("# Completions of kiln {} for bash, made by: kiln completion bash\n\n", KILN_VERSION);
  out += fmt::format("_kiln_commands='{}'\n", joined(names));
  out += fmt::format("_kiln_slurm='{}'\n_kiln_scripts='{}'\n", joined(slurm_words()), joined(ready_scripts()));
  out += by_command("_kiln_options", pages, false) + by_command("_kiln_valued", pages, true);
  return out + values(pages) + operands(commands, topics) + kScript;
}

}  // namespace kiln::cli
