#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kiln {

/// The values of a grid's axis, in order: a list, or a rule that gives them one by one. NaN is a value.
class Values {
 public:
  Values(std::initializer_list<double> list) : list_(list), count_(list_.size()) {}
  explicit Values(std::vector<double> list) : list_(std::move(list)), count_(list_.size()) {}

  std::uint64_t size() const { return count_; }
  /// Value `index` < size().
  double operator[](std::uint64_t index) const;
  /// Canonical: equal values by the same rule, equal text. Of a list its digest.
  std::string describe() const;

 private:
  enum class Rule : std::uint8_t { list, linear, decades, ratio };
  friend Values linspace(double, double, std::uint64_t);
  friend Values logspace(double, double, std::uint64_t);
  friend Values geometric(double, double, std::uint64_t);
  friend Values steps(double, double, double);
  Values(Rule rule, double first, double last, std::uint64_t count)
      : rule_(rule), first_(first), last_(last), count_(count) {}

  Rule rule_ = Rule::list;
  double first_ = 0, last_ = 0;
  std::vector<double> list_;
  std::uint64_t count_ = 0;
};

// Each throws kiln::Error (bad input) for no values, an end that is no finite number, and where values would all be the
// same (a step of zero).

/// `count` values from first to last, both included, at equal distances.
Values linspace(double first, double last, std::uint64_t count);
/// 10 to the powers linspace(first, last, count).
Values logspace(double first, double last, std::uint64_t count);
/// `count` values from first to last, both included, at equal ratios; both of one sign, neither zero.
Values geometric(double first, double last, std::uint64_t count);
/// first, first + step, first + 2 * step, … up to last, which is included where it is met within a millionth of a step.
Values steps(double first, double last, double step);

/// An axis of a grid: a name and its values, or several names whose values go together (linked).
class Axis {
 public:
  Axis(std::string name, Values values);

  std::uint64_t size() const { return values_.front().size(); }
  const std::vector<std::string>& names() const { return names_; }
  const std::vector<Values>& values() const { return values_; }

 private:
  friend Axis linked(std::initializer_list<Axis> axes);
  Axis() = default;

  std::vector<std::string> names_;
  std::vector<Values> values_;  // one a name, of equal size
};

/// These axes as one: the first values of all, then the second values of all, … Throws kiln::Error (bad input) where
/// they have different numbers of values.
Axis linked(std::initializer_list<Axis> axes);

/// Every combination of the axes' values; none of them is stored. The last axis changes fastest.
class Grid {
 public:
  /// Throws kiln::Error (bad input) for no axes, an axis without values, a name that is empty or there twice, and for
  /// more than 2^63 points.
  explicit Grid(std::vector<Axis> axes);

  std::uint64_t size() const { return size_; }
  const std::vector<std::string>& names() const { return names_; }
  /// Place of a name in names(). Throws kiln::Error (usage) that says which names there are.
  std::size_t place(std::string_view name) const;
  double value(std::uint64_t point, std::size_t place) const { return values_[place][index(point, place)]; }
  /// Of the value on its axis.
  std::uint64_t index(std::uint64_t point, std::size_t place) const {
    return point / strides_[place] % values_[place].size();
  }
  std::string describe() const;

 private:
  std::vector<std::string> names_;
  std::vector<Values> values_;          // one a name
  std::vector<std::uint64_t> strides_;  // one a name: linked ones have the same
  std::uint64_t size_ = 1;
};

/// One combination of a grid's values: what the units of Flow::grid are. Valid while its unit runs.
class Point {
 public:
  Point(const Grid& grid, std::uint64_t id) : grid_(&grid), id_(id) {}

  std::uint64_t id() const { return id_; }
  /// The value of an axis. Throws kiln::Error (usage) where there is no such name.
  double operator[](std::string_view name) const { return grid_->value(id_, grid_->place(name)); }
  /// The same by the place of the axis, in the order of their names, from 0.
  double value(std::size_t place) const { return grid_->value(id_, place); }
  /// Number of the value on its axis, from 0.
  std::uint64_t index(std::string_view name) const { return grid_->index(id_, grid_->place(name)); }
  const Grid& grid() const { return *grid_; }

 private:
  const Grid* grid_;
  std::uint64_t id_;
};

}  // namespace kiln
