#include "detect.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sensors {
namespace {

constexpr double kSpike = 6, kDrift = 4.5;
constexpr std::size_t kLeastGap = 3, kLeastDrift = 24;
constexpr std::size_t kLeastHours = 14 * 24;  // a daily cycle is known only after some days
constexpr double kNormal = 1.4826;            // MAD of normal noise to its standard deviation

using Values = std::vector<float>;

Values rolling_median(const Values& values, std::size_t width) {
  const std::size_t half = width / 2;
  Values result(values.size()), window;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t begin = i < half ? 0 : i - half;
    window.assign(values.begin() + static_cast<std::ptrdiff_t>(begin),
                  values.begin() + static_cast<std::ptrdiff_t>(std::min(i + half + 1, values.size())));
    result[i] = static_cast<float>(median(window));
  }
  return result;
}

void remove_daily_cycle(Values& values) {
  Values same_hour;
  for (std::size_t hour = 0; hour < 24; ++hour) {
    same_hour.clear();
    for (std::size_t i = hour; i < values.size(); i += 24) same_hour.push_back(values[i]);
    const auto usual = static_cast<float>(median(same_hour));
    for (std::size_t i = hour; i < values.size(); i += 24) values[i] -= usual;
  }
}

void remove_line(Values& values) {
  Values slopes;
  const std::size_t apart = values.size() / 2;
  for (std::size_t i = 0; i + apart < values.size(); ++i) slopes.push_back(values[i + apart] - values[i]);
  const double slope = median(slopes) / static_cast<double>(std::max<std::size_t>(apart, 1));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] -= static_cast<float>(slope * static_cast<double>(i));
  Values copy = values;
  const auto middle = static_cast<float>(median(copy));
  for (float& value : values) value -= middle;
}

double spread(const Values& values) {
  Values distances(values.size());
  std::transform(values.begin(), values.end(), distances.begin(), [](float value) { return std::abs(value); });
  return std::max(kNormal * median(distances), 1e-6);
}

/// Calls found(begin, end) for each run of at least `least` values for which `wrong` holds.
template <class Wrong, class Found>
void each_run(std::size_t size, std::size_t least, Wrong wrong, Found found) {
  for (std::size_t i = 0; i < size;) {
    std::size_t end = i;
    while (end < size && wrong(end)) ++end;
    if (end - i >= least) found(i, end);
    i = end + 1;
  }
}

}  // namespace

double median(std::vector<float>& values) {
  const auto end = std::remove_if(values.begin(), values.end(), [](float value) { return std::isnan(value); });
  if (end == values.begin()) return std::numeric_limits<double>::quiet_NaN();
  const auto middle = values.begin() + (end - values.begin()) / 2;
  std::nth_element(values.begin(), middle, end);
  return *middle;
}

std::vector<Anomaly> find_anomalies(std::uint32_t sensor, std::uint64_t first, std::span<const float> readings) {
  std::vector<Anomaly> found;
  const auto add = [&](Kind kind, std::size_t begin, std::size_t end, double size) {
    found.push_back({sensor, kind, first + begin, first + end, static_cast<float>(size)});
  };
  const auto missing = [&](std::size_t i) { return std::isnan(readings[i]); };
  each_run(readings.size(), kLeastGap, missing,
           [&](std::size_t begin, std::size_t end) { add(Kind::gap, begin, end, static_cast<double>(end - begin)); });

  if (readings.size() < kLeastHours) return found;

  Values rest(readings.begin(), readings.end());
  remove_daily_cycle(rest);
  remove_line(rest);
  const Values near = rolling_median(rest, 25), slow = rolling_median(rest, 49);
  Values noise(rest.size());
  for (std::size_t i = 0; i < rest.size(); ++i) noise[i] = rest[i] - near[i];
  const double unit = spread(noise);
  const auto spiking = [&](std::size_t i) { return std::abs(noise[i]) > kSpike * unit; };
  each_run(rest.size(), 1, spiking,
           [&](std::size_t begin, std::size_t end) { add(Kind::spike, begin, end, noise[begin] / unit); });
  const auto drifting = [&](std::size_t i) { return std::abs(slow[i]) > kDrift * unit; };
  each_run(rest.size(), kLeastDrift, drifting, [&](std::size_t begin, std::size_t end) {
    const auto most = std::max_element(slow.begin() + static_cast<std::ptrdiff_t>(begin),
                                       slow.begin() + static_cast<std::ptrdiff_t>(end),
                                       [](float a, float b) { return std::abs(a) < std::abs(b); });
    add(Kind::drift, begin, end, *most / unit);
  });
  return found;
}

}  // namespace sensors
