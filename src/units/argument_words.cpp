#include "units/argument_words.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>

namespace kiln::units {
namespace {

using Words = std::vector<std::string>;

[[noreturn]] void usage(const std::string& message) { throw Error(ExitCode::usage, message); }

// The words between one separator and the next as sources; `separator` is "" for -a.
void add_sources(std::vector<ArgumentSource>& sources, const std::string& separator, Words::const_iterator begin,
                 Words::const_iterator end) {
  const bool linked = separator.ends_with('+');
  if (begin == end) {
    usage(fmt::format("nothing stands behind '{}': give {}; if they come from a program: … | kiln run COMMAND :::: -",
                      separator, separator.starts_with("::::") ? "the name of a file" : "values"));
  }
  if (!separator.starts_with("::::")) {
    sources.push_back({ArgumentSource::Kind::values, linked, "", Words(begin, end)});
    return;
  }
  for (auto file = begin; file != end; ++file) {
    if (file->empty()) usage(fmt::format("the name of a file behind {} is empty", separator));
    sources.push_back({ArgumentSource::Kind::file, linked, *file, {}});
  }
}

}  // namespace

bool is_argument_separator(const std::string& word) {
  return word == ":::" || word == "::::" || word == ":::+" || word == "::::+";
}

ArgumentWords parse_argument_words(const Words& words, const Words& files) {
  ArgumentWords parsed;
  if (!files.empty()) add_sources(parsed.sources, "::::", files.begin(), files.end());
  auto at = std::find_if(words.begin(), words.end(), is_argument_separator);
  for (auto word = words.begin(); word != at; ++word) {
    if (word != words.begin()) parsed.command += ' ';
    parsed.command += *word;
  }
  if (parsed.command.find_first_not_of(" \t\n") == std::string::npos) {
    usage(
        "the command is missing: kiln run 'gzip -9 {}' ::: *.log; values that are whole commands belong into a task "
        "file, one a line: kiln run tasks.txt");
  }
  while (at != words.end()) {
    const auto end = std::find_if(at + 1, words.end(), is_argument_separator);
    add_sources(parsed.sources, *at, at + 1, end);
    at = end;
  }
  if (parsed.sources.empty()) usage("the values are missing: kiln run 'gzip -9 {}' ::: *.log");
  parsed.sources.front().linked = false;  // there is nothing before it
  return parsed;
}

}  // namespace kiln::units
