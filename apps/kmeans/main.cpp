// kmeans: Lloyd's algorithm (1957, 1982) over a matrix in an HDF5 file. Each iteration is a stage; the workers keep the
// slices of the matrix that they have read. docs/programs/kmeans.md
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <kiln/array_file.hpp>
#include <kiln/kiln.hpp>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace {

using Centroids = std::vector<double>;  // one behind the other

/// What the points of a slice, or of many, say about the next centroids.
struct Step {
  std::vector<double> sums;           // by cluster and column
  std::vector<std::uint64_t> points;  // by cluster
  double distance = 0;                // sum of squared distances to the nearest centroid
};
KILN_COLUMNS(Step, sums, points, distance)

Step merge(Step left, const Step& right) {
  for (std::size_t i = 0; i < left.sums.size(); ++i) left.sums[i] += right.sums[i];
  for (std::size_t i = 0; i < left.points.size(); ++i) left.points[i] += right.points[i];
  left.distance += right.distance;
  return left;
}

double squared_distance(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

std::span<const double> centroid(const Centroids& centroids, std::size_t cluster, std::size_t columns) {
  return std::span(centroids).subspan(cluster * columns, columns);
}

Step assign(const kiln::Slice<double>& slice, const Centroids& centroids) {
  const std::size_t columns = slice.columns(), clusters = centroids.size() / columns;
  Step step{std::vector<double>(centroids.size()), std::vector<std::uint64_t>(clusters), 0};
  for (std::uint64_t row = 0; row < slice.rows(); ++row) {
    std::size_t nearest = 0;
    double best = std::numeric_limits<double>::infinity();
    for (std::size_t cluster = 0; cluster < clusters; ++cluster) {
      const double distance = squared_distance(slice[row], centroid(centroids, cluster, columns));
      if (distance < best) best = distance, nearest = cluster;
    }
    for (std::size_t i = 0; i < columns; ++i) step.sums[nearest * columns + i] += slice[row][i];
    ++step.points[nearest];
    step.distance += best;
  }
  return step;
}

/// Of the first rows of each slice those that lie furthest from the ones chosen before (Gonzalez, 1985).
Centroids choose(const std::vector<std::vector<double>>& rows, std::size_t clusters) {
  Centroids chosen = rows.front();
  const std::size_t columns = chosen.size();
  std::vector<double> distance(rows.size(), std::numeric_limits<double>::infinity());
  while (chosen.size() < clusters * columns) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto last = std::span<const double>(chosen).last(columns);
      distance[i] = std::min(distance[i], squared_distance(rows[i], last));
    }
    const auto furthest =
        static_cast<std::size_t>(std::max_element(distance.begin(), distance.end()) - distance.begin());
    chosen.insert(chosen.end(), rows[furthest].begin(), rows[furthest].end());
  }
  return chosen;
}

/// Input of our own: clouds around known centres.
constexpr std::uint64_t kColumns = 8, kClouds = 12;

std::vector<double> planted_centre(std::uint64_t cloud) {
  kiln::Random random(7, 1, cloud);
  std::vector<double> centre(kColumns);
  for (double& x : centre) x = random.uniform(-10, 10);
  return centre;
}

void make_points(const std::string& path, std::uint64_t rows) {
  kiln::ArrayFile file(path);
  file.create<double>("points", rows, kColumns, 4096);
  std::vector<std::vector<double>> centres;
  for (std::uint64_t cloud = 0; cloud < kClouds; ++cloud) centres.push_back(planted_centre(cloud));
  std::vector<double> piece;
  for (std::uint64_t i = 0; i < rows; ++i) {
    kiln::Random random(7, 2, i);
    for (const double x : centres[random.below(kClouds)]) piece.push_back(random.normal(x, 0.5));
    if (piece.size() < 4096 * kColumns && i + 1 < rows) continue;
    file.append<double>(piece);
    piece.clear();
  }
  file.close();
}

/// How far the planted centre that was found worst lies from its nearest centroid.
double worst_centre(const Centroids& centroids) {
  double worst = 0;
  for (std::uint64_t cloud = 0; cloud < kClouds; ++cloud) {
    double best = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < centroids.size() / kColumns; ++i) {
      best = std::min(best, squared_distance(planted_centre(cloud), centroid(centroids, i, kColumns)));
    }
    worst = std::max(worst, std::sqrt(best));
  }
  return worst;
}

}  // namespace

int main(int argc, char** argv) {
  std::string data;
  std::uint64_t rows = 400'000, clusters = kClouds, most = 30;
  kiln::Program program("kmeans",
                        "Finds clusters of points in an HDF5 matrix (dataset points, float64, rows x columns).");
  program.option("--data", data, "the file; without it one with known centres is made beside the run directory");
  program.option("--rows", rows, "rows of the file that is made");
  program.option("--clusters", clusters, "how many to find");
  program.option("--iterations", most, "end after so many");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    if (rows == 0 || clusters == 0) throw kiln::Error(kiln::ExitCode::usage, "--rows and --clusters want at least 1");
    const bool own = data.empty();
    if (own) {
      data = session.beside("points-" + std::to_string(rows) + ".h5");
      session.at_root("make the points", [&] { make_points(data, rows); });
    }
    kiln::Flow flow("kmeans");
    const auto points = flow.hdf5<double>(data, "points", 4096, {.keep = true});
    const auto few_rows = [](const kiln::Slice<double>& slice, auto& emit) {
      for (std::uint64_t row = 0; row < std::min<std::uint64_t>(slice.rows(), 16); ++row) {
        emit(std::vector<double>(slice[row].begin(), slice[row].end()));
      }
    };
    const auto sample = session.run(
        points.flat_map<std::vector<double>>(few_rows).reduce(kiln::Collect<std::vector<double>>{}, "sample"));
    Centroids centroids = choose(sample.value, clusters);
    double distance = 0, moved = 1;
    std::uint64_t iteration = 0;
    for (; iteration < most && moved > 1e-12; ++iteration) {
      auto step =
          points.map([&](const kiln::Slice<double>& slice) { return assign(slice, centroids); }).reduce(merge, "step");
      const auto report = session.run(step, kiln::inputs(centroids));
      const Centroids before = centroids;
      const std::size_t columns = centroids.size() / clusters;
      for (std::size_t i = 0; i < centroids.size(); ++i) {
        const std::uint64_t count = report.value.points[i / columns];
        if (count != 0) centroids[i] = report.value.sums[i] / static_cast<double>(count);
      }
      distance = report.value.distance;
      moved = squared_distance(before, centroids);
    }
    const double worst = own ? worst_centre(centroids) : 0;
    const bool good = !own || worst < 0.05;
    session.at_root("print", [&] {
      std::printf("%llu clusters after %llu iterations, mean squared distance %.6f, digest of the centroids %016llx\n",
                  static_cast<unsigned long long>(clusters), static_cast<unsigned long long>(iteration),
                  distance / static_cast<double>(rows), static_cast<unsigned long long>(kiln::inputs(centroids)));
      if (own) std::printf("the worst planted centre is %.4f from its centroid (0.05 allowed)\n", worst);
      std::printf("check: %s\n", good ? "good" : "NOT GOOD");
    });
    return good ? 0 : 1;
  });
}
