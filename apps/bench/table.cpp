#include "table.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace kiln::bench {
namespace {

std::string number(double value) {
  if (value >= 1e6) return fmt::format("{:.2f} M", value / 1e6);
  if (value >= 1e4) return fmt::format("{:.1f} k", value / 1e3);
  if (value >= 100) return fmt::format("{:.0f}", value);
  return fmt::format("{:.3g}", value);
}

std::string target(const Line& line) {
  switch (line.bound) {
    case Bound::at_least:
      return fmt::format(">= {:g}", line.target);
    case Bound::at_most:
      return fmt::format("<= {:g}", line.target);
    case Bound::none:
      break;
  }
  return "-";
}

}  // namespace

bool Line::met() const {
  switch (bound) {
    case Bound::at_least:
      return value() >= target;
    case Bound::at_most:
      return value() <= target;
    case Bound::none:
      break;
  }
  return true;
}

std::string format_table(const Lines& lines) {
  std::size_t width = 4;
  for (const Line& line : lines) width = std::max(width, line.what.size());
  std::string text = fmt::format("{:<{}}  {:>18}  {:>10}  {:>7}  {:>8}  {}\n", "what", width, "kiln", "reference",
                                 "ratio", "target", "");
  for (const Line& line : lines) {
    const bool compared = line.reference > 0;
    text += fmt::format("{:<{}}  {:>18}  {:>10}  {:>7}  {:>8}  {}\n", line.what, width,
                        number(line.measured) + " " + line.measured_unit, compared ? number(line.reference) : "-",
                        compared ? fmt::format("{:.3f}", line.value()) : "-", target(line),
                        line.bound == Bound::none ? "" : (line.met() ? "met" : "NOT MET"));
  }
  return text;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

std::vector<double> in_turn(int rounds, const std::vector<std::function<double()>>& measurements) {
  std::vector<std::vector<double>> values(measurements.size());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < measurements.size(); ++i) values[i].push_back(measurements[i]());
  }
  std::vector<double> medians;
  medians.reserve(values.size());
  for (auto& of_one : values) medians.push_back(median(std::move(of_one)));
  return medians;
}

}  // namespace kiln::bench
