#include "args/option_scan.hpp"

#include "base/did_you_mean.hpp"
#include "base/text.hpp"
#include "units/argument_words.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace kiln::args {
namespace {

[[noreturn]] void usage(const std::string& message) { throw Error(ExitCode::usage, message); }

bool is_count(const std::string& word) {
  return !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
}

class Scan {
 public:
  Scan(const std::vector<std::string>& words, const std::vector<OptionShape>& known, const std::string& command,
       const OptionHint& hint)
      : words_(words), known_(known), command_(command), hint_(hint) {}

  ScannedWords run(Options where) {
    while (at_ < words_.size()) {
      const std::string& word = words_[at_];
      if (word == "--") {
        ++at_;
        break;
      }
      if (word.size() >= 2 && word[0] == '-') {
        take_option(word);
      } else if (where == Options::before_first_word) {
        break;
      } else {
        note_first();
        found_.rest.push_back(words_[at_++]);
      }
    }
    note_first();
    found_.rest.insert(found_.rest.end(), words_.begin() + static_cast<std::ptrdiff_t>(at_), words_.end());
    return std::move(found_);
  }

 private:
  void note_first() {
    if (found_.rest.empty()) found_.from_first = words_.size() - at_;
  }

  const OptionShape* find(const std::string& name) const {
    const auto found = std::find_if(known_.begin(), known_.end(), [&](const OptionShape& shape) {
      return std::find(shape.names.begin(), shape.names.end(), name) != shape.names.end();
    });
    return found == known_.end() ? nullptr : &*found;
  }

  const OptionShape& need(const std::string& name) const {
    if (const OptionShape* const shape = find(name)) {
      if (!shape->refusal.empty()) usage(fmt::format("there is no option {} here: {}", name, shape->refusal));
      return *shape;
    }
    std::vector<std::string> names;
    for (const OptionShape& shape : known_) {
      if (!shape.refusal.empty()) continue;
      std::copy_if(shape.names.begin(), shape.names.end(), std::back_inserter(names),
                   [](const std::string& one) { return one.starts_with("--"); });
    }
    std::string hint = hint_ && name.starts_with("--") ? hint_(name) : "";
    if (hint.empty() && name.starts_with("--")) hint = did_you_mean(name, names);
    usage(fmt::format("there is no option {}.{} All there are: {} --help", for_message(name, 60), hint, command_));
  }

  void take_option(const std::string& word) {
    if (word.starts_with("--")) {
      take_long(word);
    } else {
      take_short(word);
    }
  }

  void take_value(const std::string& name) {
    if (at_ == words_.size()) usage(fmt::format("{} needs a value: {} --help shows which", name, command_));
    put_value(name, words_[at_++]);
  }

  // No option means anything by an empty value: most likely a variable of the caller's was not set.
  void put_value(const std::string& name, std::string value) {
    if (value.empty())
      usage(fmt::format("{} was given an empty value: {} --help shows which it takes", name, command_));
    found_.options.push_back(std::move(value));
  }

  // "--name", "--name value", "--name=value"
  void take_long(const std::string& word) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const OptionShape& shape = need(name);
    ++at_;
    found_.options.push_back(name);
    if (equals == std::string::npos) {
      if (shape.takes_value) take_value(name);
      if (shape.takes_count && at_ < words_.size() && is_count(words_[at_])) take_value(name);
    } else if (shape.takes_value || shape.takes_count) {
      put_value(name, word.substr(equals + 1));
    } else {
      usage(fmt::format("{} takes no value, but was given '{}'", name, for_message(word.substr(equals + 1), 60)));
    }
  }

  // "-v", "-vv", "-n 4", "-n4", "-vn4"
  void take_short(const std::string& word) {
    ++at_;
    for (std::size_t i = 1; i < word.size(); ++i) {
      const std::string name = {'-', word[i]};
      const OptionShape& shape = need(name);
      found_.options.push_back(name);
      if (!shape.takes_value) continue;
      if (i + 1 == word.size()) {
        take_value(name);
      } else {
        put_value(name, word.substr(i + 1));
      }
      return;
    }
  }

  const std::vector<std::string>& words_;
  const std::vector<OptionShape>& known_;
  const std::string& command_;
  const OptionHint& hint_;
  std::size_t at_ = 0;
  ScannedWords found_;
};

// `first`: the scan up to the first word. That is a task file where nothing says that it is a command.
bool may_be_task_file(const ScannedWords& first) {
  constexpr std::array kTakeCommand{"-a", "--arg-file", "--array"};
  const auto takes_command = [&](const std::string& option) {
    return std::find(kTakeCommand.begin(), kTakeCommand.end(), option) != kTakeCommand.end();
  };
  return first.rest.size() > 1 && first.rest[1].size() > 1 && first.rest[1][0] == '-' &&
         std::none_of(first.options.begin(), first.options.end(), takes_command) &&
         std::none_of(first.rest.begin(), first.rest.end(), units::is_argument_separator);
}

ScannedWords scan_run(const std::vector<std::string>& words, const std::vector<OptionShape>& known,
                      const std::string& command, const OptionHint& hint) {
  ScannedWords first = Scan(words, known, command, hint).run(Options::before_first_word);
  if (!may_be_task_file(first)) return first;
  try {
    return Scan(words, known, command, hint).run(Options::anywhere);
  } catch (const Error& error) {
    usage(
        fmt::format("{}\n  '{}' was taken for a task file; a command needs values behind :::, as in: kiln run gzip "
                    "-9 ::: *.log",
                    error.what(), for_message(first.rest[0], 60)));
  }
}

}  // namespace

ScannedWords scan_words(const std::vector<std::string>& words, const std::vector<OptionShape>& known, Options where,
                        const std::string& command, const OptionHint& hint) {
  return where == Options::of_a_run ? scan_run(words, known, command, hint)
                                    : Scan(words, known, command, hint).run(where);
}

}  // namespace kiln::args
