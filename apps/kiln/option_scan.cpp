#include "option_scan.hpp"

#include "base/text.hpp"
#include "did_you_mean.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <utility>

namespace kiln::cli {
namespace {

[[noreturn]] void usage(const std::string& message) { throw Error(ExitCode::usage, message); }

class Scan {
 public:
  Scan(const std::vector<std::string>& words, const std::vector<OptionShape>& known, const std::string& command)
      : words_(words), known_(known), command_(command) {}

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
        found_.rest.push_back(words_[at_++]);
      }
    }
    found_.rest.insert(found_.rest.end(), words_.begin() + static_cast<std::ptrdiff_t>(at_), words_.end());
    return std::move(found_);
  }

 private:
  const OptionShape* find(const std::string& name) const {
    const auto found = std::find_if(known_.begin(), known_.end(), [&](const OptionShape& shape) {
      return std::find(shape.names.begin(), shape.names.end(), name) != shape.names.end();
    });
    return found == known_.end() ? nullptr : &*found;
  }

  const OptionShape& need(const std::string& name) const {
    if (const OptionShape* const shape = find(name)) return *shape;
    std::vector<std::string> names;
    for (const OptionShape& shape : known_) {
      std::copy_if(shape.names.begin(), shape.names.end(), std::back_inserter(names),
                   [](const std::string& one) { return one.starts_with("--"); });
    }
    usage(fmt::format("there is no option {}.{} All there are: {} --help", for_message(name, 60),
                      name.starts_with("--") ? did_you_mean(name, names) : "", command_));
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
    } else if (shape.takes_value) {
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
  std::size_t at_ = 0;
  ScannedWords found_;
};

}  // namespace

ScannedWords scan_words(const std::vector<std::string>& words, const std::vector<OptionShape>& known, Options where,
                        const std::string& command) {
  return Scan(words, known, command).run(where);
}

}  // namespace kiln::cli
