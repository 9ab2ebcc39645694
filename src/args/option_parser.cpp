#include "args/option_parser.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <kiln/error.hpp>
#include <utility>

namespace kiln::args {
namespace {

std::string without_leading_lines(std::string_view text) {
  const std::size_t first = text.find_first_not_of('\n');
  return std::string(first == std::string_view::npos ? "" : text.substr(first));
}

std::vector<std::string> names(const CLI::Option& option) {
  std::vector<std::string> found;
  for (const std::string& one : option.get_snames()) found.push_back("-" + one);
  for (const std::string& one : option.get_lnames()) found.push_back("--" + one);
  return found;
}

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::string with_default(std::string text, const std::string& word) {
  if (word.empty()) return text;
  if (!text.ends_with('\n')) text += ' ';
  return fmt::format("{}(default {})", text, word);
}

}  // namespace

OptionParser::OptionParser(std::string name, std::string_view head, std::string_view footer,
                           std::function<std::string(const std::string&)> hint)
    : name_(std::move(name)), head_(head), footer_(without_leading_lines(footer)), hint_(std::move(hint)) {
  app_.set_help_flag();
}

void OptionParser::add_run_options(RunWords& words, Taker taker) {
  for (const RunOptionSpec& spec : run_option_specs()) {
    if ((spec.takers & taker) == 0) continue;
    if (spec.list != nullptr) {
      app_.add_option(spec.names, words.*spec.list, spec.text)
          ->option_text(spec.value)
          ->group(spec.group)
          ->allow_extra_args(false);
    } else if (spec.flag != nullptr) {
      app_.add_flag(spec.names, words.*spec.flag, spec.text)->group(spec.group);
    } else if (spec.count != nullptr) {
      app_.add_flag(spec.names, words.*spec.count, spec.text)->group(spec.group);
    } else {
      std::string& word = words.*spec.word;
      const std::string text = with_default(spec.text, word);
      app_.add_option(spec.names, word, text)->option_text(spec.value)->group(spec.group)->take_last();
    }
  }
}

std::optional<std::vector<std::string>> OptionParser::parse(const std::vector<std::string>& words, Options where) {
  app_.set_help_flag("-h,--help", "this text")->group("Showing");  // last of its group
  ScannedWords scanned = scan_words(words, shapes(), where, name_, hint_);
  given_ = pair_up(scanned.options);
  std::reverse(scanned.options.begin(), scanned.options.end());  // CLI11 takes them from the back
  try {
    app_.parse(std::move(scanned.options));
  } catch (const CLI::CallForHelp&) {
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    throw Error(ExitCode::usage, fmt::format("{}: {}", name_, error.what()));
  }
  from_first_ = scanned.from_first;
  return std::move(scanned.rest);
}

std::vector<GivenOption> OptionParser::pair_up(const std::vector<std::string>& options) const {
  const std::vector<OptionShape> known = shapes();
  std::vector<GivenOption> found;
  const auto shape_of = [&](const std::string& name) {
    return std::find_if(known.begin(), known.end(), [&](const OptionShape& one) {
      return std::find(one.names.begin(), one.names.end(), name) != one.names.end();
    });
  };
  for (std::size_t i = 0; i < options.size(); ++i) {
    const auto shape = shape_of(options[i]);
    found.push_back({options[i], std::nullopt});
    if (shape == known.end() || i + 1 == options.size()) continue;
    const bool valued = shape->takes_value || (shape->takes_count && shape_of(options[i + 1]) == known.end());
    if (valued) found.back().value = options[++i];
  }
  return found;
}

HelpPage OptionParser::page() const {
  HelpPage page{name_, head_, {}, footer_};
  for (const CLI::Option* option : app_.get_options()) {
    page.options.push_back(
        {names(*option), option->get_option_text(), one_line(option->get_description()), option->get_group()});
  }
  return page;
}

std::vector<OptionShape> OptionParser::shapes() const {
  std::vector<OptionShape> found;
  for (const CLI::Option* option : app_.get_options()) {
    OptionShape shape{names(*option), option->get_items_expected_min() > 0, false, ""};
    shape.takes_count = !shape.takes_value && option->get_items_expected_max() > 0;
    found.push_back(std::move(shape));
  }
  found.insert(found.end(), refused_.begin(), refused_.end());
  return found;
}

}  // namespace kiln::args
