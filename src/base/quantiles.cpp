#include <kiln/monoids/quantiles.hpp>

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace kiln {

namespace detail {

void CountWindow::widen(std::uint32_t place) {
  if (counts_.empty()) {
    first_ = place;
    counts_.resize(1);
  } else if (place < first_) {
    counts_.insert(counts_.begin(), first_ - place, 0);
    first_ = place;
  } else {
    counts_.resize(place - first_ + 1);
  }
}

void CountWindow::merge(const CountWindow& other) {
  if (other.counts_.empty()) return;
  add(other.first_, 0);
  add(other.first_ + static_cast<std::uint32_t>(other.counts_.size() - 1), 0);
  for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[other.first_ - first_ + i] += other.counts_[i];
}

void CountWindow::encode(ByteWriter& out) const {
  out.put<std::uint64_t>(counts_.size() - static_cast<std::size_t>(std::count(counts_.begin(), counts_.end(), 0)));
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    out.put(first_ + static_cast<std::uint32_t>(i));
    out.put(counts_[i]);
  }
}

CountWindow CountWindow::decode(ByteReader& in, std::uint32_t largest) {
  CountWindow window;
  const std::uint64_t count = in.get_count(sizeof(std::uint32_t) + sizeof(std::uint64_t));
  std::uint32_t before = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto place = in.get<std::uint32_t>();
    if (place > largest || (i > 0 && place <= before)) {
      throw Error(ExitCode::internal, fmt::format("a quantile sketch is damaged: bucket {} of {}", place, largest));
    }
    window.add(place, in.get<std::uint64_t>());
    before = place;
  }
  return window;
}

}  // namespace detail

namespace {

constexpr unsigned kMostBits = 12;

constexpr std::uint32_t infinity_place(unsigned bits) { return 0x7ffU << bits; }

}  // namespace

QuantileSketch::QuantileSketch(unsigned bits) : bits_(bits) {
  if (bits < 1 || bits > kMostBits) {
    throw Error(ExitCode::bad_input, fmt::format("a quantile sketch of {} bits: give it 1 to {}", bits, kMostBits));
  }
}

double QuantileValue::middle(std::uint32_t place) const {
  const auto low = std::bit_cast<double>(std::uint64_t{place} << (52 - bits_));
  if (place >= infinity_place(bits_)) return low;
  const auto half = std::uint64_t{1} << (51 - bits_);
  return std::bit_cast<double>(std::uint64_t{place} << (52 - bits_) | half);
}

double QuantileValue::quantile(double q) const {
  if (count_ == 0 || q != q) return detail::kNan;
  const double wanted = std::floor(std::clamp(q, 0.0, 1.0) * static_cast<double>(count_ - 1));
  const auto rank = std::min(static_cast<std::uint64_t>(wanted), count_ - 1);
  const auto inside = [&](double number) { return std::clamp(number, min_, max_); };
  std::uint64_t seen = 0;
  const auto& below = below_.counts();
  for (std::size_t i = below.size(); i-- > 0;) {
    seen += below[i];
    if (rank < seen) return inside(-middle(below_.first() + static_cast<std::uint32_t>(i)));
  }
  seen += zeros_;
  if (rank < seen) return inside(0.0);
  const auto& above = above_.counts();
  for (std::size_t i = 0; i < above.size(); ++i) {
    seen += above[i];
    if (rank < seen) return inside(middle(above_.first() + static_cast<std::uint32_t>(i)));
  }
  return max_;
}

void QuantileValue::merge(const QuantileValue& right) {
  if (bits_ != right.bits_)
    throw Error(ExitCode::internal, "quantile sketches of different precision cannot be merged");
  if (right.count_ != 0) {
    if (count_ == 0 || right.min_ < min_) min_ = right.min_;
    if (count_ == 0 || right.max_ > max_) max_ = right.max_;
  }
  count_ += right.count_;
  zeros_ += right.zeros_;
  nans_ += right.nans_;
  below_.merge(right.below_);
  above_.merge(right.above_);
}

void QuantileValue::encode(ByteWriter& out) const {
  out.put(static_cast<std::uint8_t>(bits_));
  for (const std::uint64_t count : {count_, zeros_, nans_}) out.put(count);
  out.put(min_);
  out.put(max_);
  below_.encode(out);
  above_.encode(out);
}

QuantileValue QuantileValue::decode(ByteReader& in) {
  QuantileValue value(in.get<std::uint8_t>());
  if (value.bits_ < 1 || value.bits_ > kMostBits) {
    throw Error(ExitCode::internal, fmt::format("a quantile sketch is damaged: {} bits", value.bits_));
  }
  value.count_ = in.get<std::uint64_t>();
  value.zeros_ = in.get<std::uint64_t>();
  value.nans_ = in.get<std::uint64_t>();
  value.min_ = in.get<double>();
  value.max_ = in.get<double>();
  value.below_ = detail::CountWindow::decode(in, infinity_place(value.bits_));
  value.above_ = detail::CountWindow::decode(in, infinity_place(value.bits_));
  return value;
}

detail::Shown QuantileValue::show() const {
  constexpr std::array kShown = {0.0, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0};
  std::vector<double> values;
  for (const double q : kShown) values.push_back(quantile(q));
  detail::Shown shown;
  detail::add_table(shown, "",
                    {{"q", std::vector<double>(kShown.begin(), kShown.end()), "part of the items below"},
                     {"value", std::move(values), "the item there, within the sketch's relative error"}});
  using One = std::vector<std::uint64_t>;
  detail::add_table(shown, "items",
                    {{"count", One{count_}, "items, NaN aside"}, {"nans", One{nans_}, "items that were NaN"}});
  return shown;
}

}  // namespace kiln
