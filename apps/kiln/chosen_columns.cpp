#include "chosen_columns.hpp"

#include "base/did_you_mean.hpp"
#include "base/text.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>

namespace kiln::cli {
namespace {

constexpr std::size_t kNamesShown = 1000;  // characters

}  // namespace

std::string names_text(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& one : names) all += (all.empty() ? "" : ", ") + one;
  return for_message(all, kNamesShown);
}

std::string what_there_is(const std::string& name, const std::vector<std::string>& names) {
  if (names.empty()) return "";
  const std::string meant = did_you_mean(name, names);
  return meant.empty() ? " There are: " + names_text(names) : meant;
}

std::vector<std::size_t> choose_columns(const std::vector<Field>& all, const std::vector<std::string>& only) {
  std::vector<std::size_t> places;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < all.size(); ++i) {
    names.push_back(all[i].name);
    if (only.empty()) places.push_back(i);
  }
  for (const std::string& name : only) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      throw Error(ExitCode::usage,
                  fmt::format("--only: there is no column '{}'.{}", for_message(name, 60), what_there_is(name, names)));
    }
    places.push_back(static_cast<std::size_t>(found - names.begin()));
  }
  return places;
}

}  // namespace kiln::cli
