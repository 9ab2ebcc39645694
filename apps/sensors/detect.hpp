#pragma once

#include "readings.hpp"

#include <span>
#include <vector>

namespace sensors {

/// Looks through one segment of one sensor (hourly, NaN where a reading is missing; `first` is its first hour).
///
/// The daily cycle is taken off as the median of each hour of the day, the yearly one as a straight line through the
/// segment (Theil and Sen: the median of the slopes). Of the rest, a rolling median over 25 hours and the median
/// absolute deviation (MAD, times 1.4826: the standard deviation of normal noise) are the measure: a reading further
/// than 6 from its rolling median is a spike; where a rolling median over 49 hours stays more than 4.5 from the
/// segment's for a day or longer, the sensor drifts; three or more missing readings in a row are a gap. In less than
/// two weeks only gaps are looked for.
std::vector<Anomaly> find_anomalies(std::uint32_t sensor, std::uint64_t first, std::span<const float> readings);

/// The median of those values that are no NaN; NaN without any. Reorders them.
double median(std::vector<float>& values);

}  // namespace sensors
