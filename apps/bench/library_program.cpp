/// kiln_bench_library: stages of the library whose limits are known, as a user would write them.
///
///     kiln_bench_library WHAT -n WORKERS --out DIR --units N        prints: units U seconds S reduced R join J whole W
///
/// reduce: the sum of 1 / (unit + 1); uneven: units that compute for about --microseconds, the longest ten times as
/// long as the shortest; rows: rows of four columns; histogram: counts of --bins bins, every unit adds 1,000; R: from
/// the moment when the last of the workers has its own counts complete (as MPI_Reduce begins), until rank 0's program
/// has the value; J: until every rank's has. W: from the stage's call until all of it is on disk.
#include "uneven_work.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <kiln/kiln.hpp>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Row {
  double a, b, c, d;
};
KILN_COLUMNS(Row, a, b, c, d)

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Of this rank: when it last added to counts.
std::atomic<double> last_added = 0;

/// Counts in so many bins.
struct Bins {
  using value_type = std::vector<std::uint64_t>;
  static constexpr bool exact = true;
  std::uint64_t bins = 0;

  std::size_t counts() const { return bins; }
  value_type zero() const { return value_type(bins); }
  std::string describe() const { return "bins(" + std::to_string(bins) + ")"; }
  value_type lift(std::uint64_t unit) const {
    value_type counts(bins);
    add(counts, unit);
    return counts;
  }
  void add(value_type& counts, std::uint64_t unit) const {
    if (counts.empty()) counts.resize(bins);
    for (std::uint64_t i = 0; i < 1'000; ++i) ++counts[(unit * 1'000 + i) * 0x9E3779B97F4A7C15ULL % bins];
    last_added = wall_seconds();
  }
  void merge(value_type& left, const value_type& right) const {
    if (left.empty()) left.resize(bins);
    for (std::size_t i = 0; i < right.size(); ++i) left[i] += right[i];
    last_added = wall_seconds();
  }
};

/// A file a rank: when its own counts were complete, and when it had the value.
void tell_times(const std::string& directory) {
  const char* const rank = std::getenv("OMPI_COMM_WORLD_RANK");
  std::ofstream(directory + "/times-" + (rank == nullptr ? "0" : rank) + ".part")
      << std::fixed << last_added << ' ' << wall_seconds() << '\n';
  std::filesystem::rename(directory + "/times-" + (rank == nullptr ? "0" : rank) + ".part",
                          directory + "/times-" + (rank == nullptr ? "0" : rank));
}

struct JoinTimes {
  double reduced = 0, everywhere = 0;
};

JoinTimes join_times(const std::string& directory) {
  const char* const size = std::getenv("OMPI_COMM_WORLD_SIZE");
  double ended = 0, had = 0, first = 0;
  for (int rank = 0; rank < (size == nullptr ? 1 : std::atoi(size)); ++rank) {
    const std::string file = directory + "/times-" + std::to_string(rank);
    while (!std::filesystem::exists(file)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    double one = 0, other = 0;
    std::ifstream(file) >> one >> other;
    std::filesystem::remove(file);
    ended = std::max(ended, one);
    had = std::max(had, other);
    if (rank == 0) {
      first = other;
      ended = 0;  // what rank 0 adds belongs to the join
    }
  }
  return {first - ended, had - ended};
}

}  // namespace

int main(int argc, char** argv) {
  std::string what = "reduce";
  std::uint64_t units = 1'000'000, bins = 8U << 20;
  double microseconds = 10;
  kiln::Program program("kiln_bench_library", "Stages whose limits are known.");
  program.option("--what", what, "reduce, uneven, rows or histogram");
  program.option("--units", units, "how many");
  program.option("--bins", bins, "of the histogram");
  program.option("--microseconds", microseconds, "mean of an uneven unit");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    kiln::Flow flow(what);
    double seconds = 0;
    const double begun = wall_seconds();
    int code = 0;
    const auto note = [&](const auto& report) { seconds = report.seconds, code = report.exit_code(); };
    auto range = flow.range(units);
    if (what == "reduce") {
      note(session.run(range.map([](std::uint64_t unit) { return 1.0 / (static_cast<double>(unit) + 1); })
                           .reduce(kiln::Sum<double>{})));
    } else if (what == "uneven") {
      note(session.run(range.map([&](std::uint64_t unit) { return kiln::bench::uneven_work(unit, microseconds); })
                           .reduce(kiln::Sum<double>{})));
    } else if (what == "rows") {
      note(session.run(range
                           .map([](std::uint64_t unit) {
                             const auto x = static_cast<double>(unit);
                             return Row{x, 0.5 * x, x * x, -x};
                           })
                           .rows("results")));
    } else {
      note(session.run(range.reduce(Bins{bins})));
      tell_times(session.directory());
    }
    session.at_root("print", [&] {
      const double whole = wall_seconds() - begun;
      const JoinTimes join = what == "histogram" ? join_times(session.directory()) : JoinTimes();
      std::printf("units %llu seconds %.6f reduced %.6f join %.6f whole %.6f\n", static_cast<unsigned long long>(units),
                  seconds, join.reduced, join.everywhere, whole);
    });
    return code;
  });
}
