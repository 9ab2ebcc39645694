#include <kiln/monoids/moments.hpp>

#include <cmath>

namespace kiln {
namespace {

double sample_variance(std::uint64_t count, double m2) {
  return count < 2 ? detail::kNan : m2 / static_cast<double>(count - 1);
}

std::vector<detail::ShownColumn> columns_of(const auto& value) {
  return {{"count", std::vector<std::uint64_t>{value.count()}, "items"},
          {"mean", std::vector<double>{value.mean()}, ""},
          {"variance", std::vector<double>{value.variance()}, "of the sample (n - 1)"},
          {"std_error", std::vector<double>{value.std_error()}, "standard error of the mean"}};
}

}  // namespace

double MeanValue::variance() const { return sample_variance(count_, m2_); }
double MeanValue::std_dev() const { return std::sqrt(variance()); }
double MeanValue::std_error() const { return std::sqrt(variance() / static_cast<double>(count_)); }

void MeanValue::encode(ByteWriter& out) const {
  out.put(count_);
  out.put(mean_);
  out.put(m2_);
}

MeanValue MeanValue::decode(ByteReader& in) {
  MeanValue value;
  value.count_ = in.get<std::uint64_t>();
  value.mean_ = in.get<double>();
  value.m2_ = in.get<double>();
  return value;
}

detail::Shown MeanValue::show() const {
  detail::Shown shown;
  detail::add_table(shown, "", columns_of(*this));
  return shown;
}

double MomentsValue::variance() const { return sample_variance(count_, m2_); }
double MomentsValue::std_dev() const { return std::sqrt(variance()); }
double MomentsValue::std_error() const { return std::sqrt(variance() / static_cast<double>(count_)); }
double MomentsValue::skewness() const {
  return m2_ == 0 ? detail::kNan : std::sqrt(static_cast<double>(count_)) * m3_ / (m2_ * std::sqrt(m2_));
}

void MomentsValue::encode(ByteWriter& out) const {
  out.put(count_);
  out.put(mean_);
  out.put(m2_);
  out.put(m3_);
}

MomentsValue MomentsValue::decode(ByteReader& in) {
  MomentsValue value;
  value.count_ = in.get<std::uint64_t>();
  value.mean_ = in.get<double>();
  value.m2_ = in.get<double>();
  value.m3_ = in.get<double>();
  return value;
}

detail::Shown MomentsValue::show() const {
  detail::Shown shown;
  auto columns = columns_of(*this);
  columns.push_back({"skewness", std::vector<double>{skewness()}, "m3 / m2^1.5"});
  detail::add_table(shown, "", columns);
  return shown;
}

}  // namespace kiln
