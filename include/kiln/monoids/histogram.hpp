#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/detail/memory.hpp>
#include <kiln/detail/number.hpp>
#include <kiln/detail/show.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace kiln {

/// Where the bins of a histogram lie: bin i has the numbers in [edge(i), edge(i + 1)). All bins are half-open, the last
/// one too.
class Bins {
 public:
  Bins() = default;
  /// `count` bins of equal width. Throws kiln::Error (bad input) unless low < high, both finite, and 0 < count <= 2^40.
  Bins(double low, double high, std::size_t count);
  /// Throws kiln::Error (bad input) unless there are two edges at least, strictly ascending, none of them NaN.
  static Bins with_edges(std::vector<double> edges);

  std::size_t count() const { return count_; }
  double edge(std::size_t i) const {
    if (!edges_.empty()) return edges_[i];
    if (i == count_) return high_;
    return low_ + (high_ - low_) * (static_cast<double>(i) / static_cast<double>(count_));
  }
  /// 0: below all bins; i + 1: in bin i; count() + 1: above all; count() + 2: NaN.
  std::size_t place(double number) const {
    if (number != number) return count_ + 2;
    if (number < low_) return 0;
    if (number >= high_) return count_ + 1;
    if (!edges_.empty()) return place_by_edges(number);
    auto bin = static_cast<std::size_t>((number - low_) * scale_);
    if (bin >= count_) bin = count_ - 1;
    while (number < edge(bin)) --bin;
    while (number >= edge(bin + 1)) ++bin;
    return bin + 1;
  }
  std::string describe() const;

  void encode(ByteWriter& out) const;
  static Bins decode(ByteReader& in);
  std::size_t memory() const { return sizeof(Bins) + edges_.size() * sizeof(double); }
  friend bool operator==(const Bins&, const Bins&) = default;

 private:
  std::size_t place_by_edges(double number) const;

  double low_ = 0, high_ = 0, scale_ = 0;
  std::size_t count_ = 0;
  std::vector<double> edges_;  // empty for bins of equal width
};

class HistogramValue {
 public:
  HistogramValue() : HistogramValue(Bins()) {}
  explicit HistogramValue(Bins bins) : bins_(std::move(bins)), counts_(bins_.count() + 3) {}

  std::size_t bins() const { return bins_.count(); }
  double edge(std::size_t i) const { return bins_.edge(i); }  ///< i <= bins()
  std::uint64_t count(std::size_t bin) const { return counts_[bin + 1]; }
  std::uint64_t underflow() const { return counts_.front(); }
  std::uint64_t overflow() const { return counts_[bins() + 1]; }
  std::uint64_t nans() const { return counts_[bins() + 2]; }
  std::uint64_t total() const;  ///< all of these
  /// All counts as one piece: underflow, bins, overflow, NaN. For MPI.
  std::span<std::uint64_t> counts() { return counts_; }

  void add(double item) { ++counts_[bins_.place(item)]; }
  /// Throws kiln::Error (internal) where the bins differ.
  void merge(const HistogramValue& right);

  void encode(ByteWriter& out) const;
  static HistogramValue decode(ByteReader& in);
  std::size_t memory() const { return bins_.memory() + detail::memory_of(counts_); }
  detail::Shown show() const;

 private:
  Bins bins_;
  std::vector<std::uint64_t> counts_;
};

/// How many numbers fall into each bin; those below, above and NaN are counted apart. Exact. Memory: 8 bytes a bin.
///
///     stream.reduce(kiln::Histogram(0.0, 10.0, 100))
class Histogram {
 public:
  using value_type = HistogramValue;
  static constexpr bool exact = true;

  Histogram(double low, double high, std::size_t bins) : bins_(low, high, bins) {}
  explicit Histogram(Bins bins) : bins_(std::move(bins)) {}
  static Histogram with_edges(std::vector<double> edges) { return Histogram(Bins::with_edges(std::move(edges))); }

  std::string describe() const { return "histogram " + bins_.describe(); }
  std::size_t counts() const { return bins_.count() + 3; }
  HistogramValue zero() const { return HistogramValue(bins_); }
  template <class T>
    requires std::is_arithmetic_v<T>
  HistogramValue lift(T item) const {
    HistogramValue value(bins_);
    value.add(detail::to_double(item));
    return value;
  }
  template <class T>
    requires std::is_arithmetic_v<T>
  void add(HistogramValue& into, T item) const {
    into.add(detail::to_double(item));
  }
  void merge(HistogramValue& left, const HistogramValue& right) const { left.merge(right); }

 private:
  Bins bins_;
};

}  // namespace kiln
