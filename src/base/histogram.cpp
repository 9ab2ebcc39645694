#include <kiln/monoids/histogram.hpp>

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace kiln {

Bins::Bins(double low, double high, std::size_t count)
    : low_(low), high_(high), scale_(static_cast<double>(count) / (high - low)), count_(count) {
  if (!std::isfinite(low) || !std::isfinite(high) || !std::isfinite(high - low) || low >= high) {
    throw Error(
        ExitCode::bad_input,
        fmt::format("a histogram from {} to {}: the first must be less than the second, both finite", low, high));
  }
  if (count == 0 || count > std::size_t{1} << 40) {
    throw Error(ExitCode::bad_input, fmt::format("a histogram of {} bins: give it one at least", count));
  }
  if (!std::isfinite(scale_) || edge(1) <= low || edge(count - 1) >= high) {
    throw Error(ExitCode::bad_input,
                fmt::format("a histogram of {} bins from {} to {}: doubles are not that fine", count, low, high));
  }
}

Bins Bins::with_edges(std::vector<double> edges) {
  if (edges.size() < 2) throw Error(ExitCode::bad_input, "a histogram by its edges wants two of them at least");
  for (std::size_t i = 1; i < edges.size(); ++i) {
    if (!(edges[i - 1] < edges[i])) {
      throw Error(ExitCode::bad_input,
                  fmt::format("edge {} of a histogram is {}, after {}: they must ascend", i, edges[i], edges[i - 1]));
    }
  }
  Bins bins;
  bins.low_ = edges.front();
  bins.high_ = edges.back();
  bins.count_ = edges.size() - 1;
  bins.edges_ = std::move(edges);
  return bins;
}

std::size_t Bins::place_by_edges(double number) const {
  return static_cast<std::size_t>(std::upper_bound(edges_.begin(), edges_.end(), number) - edges_.begin());
}

std::string Bins::describe() const {
  if (edges_.empty()) {
    return fmt::format("of {} bins from {} to {}", count_, detail::exact_text(low_), detail::exact_text(high_));
  }
  std::string text = "with edges";
  for (const double one : edges_) text += " " + detail::exact_text(one);
  return text;
}

void Bins::encode(ByteWriter& out) const {
  out.put(low_);
  out.put(high_);
  out.put<std::uint64_t>(count_);
  Codec<std::vector<double>>::write(out, edges_);
}

Bins Bins::decode(ByteReader& in) {
  Bins bins;
  bins.low_ = in.get<double>();
  bins.high_ = in.get<double>();
  bins.count_ = in.get<std::uint64_t>();
  bins.edges_ = Codec<std::vector<double>>::read(in);
  if (bins.edges_.empty()) {
    if (bins.count_ != 0) return {bins.low_, bins.high_, bins.count_};
    return bins;
  }
  return with_edges(std::move(bins.edges_));
}

std::uint64_t HistogramValue::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

void HistogramValue::merge(const HistogramValue& right) {
  if (!(bins_ == right.bins_)) throw Error(ExitCode::internal, "two histograms with different bins were to be merged");
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += right.counts_[i];
}

void HistogramValue::encode(ByteWriter& out) const {
  bins_.encode(out);
  Codec<std::vector<std::uint64_t>>::write(out, counts_);
}

HistogramValue HistogramValue::decode(ByteReader& in) {
  HistogramValue value;
  value.bins_ = Bins::decode(in);
  value.counts_ = Codec<std::vector<std::uint64_t>>::read(in);
  if (value.counts_.size() != value.bins_.count() + 3) {
    throw Error(ExitCode::internal,
                fmt::format("a histogram of {} bins came with {} counts", value.bins_.count(), value.counts_.size()));
  }
  return value;
}

detail::Shown HistogramValue::show() const {
  std::vector<double> from, to;
  std::vector<std::uint64_t> counts;
  from.reserve(bins());
  to.reserve(bins());
  counts.reserve(bins());
  for (std::size_t i = 0; i < bins(); ++i) {
    from.push_back(edge(i));
    to.push_back(edge(i + 1));
    counts.push_back(count(i));
  }
  detail::Shown shown;
  detail::add_table(shown, "",
                    {{"from", std::move(from), "lower edge, inside"},
                     {"to", std::move(to), "upper edge, outside"},
                     {"count", std::move(counts), "items in it"}});
  using One = std::vector<std::uint64_t>;
  detail::add_table(shown, "outside",
                    {{"underflow", One{underflow()}, "items below all bins"},
                     {"overflow", One{overflow()}, "items above all bins"},
                     {"nans", One{nans()}, "items that were NaN"}});
  return shown;
}

}  // namespace kiln
