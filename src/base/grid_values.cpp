#include <kiln/detail/bytes.hpp>
#include <kiln/error.hpp>
#include <kiln/grid.hpp>

#include <fmt/core.h>

#include <cmath>
#include <limits>

namespace kiln {
namespace {

[[noreturn]] void fail(std::string_view what, std::string_view why) {
  throw Error(ExitCode::bad_input, fmt::format("{}: {}", what, why));
}

void check(std::string_view what, double first, double last, std::uint64_t count) {
  if (count == 0) fail(what, "no values: give a count of 1 or more");
  if (!std::isfinite(first) || !std::isfinite(last)) fail(what, "both ends must be finite numbers");
  if (count > 1 && first == last) fail(what, "a step of zero: give two different ends, or a count of 1");
  if (count > (std::uint64_t{1} << 53)) fail(what, "more values than a double can tell apart (2^53)");
}

/// Both ends exact; between them without the overflow that last - first could have.
double between(double first, double last, std::uint64_t index, std::uint64_t count) {
  if (index == 0) return first;
  if (index == count - 1) return last;
  const double share = static_cast<double>(index) / static_cast<double>(count - 1);
  return first * (1 - share) + last * share;
}

}  // namespace

double Values::operator[](std::uint64_t index) const {
  switch (rule_) {
    case Rule::list:
      return list_[index];
    case Rule::linear:
      return between(first_, last_, index, count_);
    case Rule::decades:
      return std::pow(10.0, between(first_, last_, index, count_));
    case Rule::ratio:
      break;
  }
  if (index == 0) return first_;
  if (index == count_ - 1) return last_;
  const double log_size = between(std::log(std::abs(first_)), std::log(std::abs(last_)), index, count_);
  return std::copysign(std::exp(log_size), first_);
}

std::string Values::describe() const {
  switch (rule_) {
    case Rule::list:
      return fmt::format("list({},{:016x})", count_, checksum(std::as_bytes(std::span(list_))));
    case Rule::linear:
      return fmt::format("linspace({},{},{})", first_, last_, count_);
    case Rule::decades:
      return fmt::format("logspace({},{},{})", first_, last_, count_);
    case Rule::ratio:
      break;
  }
  return fmt::format("geometric({},{},{})", first_, last_, count_);
}

Values linspace(double first, double last, std::uint64_t count) {
  check(fmt::format("linspace({}, {}, {})", first, last, count), first, last, count);
  return {Values::Rule::linear, first, last, count};
}

Values logspace(double first, double last, std::uint64_t count) {
  check(fmt::format("logspace({}, {}, {})", first, last, count), first, last, count);
  return {Values::Rule::decades, first, last, count};
}

Values geometric(double first, double last, std::uint64_t count) {
  const std::string what = fmt::format("geometric({}, {}, {})", first, last, count);
  check(what, first, last, count);
  if (first == 0 || last == 0 || std::signbit(first) != std::signbit(last)) {
    fail(what, "both ends must have the same sign, and neither may be zero");
  }
  return {Values::Rule::ratio, first, last, count};
}

Values steps(double first, double last, double step) {
  const std::string what = fmt::format("steps({}, {}, {})", first, last, step);
  if (!std::isfinite(first) || !std::isfinite(last)) fail(what, "both ends must be finite numbers");
  if (step == 0 || !std::isfinite(step)) fail(what, "the step must be a number other than zero");
  const double most = std::floor((last - first) / step + 1e-6);
  if (!(most >= 0)) fail(what, "no values: the step leads away from the end");
  if (!(most < 0x1p53)) fail(what, "more values than a double can tell apart (2^53)");
  const auto count = static_cast<std::uint64_t>(most) + 1;
  return {Values::Rule::linear, first, count == 1 ? first : first + most * step, count};
}

}  // namespace kiln
