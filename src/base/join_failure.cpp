#include <kiln/detail/join_failure.hpp>

#include <fmt/core.h>
#include <kiln/error.hpp>
#include "base/quantity.hpp"

namespace kiln::detail {
namespace {

std::string interval_text(Interval units) {
  const std::string first = format_count(units.first.value());
  return units.size() == 1 ? first : fmt::format("{} to {}", first, format_count(units.last.value() - 1));
}

}  // namespace

std::string units_text(const std::vector<Interval>& units) {
  if (units.empty()) return "no units";
  if (units.size() == 1) return (units[0].size() == 1 ? "unit " : "units ") + interval_text(units[0]);
  std::string text = "units " + interval_text(units[0]);
  if (units.size() > 2) text += ", " + interval_text(units[1]);
  return text + (units.size() > 3 ? ", …, " : " and ") + interval_text(units.back());
}

void throw_join_failed(const std::vector<Interval>& left, const std::vector<Interval>& right) {
  try {
    throw;
  } catch (const Error&) {
    throw;
  } catch (const JoinFailure&) {
    throw;
  } catch (...) {
    throw JoinFailure(fmt::format("of {} with those of {}", units_text(left), units_text(right)),
                      std::current_exception());
  }
}

void throw_join_failed_in(const std::vector<Interval>& all, const std::vector<Interval>& right) {
  std::vector<Interval> left;
  auto next = right.begin();
  for (Interval rest : all) {
    for (; next != right.end() && next->first < rest.last; ++next) {
      if (rest.first < next->first) left.push_back({rest.first, next->first});
      rest.first = next->last;
    }
    if (rest.first < rest.last) left.push_back(rest);
  }
  throw_join_failed(left, right);
}

}  // namespace kiln::detail
