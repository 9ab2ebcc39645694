#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace kiln::bench {

/// What a bench is told.
struct Settings {
  bool quick = false;              ///< small numbers, one round: does it work, not how fast
  std::filesystem::path programs;  ///< where kiln and the references are
  std::filesystem::path work;      ///< an empty folder for what a bench writes; removed at the end
  int rounds() const { return quick ? 1 : 5; }
};

/// What a line of the table claims.
enum class Bound { at_least, at_most, none };

/// One line of the table: kiln's value, what it is compared with, and whether the target is met.
struct Line {
  std::string what;
  double measured = 0;
  double reference = 0;  ///< 0: there is none; `value` is `measured` then, else measured / reference
  std::string measured_unit;
  Bound bound = Bound::none;
  double target = 0;

  double value() const { return reference > 0 ? measured / reference : measured; }
  bool met() const;
};

using Lines = std::vector<Line>;

/// 20,000 times /bin/true: kiln run, a minimal spawn loop, xargs, GNU Parallel.
Lines spawn_bench(const Settings& settings);
/// No-op units with a payload and a result: kiln's engine and a hand-written loop over MPI.
Lines dispatch_bench(const Settings& settings);
/// Ten million results with and without checkpoints; resume; memory of rank 0.
Lines checkpoint_bench(const Settings& settings);
/// The processor time of the coordinator while the workers compute.
Lines idle_bench(const Settings& settings);

/// What it costs that ranks may die: the same runs with --heartbeat 5s (the default) and with --heartbeat 0.
Lines recovery_bench(const Settings& settings);
/// Stages of the library: a sum over many units, uneven units, large partial results, many rows.
Lines library_bench(const Settings& settings);

/// Units a second of `kiln run -n 2` over a file of tasks, with these options, as results.h5 has them: the start of MPI
/// is not counted.
double command_rate(const Settings& settings, const std::filesystem::path& tasks,
                    const std::vector<std::string>& options = {});

/// The parts of keyed steps on one thread against references written by hand: hash, word count, sort, group, join.
Lines keyed_bench(const Settings& settings);

/// Steps by key on two workers against programs over MPI written by hand: sort, group, join, words, the exchange alone;
/// a budget of memory that is kept; one worker and two.
Lines shuffle_bench(const Settings& settings);

double median(std::vector<double> values);

/// Calls each once a round, in turn, and returns the medians in the same order. The machine has moods that last
/// longer than a round: only what was measured in turn is compared.
std::vector<double> in_turn(int rounds, const std::vector<std::function<double()>>& measurements);

}  // namespace kiln::bench
