#include "readings.hpp"

#include <algorithm>
#include <cmath>
#include <kiln/array_file.hpp>
#include <kiln/random.hpp>
#include <limits>
#include <numbers>

namespace sensors {
namespace {

constexpr double kNoise = 0.4;         // degrees, standard deviation
constexpr std::uint32_t kPlanted = 1;  // streams of random numbers
constexpr std::uint32_t kReadings = 2;

/// Random numbers of one sensor in one segment.
kiln::Random stream(const Record& record, std::uint32_t purpose, std::uint64_t segment, std::uint32_t sensor) {
  return kiln::Random(record.seed, purpose, segment * record.sensors + sensor);
}

double cycle(std::uint64_t hour, std::uint32_t sensor) {
  constexpr double kTurn = 2 * std::numbers::pi;
  const auto at = static_cast<double>(hour);
  const double phase = 0.1 * sensor;
  return 12 + 0.05 * sensor - 9 * std::cos(kTurn * at / (365.25 * 24) + phase) - 4 * std::cos(kTurn * at / 24 + phase);
}

Anomaly plant(kiln::Random& random, std::uint32_t sensor, std::uint64_t first) {
  const double kind = random.uniform();
  const auto begin = [&](std::uint64_t length) {
    const auto room = static_cast<double>(kSegment - length - 48);
    return first + 24 + static_cast<std::uint64_t>(random.uniform() * room);
  };
  if (kind < 0.4) {
    const auto length = 3 + static_cast<std::uint64_t>(random.uniform() * 20);
    const std::uint64_t at = begin(length);
    return {sensor, Kind::gap, at, at + length, static_cast<float>(length)};
  }
  if (kind < 0.8) {
    const std::uint64_t at = begin(1);
    const double size = (random.uniform() < 0.5 ? -1 : 1) * (9 + 6 * random.uniform());
    return {sensor, Kind::spike, at, at + 1, static_cast<float>(size)};
  }
  const std::uint64_t length = 120 + static_cast<std::uint64_t>(random.uniform() * 96);
  const std::uint64_t at = begin(length);
  const double size = (random.uniform() < 0.5 ? -1 : 1) * (8 + 4 * random.uniform());
  return {sensor, Kind::drift, at, at + length, static_cast<float>(size)};
}

/// What the anomaly does to the reading of an hour within it.
float disturb(const Anomaly& anomaly, std::uint64_t hour, float reading) {
  if (hour < anomaly.first || hour >= anomaly.last) return reading;
  const auto size = static_cast<float>(anomaly.size * kNoise);
  if (anomaly.kind == Kind::gap) return std::numeric_limits<float>::quiet_NaN();
  if (anomaly.kind == Kind::spike) return reading + size;
  const auto passed = static_cast<float>(hour - anomaly.first) / static_cast<float>(anomaly.last - anomaly.first);
  return reading + size * std::min(1.0F, 3 * passed);  // creeps away, stays, until somebody mends it
}

}  // namespace

std::vector<Anomaly> planted(const Record& record, std::uint64_t first) {
  std::vector<Anomaly> all;
  if (first + kSegment > record.hours) return all;  // not in the piece at the end
  for (std::uint32_t sensor = 0; sensor < record.sensors; ++sensor) {
    kiln::Random random = stream(record, kPlanted, first / kSegment, sensor);
    if (random.uniform() < 0.3) all.push_back(plant(random, sensor, first));
  }
  return all;
}

std::vector<float> make_readings(const Record& record, std::uint64_t first, std::uint64_t last) {
  std::vector<float> readings((last - first) * record.sensors);
  for (std::uint64_t begin = first / kSegment * kSegment; begin < last; begin += kSegment) {
    std::vector<const Anomaly*> wrong(record.sensors, nullptr);
    const std::vector<Anomaly> anomalies = planted(record, begin);
    for (const Anomaly& anomaly : anomalies) wrong[anomaly.sensor] = &anomaly;
    for (std::uint32_t sensor = 0; sensor < record.sensors; ++sensor) {
      kiln::Random random = stream(record, kReadings, begin / kSegment, sensor);
      for (std::uint64_t hour = begin; hour < std::min(begin + kSegment, last); ++hour) {
        auto reading = static_cast<float>(cycle(hour, sensor) + kNoise * random.normal());
        if (wrong[sensor] != nullptr) reading = disturb(*wrong[sensor], hour, reading);
        if (hour >= first) readings[(hour - first) * record.sensors + sensor] = reading;
      }
    }
  }
  return readings;
}

void write_record(const Record& record, const std::string& path) {
  kiln::ArrayFile file(path);
  file.create<float>("readings/celsius", record.hours, record.sensors, kSegment);
  for (std::uint64_t hour = 0; hour < record.hours; hour += kSegment) {
    const std::vector<float> piece = make_readings(record, hour, std::min(hour + kSegment, record.hours));
    file.append<float>(piece);
  }
  file.attribute("what", std::string("hourly readings in degrees Celsius, hours x sensors; made by a generator"));
  file.attribute("seed", static_cast<double>(record.seed));
  file.close();
}

}  // namespace sensors
