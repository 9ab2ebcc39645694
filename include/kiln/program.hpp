#pragma once

#include <kiln/error.hpp>

#include <charconv>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

namespace kiln {

namespace detail {
class ProgramOptions;

/// What an option may be bound to: text, whole numbers, floating point.
template <class T>
concept OptionValue = std::same_as<T, std::string> || (std::is_arithmetic_v<T> && !std::same_as<T, bool>);

/// All of the text as a T; false where it is none, or does not fit.
template <OptionValue T>
bool read_option(const std::string& text, T& value) {
  if constexpr (std::same_as<T, std::string>) {
    value = text;
    return true;
  } else {
    T read{};
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, read);
    if (error != std::errc{} || rest != end) return false;
    value = read;
    return true;
  }
}

template <OptionValue T>
std::string show_option(const T& value) {
  std::ostringstream text;
  if constexpr (std::is_integral_v<T>) {
    text << +value;
  } else {
    text << value;
  }
  return text.str();
}

template <OptionValue T>
constexpr std::string_view accepted_option() {
  return std::same_as<T, std::string> ? "a text" : std::is_floating_point_v<T> ? "a number" : "a whole number in range";
}
}  // namespace detail

/// What a program's command line knows besides kiln's own options: its name, its options and what stands behind them.
/// The variables that options are bound to must outlive run_main, and hold the defaults that --help shows.
///
///     int top = 10;
///     std::vector<std::string> inputs{"corpus/*.txt"};
///     kiln::Program program("wordcount", "Counts words in text files.");
///     program.option("--top", top, "print so many of the most frequent words").files(inputs, "text files");
///     return kiln::run_main(program, argc, argv, [&](kiln::Session& session) { … });
///
/// What the options say belongs to the work: where a run goes on with another value, its stages run again, unless
/// only_shown() says that it does not change results. Not thread-safe. Every call throws kiln::Error (internal) for a
/// name that is taken or no name.
class Program {
 public:
  /// `name` is the default of the run directory: NAME.kiln.
  explicit Program(std::string name, std::string what_it_does = "");
  ~Program();
  Program(Program&& other) noexcept;
  Program& operator=(Program&& other) noexcept;

  /// "--top" or "-t,--top"; `value_name` stands for the value in --help ("" for "N" or "TEXT").
  template <detail::OptionValue T>
  Program& option(const std::string& names, T& value, const std::string& text, const std::string& value_name = "") {
    const char* const usual = std::same_as<T, std::string> ? "TEXT" : std::is_integral_v<T> ? "N" : "X";
    return add_option(names, value_name.empty() ? usual : value_name, text, detail::show_option(value),
                      {[&value](const std::string& word) { return detail::read_option(word, value); },
                       std::string(detail::accepted_option<T>())});
  }
  /// One of the words, as "--kind call": {"call", "put"}.
  Program& choice(const std::string& names, std::string& value, const std::vector<std::string>& words,
                  const std::string& text);
  Program& flag(const std::string& names, bool& value, const std::string& text);
  /// The words that are no options: any number of them. What `values` holds is the default.
  Program& files(std::vector<std::string>& values, const std::string& text, const std::string& value_name = "FILE");
  /// One word that is no option; several such are taken in order. Required where `value` is empty.
  Program& argument(const std::string& value_name, std::string& value, const std::string& text);
  /// Another value of this option ("--top") changes no result: a run goes on with it.
  Program& only_shown(const std::string& name);
  /// Printed below the options in --help.
  Program& footer(const std::string& text);

 private:
  friend class detail::ProgramOptions;
  struct State;
  struct Reader {
    std::function<bool(const std::string&)> read;  ///< false: not accepted
    std::string accepted;
  };
  Program& add_option(const std::string& names, const std::string& value_name, const std::string& text,
                      const std::string& shown_default, Reader reader);

  std::unique_ptr<State> state_;
};

}  // namespace kiln
