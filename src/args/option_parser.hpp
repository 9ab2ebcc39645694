#pragma once

#include "args/help_page.hpp"
#include "args/option_scan.hpp"
#include "args/run_words.hpp"

#include <CLI/App.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::args {

/// An option as it was typed.
struct GivenOption {
  std::string name;                  ///< with its dashes
  std::optional<std::string> value;  ///< of options that take one
};

/// One command's options, and what is done with its words.
class OptionParser {
 public:
  /// `name`: "kiln run". `hint` says what else is known of an option that is not here: " kiln results has it.", or "".
  OptionParser(std::string name, std::string_view head, std::string_view footer,
               std::function<std::string(const std::string&)> hint = {});

  CLI::App& app() { return app_; }
  /// Options that are known to be none.
  void refuse(std::vector<OptionShape> refused) { refused_ = std::move(refused); }
  /// Those of run_option_specs() that `taker` has. `words` outlives this; its values are the defaults.
  void add_run_options(RunWords& words, Taker taker);

  /// The words that are no options; nothing when help was asked for. Throws kiln::Error (usage).
  std::optional<std::vector<std::string>> parse(const std::vector<std::string>& words, Options where);
  /// As ScannedWords has it, of what was parsed last.
  std::size_t from_first() const { return from_first_; }
  /// The options of what was parsed last, in order.
  const std::vector<GivenOption>& given() const { return given_; }
  HelpPage page() const;

 private:
  std::vector<OptionShape> shapes() const;
  std::vector<GivenOption> pair_up(const std::vector<std::string>& options) const;

  std::string name_, head_, footer_;
  std::function<std::string(const std::string&)> hint_;
  CLI::App app_;
  std::vector<OptionShape> refused_;
  std::size_t from_first_ = 0;
  std::vector<GivenOption> given_;
};

}  // namespace kiln::args
