#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/detail/number.hpp>
#include <kiln/detail/show.hpp>

#include <cstdint>
#include <string>

namespace kiln {

/// Count, mean and sum of squared deviations. Merged by the formulas of T. F. Chan, G. H. Golub, R. J. LeVeque
/// (Updating Formulae and a Pairwise Algorithm for Computing Sample Variances, 1979), which lose no digits where the
/// mean is large against the spread.
class MeanValue {
 public:
  MeanValue() = default;
  explicit MeanValue(double item) : count_(1), mean_(item) {}

  std::uint64_t count() const { return count_; }
  double mean() const { return mean_; }  ///< NaN where there were no items
  /// Of the sample, with n - 1; NaN for fewer than two items.
  double variance() const;
  double std_dev() const;
  /// Standard error of the mean: std_dev() / sqrt(n).
  double std_error() const;

  void merge(const MeanValue& right) {
    if (right.count_ == 0) return;
    if (count_ == 0) {
      *this = right;
      return;
    }
    const auto n = static_cast<double>(count_);
    const auto m = static_cast<double>(right.count_);
    const double delta = right.mean_ - mean_;
    const double part = m / (n + m);
    count_ += right.count_;
    mean_ += delta * part;
    m2_ += right.m2_ + delta * delta * n * part;
  }

  void encode(ByteWriter& out) const;
  static MeanValue decode(ByteReader& in);
  detail::Shown show() const;

 private:
  std::uint64_t count_ = 0;
  double mean_ = detail::kNan, m2_ = 0;
};

/// Mean, variance and standard error of numbers, along the tree. NaN and infinities as the arithmetic gives them.
///
///     auto report = session.run(stream.reduce(kiln::Mean{}));   // report.value.mean(), .std_error()
struct Mean {
  using value_type = MeanValue;
  static constexpr bool exact = false;

  std::string describe() const { return "mean"; }
  template <class T>
    requires std::is_arithmetic_v<T>
  MeanValue lift(T item) const {
    return MeanValue(detail::to_double(item));
  }
  void merge(MeanValue& left, const MeanValue& right) const { left.merge(right); }
};

/// MeanValue and the sum of cubed deviations, merged by the formulas of P. Pébay (Formulas for Robust, One-Pass
/// Parallel Computation of Covariances and Arbitrary-Order Statistical Moments, SAND2008-6212).
class MomentsValue {
 public:
  MomentsValue() = default;
  explicit MomentsValue(double item) : count_(1), mean_(item) {}

  std::uint64_t count() const { return count_; }
  double mean() const { return mean_; }  ///< NaN where there were no items
  /// Of the sample, with n - 1; NaN for fewer than two items.
  double variance() const;
  double std_dev() const;
  double std_error() const;
  /// Of the items themselves (g1: m3 / m2^1.5 with n in both); NaN where all are equal.
  double skewness() const;

  void merge(const MomentsValue& right) {
    if (right.count_ == 0) return;
    if (count_ == 0) {
      *this = right;
      return;
    }
    const auto n = static_cast<double>(count_);
    const auto m = static_cast<double>(right.count_);
    const double all = n + m;
    const double delta = right.mean_ - mean_;
    const double part = delta / all;
    const double square = delta * part * n * m;
    m3_ += right.m3_ + square * part * (n - m) + 3.0 * part * (n * right.m2_ - m * m2_);
    m2_ += right.m2_ + square;
    mean_ += part * m;
    count_ += right.count_;
  }

  void encode(ByteWriter& out) const;
  static MomentsValue decode(ByteReader& in);
  detail::Shown show() const;

 private:
  std::uint64_t count_ = 0;
  double mean_ = detail::kNan, m2_ = 0, m3_ = 0;
};

/// Mean, variance, standard error and skewness of numbers, along the tree.
struct Moments {
  using value_type = MomentsValue;
  static constexpr bool exact = false;

  std::string describe() const { return "moments"; }
  template <class T>
    requires std::is_arithmetic_v<T>
  MomentsValue lift(T item) const {
    return MomentsValue(detail::to_double(item));
  }
  void merge(MomentsValue& left, const MomentsValue& right) const { left.merge(right); }
};

}  // namespace kiln
