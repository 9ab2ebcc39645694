#include "slurm/output_names.hpp"

#include "base/text.hpp"

#include <fmt/core.h>

namespace kiln::cli {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string braces(std::string_view text) {
  std::string out;
  for (const char c : text) out.append(c == '{' || c == '}' ? 2 : 1, c);
  return out;
}

}  // namespace

std::optional<std::string> output_pattern(const std::string& name, const std::string& stem, const std::string& job) {
  std::string pattern;
  bool each = false;  // a file of its own
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '%' || i + 1 == name.size()) {
      pattern += braces({&name[i], 1});
      continue;
    }
    std::string digits;
    while (i + 1 < name.size() && is_digit(name[i + 1])) digits += name[++i];
    const char what = i + 1 < name.size() ? name[++i] : '%';
    digits.erase(0, digits.find_first_not_of('0'));
    if (digits.size() > 1) digits = "10";  // the most that Slurm pads to
    if (what == 'a' || what == 'j') {      // each task was a job with a number of its own
      pattern += what == 'j' && name.find("%a") != std::string::npos ? stem
                 : digits.empty()                                    ? "{index}"
                                                                     : fmt::format("{{index:0{}}}", digits);
      each = true;
    } else if (what == 'A') {
      pattern += braces(stem);
    } else if (what == 'x') {
      pattern += braces(job);
    } else if (what == '%') {
      pattern += '%';
    } else {
      return std::nullopt;
    }
  }
  if (!each) return std::nullopt;
  if (pattern.ends_with(".out") || pattern.ends_with(".err")) pattern.replace(pattern.size() - 3, 3, "{stream}");
  return pattern;
}

OutputNames output_names(const std::vector<SbatchOption>& options, const std::string& stem) {
  OutputNames made;
  const SbatchOption* const out = find(options, "--output");
  const SbatchOption* const err = find(options, "--error");
  const SbatchOption* const given = out != nullptr ? out : err;
  if (given == nullptr) return made;
  const SbatchOption* const job = find(options, "--job-name");
  const std::string name = job == nullptr ? stem : job->value.value_or(stem);
  const auto pattern = output_pattern(given->value.value_or(""), stem, name);
  if (!pattern) {
    made.notes.push_back(
        fmt::format("{}: the output of each task is kept in the results (kiln results --unit N --stdout); as files: "
                    "--output-files 'out/{{index}}.{{stream}}' behind run",
                    sbatch_text(*given)));
    return made;
  }
  made.words = {"--output-files", *pattern};
  const bool both = pattern->find("{stream}") != std::string::npos;
  made.notes.push_back(fmt::format(
      "{}: the output of each task is in {}{} ({{index}}: that of the task; {}: out and err, standard error has a file "
      "of its own), and in the results",
      sbatch_text(*given), for_message(*pattern), both ? "" : ".{stream}", "{stream}"));
  if (out != nullptr && err != nullptr && output_pattern(err->value.value_or(""), stem, name) != pattern) {
    made.notes.push_back(fmt::format("{}: standard error is beside standard output", sbatch_text(*err)));
  }
  return made;
}

}  // namespace kiln::cli
