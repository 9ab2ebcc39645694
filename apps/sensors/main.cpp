// sensors: finds gaps, spikes and drift in years of hourly readings of many sensors, in an HDF5 file; recent weeks
// first. docs/programs/sensors.md
#include "detect.hpp"
#include "readings.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <kiln/kiln.hpp>
#include <string>
#include <vector>

namespace {

using sensors::Anomaly;
using sensors::kSegment;

}  // namespace

namespace sensors {
KILN_COLUMNS(Anomaly, sensor, kind, first, last, size)

/// One sensor's part of the summary.
struct Summary {
  std::uint64_t readings = 0, missing = 0, gaps = 0, spikes = 0, drifts = 0;
  float lowest = 1e9F, highest = -1e9F;
};
KILN_COLUMNS(Summary, readings, missing, gaps, spikes, drifts, lowest, highest)
}  // namespace sensors

namespace {

using sensors::Summary;

/// What one segment gives: its anomalies, and its part of each sensor's summary.
struct Findings {
  std::vector<Anomaly> anomalies;
  std::vector<Summary> sensors;
};

Findings look(const kiln::Slice<float>& slice) {
  Findings findings;
  std::vector<float> readings(slice.rows());
  for (std::uint32_t sensor = 0; sensor < slice.columns(); ++sensor) {
    Summary summary;
    for (std::uint64_t hour = 0; hour < slice.rows(); ++hour) {
      const float reading = readings[hour] = slice[hour][sensor];
      if (reading != reading) {
        ++summary.missing;
        continue;
      }
      ++summary.readings;
      summary.lowest = std::min(summary.lowest, reading);
      summary.highest = std::max(summary.highest, reading);
    }
    for (const Anomaly& one : sensors::find_anomalies(sensor, slice.first(), readings)) {
      ++(one.kind == sensors::Kind::gap     ? summary.gaps
         : one.kind == sensors::Kind::spike ? summary.spikes
                                            : summary.drifts);
      findings.anomalies.push_back(one);
    }
    findings.sensors.push_back(summary);
  }
  return findings;
}

std::vector<Summary> merge(std::vector<Summary> left, const std::vector<Summary>& right) {
  for (std::size_t i = 0; i < left.size(); ++i) {
    left[i].readings += right[i].readings;
    left[i].missing += right[i].missing;
    left[i].gaps += right[i].gaps;
    left[i].spikes += right[i].spikes;
    left[i].drifts += right[i].drifts;
    left[i].lowest = std::min(left[i].lowest, right[i].lowest);
    left[i].highest = std::max(left[i].highest, right[i].highest);
  }
  return left;
}

bool same(const Anomaly& a, const Anomaly& b) {
  return a.sensor == b.sensor && a.kind == b.kind && a.first < b.last && b.first < a.last;
}

/// How many of `all` are also in `others`.
std::size_t confirmed(const std::vector<Anomaly>& all, const std::vector<Anomaly>& others) {
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const Anomaly& one) {
    return std::any_of(others.begin(), others.end(), [&](const Anomaly& other) { return same(one, other); });
  }));
}

}  // namespace

int main(int argc, char** argv) {
  std::string data;
  double years = 3;
  std::uint32_t count = 64;
  kiln::Program program(
      "sensors",
      "Finds gaps, spikes and drift in hourly readings (dataset readings/celsius, float32, hours x sensors).");
  program.option("--data", data, "the file; without it one with known anomalies is made beside the run directory");
  program.option("--years", years, "length of the file that is made; 64 sensors and 3 years are 7 MB");
  program.option("--sensors", count, "sensors in the file that is made");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    if (!(years * 365.25 >= 28) || !(years < 1e6) || count == 0)
      throw kiln::Error(kiln::ExitCode::usage, "--years wants at least 28 days (0.08), --sensors at least 1");
    const bool own = data.empty();
    const auto hours = static_cast<std::uint64_t>(years * 365.25 * 24);
    const sensors::Record record{session.seed(), count, hours};
    if (own) {
      data = session.beside("readings-" + std::to_string(count) + "x" + std::to_string(hours) + ".h5");
      session.at_root("make the readings", [&] { sensors::write_record(record, data); });
    }
    kiln::Flow flow("sensors");
    const auto anomalies = [](const Findings& findings) { return findings.anomalies; };
    auto segments = flow.hdf5<float>(data, "readings/celsius", kSegment)
                        .recent_first()
                        .map(look)
                        .into(kiln::to_rows("anomalies", anomalies),
                              kiln::to_reduce(kiln::Collect<std::vector<Anomaly>>{}, anomalies, "found"),
                              kiln::to_reduce(merge, &Findings::sensors, "sensors"));
    const auto report = session.run(segments);

    std::vector<Anomaly> found, truth;
    for (const auto& part : std::get<0>(report.values)) found.insert(found.end(), part.begin(), part.end());
    for (std::uint64_t first = 0; own && first < hours; first += kSegment) {
      const auto part = sensors::planted(record, first);
      truth.insert(truth.end(), part.begin(), part.end());
    }
    const double right =
        static_cast<double>(confirmed(found, truth)) / static_cast<double>(std::max<std::size_t>(found.size(), 1));
    const double caught =
        static_cast<double>(confirmed(truth, found)) / static_cast<double>(std::max<std::size_t>(truth.size(), 1));
    const bool good = !own || (right >= 0.95 && caught >= 0.95);
    session.at_root("print", [&] {
      std::printf("%zu sensors, %llu segments of four weeks: %zu anomalies\n", std::get<1>(report.values).size(),
                  static_cast<unsigned long long>(report.counts.units), found.size());
      if (own) {
        std::printf("%zu were planted: precision %.3f, recall %.3f (0.95 wanted of each)\n", truth.size(), right,
                    caught);
      }
      std::printf("check: %s\n", good ? "good" : "NOT GOOD");
    });
    return good ? report.exit_code() : 1;
  });
}
