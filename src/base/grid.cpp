#include <kiln/grid.hpp>

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace kiln {
namespace {

[[noreturn]] void fail(const std::string& why) { throw Error(ExitCode::bad_input, why); }

}  // namespace

Axis::Axis(std::string name, Values values) : names_{std::move(name)}, values_{std::move(values)} {
  if (names_.front().empty()) fail("an axis of a grid has no name: give it one, {\"strike\", {80, 90, 100}}");
  if (size() == 0) fail(fmt::format("axis '{}' of a grid has no values: give one at least", names_.front()));
}

Axis linked(std::initializer_list<Axis> axes) {
  if (axes.size() == 0) fail("linked() has no axes: give one at least");
  Axis all;
  for (const Axis& axis : axes) {
    if (axis.size() != axes.begin()->size()) {
      fail(fmt::format("linked axes must have the same number of values, but '{}' has {} and '{}' has {}",
                       axes.begin()->names().front(), axes.begin()->size(), axis.names().front(), axis.size()));
    }
    all.names_.insert(all.names_.end(), axis.names_.begin(), axis.names_.end());
    all.values_.insert(all.values_.end(), axis.values_.begin(), axis.values_.end());
  }
  return all;
}

Grid::Grid(std::vector<Axis> axes) {
  if (axes.empty()) fail("a grid has no axes: give one at least, {\"strike\", {80, 90, 100}}");
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
    for (std::size_t i = axis->names().size(); i-- > 0;) {
      const std::string& name = axis->names()[i];
      if (std::find(names_.begin(), names_.end(), name) != names_.end()) {
        fail(fmt::format("two axes of a grid are called '{}': give each its own name", name));
      }
      names_.push_back(name);
      values_.push_back(axis->values()[i]);
      strides_.push_back(size_);
    }
    constexpr std::uint64_t kMost = std::uint64_t{1} << 63;
    if (axis->size() > kMost / size_) {
      fail(fmt::format("a grid has more than 2^63 points: axis '{}' with {} values makes it too large",
                       axis->names().front(), axis->size()));
    }
    size_ *= axis->size();
  }
  std::reverse(names_.begin(), names_.end());
  std::reverse(values_.begin(), values_.end());
  std::reverse(strides_.begin(), strides_.end());
}

std::size_t Grid::place(std::string_view name) const {
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (names_[i] == name) return i;
  }
  throw Error(ExitCode::usage,
              fmt::format("the grid has no axis '{}': its axes are {}", name, fmt::join(names_, ", ")));
}

std::string Grid::describe() const {
  std::string text = "grid(";
  for (std::size_t i = 0; i < names_.size(); ++i) {
    // Linked names have the same stride as the one before.
    if (i != 0) text += strides_[i] == strides_[i - 1] && values_[i].size() == values_[i - 1].size() ? "&" : ",";
    text += fmt::format("{}:{}:{}", names_[i].size(), names_[i], values_[i].describe());
  }
  return text + ")";
}

}  // namespace kiln
