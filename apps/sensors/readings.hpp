#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sensors {

enum class Kind : std::uint8_t { gap = 1, spike = 2, drift = 3 };

/// Something wrong with one sensor: hours [first, last) of the record.
struct Anomaly {
  std::uint32_t sensor = 0;
  Kind kind = Kind::gap;
  std::uint64_t first = 0, last = 0;
  float size = 0;  ///< gap: hours; spike, drift: largest distance in robust standard deviations
};

/// Hourly readings of many sensors: a daily and a yearly cycle, noise, and anomalies that we know of because we put
/// them there. Every reading is a function of (seed, hour, sensor): any part can be made anew.
struct Record {
  std::uint64_t seed = 1;
  std::uint32_t sensors = 64;
  std::uint64_t hours = 0;
};

/// A planted anomaly begins and ends within one segment of this many hours (four weeks); a unit is such a segment.
constexpr std::uint64_t kSegment = 28 * 24;

/// The readings of hours [first, last), hour by hour, all sensors of an hour together; NaN where one is missing.
std::vector<float> make_readings(const Record& record, std::uint64_t first, std::uint64_t last);

/// What was planted in the segment that begins at `first`.
std::vector<Anomaly> planted(const Record& record, std::uint64_t first);

/// Writes the record to an HDF5 file: readings/celsius, hours x sensors, float32.
void write_record(const Record& record, const std::string& path);

}  // namespace sensors
