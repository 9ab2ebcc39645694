#include "bench.hpp"
#include "engine_program.hpp"
#include "process.hpp"
#include "said.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace kiln::bench {
namespace {

constexpr int kWorkers = 2;

/// What the workers say that they spent in units, all together (status.json).
double busy_seconds(const std::filesystem::path& directory) {
  std::ifstream file(directory / "status.json");
  const auto status = nlohmann::json::parse(file);
  double seconds = 0;
  for (const auto& rank : status.at("ranks")) seconds += rank.at("busy_seconds").get<double>();
  return seconds;
}

/// A stage of kiln_bench_library or an example program in a run directory of its own, which is removed; what it
/// printed.
std::string run_stage(const Settings& settings, std::vector<std::string> words, int workers = kWorkers,
                      double* busy = nullptr) {
  const std::filesystem::path directory = settings.work / "library.kiln";
  words.front() = (settings.programs / words.front()).string();
  for (const std::string& word : {std::string("-n"), std::to_string(workers), std::string("--out"), directory.string(),
                                  std::string("--progress"), std::string("none")}) {
    words.push_back(word);
  }
  std::string out = run(words, settings.work).out;
  if (busy != nullptr) *busy = busy_seconds(directory);
  std::filesystem::remove_all(directory);
  return out;
}

double stage_seconds(const Settings& settings, const std::string& what, std::uint64_t units, int workers = kWorkers) {
  return said(run_stage(settings, {"kiln_bench_library", "--what", what, "--units", std::to_string(units)}, workers),
              "seconds");
}

double reference_seconds(const Settings& settings, const std::string& what, std::uint64_t size, int ranks) {
  auto words = under_mpirun(ranks, settings.programs / "kiln_bench_reference_reduce");
  words.push_back(what);
  words.push_back(std::to_string(size));
  return said(run(words, settings.work).out, "seconds");
}

void reduce(const Settings& settings, Lines& lines) {
  const std::uint64_t units = settings.quick ? 16'000'000 : 1'000'000'000;
  const auto seconds = in_turn(settings.rounds(), {[&] { return reference_seconds(settings, "sum", units, kWorkers); },
                                                   [&] { return stage_seconds(settings, "reduce", units); }});
  const auto rate = [&](double s) { return static_cast<double>(units) / s; };
  lines.push_back({fmt::format("sum over {:.0e} units, to a plain loop", static_cast<double>(units)), rate(seconds[1]),
                   rate(seconds[0]), "/s", Bound::at_least, 0.8});
}

/// Utilisation: of the time from the stage's call to its end, the share that the workers spent in units, as they
/// measure it. The plain loop deals the same units out in turn and does nothing else: to it, all that kiln takes
/// longer counts, and so does the machine's mood from one run to the next.
void uneven(const Settings& settings, Lines& lines) {
  const double seconds = settings.quick ? 0.5 : 10;
  for (const auto& [microseconds, target] : {std::pair{10.0, 0.99}, std::pair{1000.0, 0.995}}) {
    const auto units = static_cast<std::uint64_t>(kWorkers * seconds / (microseconds * 1e-6));
    const std::string mean = fmt::format("{}", microseconds);
    std::vector<double> used;
    const auto plain = [&] {
      auto words = under_mpirun(kWorkers, settings.programs / "kiln_bench_reference_reduce");
      words.insert(words.end(), {"uneven", std::to_string(units), mean});
      return said(run(words, settings.work).out, "seconds");
    };
    const auto kiln = [&] {
      double busy = 0;
      const std::string out = run_stage(
          settings,
          {"kiln_bench_library", "--what", "uneven", "--units", std::to_string(units), "--microseconds", mean},
          kWorkers, &busy);
      used.push_back(busy / (kWorkers * said(out, "seconds")));
      return said(out, "seconds");
    };
    const auto took = in_turn(settings.rounds(), {plain, kiln});
    std::nth_element(used.begin(), used.begin() + static_cast<std::ptrdiff_t>(used.size() / 2), used.end());
    lines.push_back({fmt::format("units of {} us, uneven by 10: share of the workers' time spent in them", mean),
                     used[used.size() / 2], 1, "", Bound::at_least, target});
    const auto rate = [&](double s) { return static_cast<double>(units) / s; };
    lines.push_back({"the same, to a plain loop of 2 ranks", rate(took[1]), rate(took[0]), "/s", Bound::none, 0});
  }
}

void histogram(const Settings& settings, Lines& lines) {
  constexpr std::uint64_t kBins = 8U << 20;  // 64 MiB
  const int workers = 4;
  std::string out;
  const auto seconds =
      in_turn(settings.rounds(),
              {[&] { return reference_seconds(settings, "histogram", kBins, workers); },
               [&] {
                 out = run_stage(settings, {"kiln_bench_library", "--what", "histogram", "--units", "64"}, workers);
                 return said(out, "reduced");
               },
               [&] { return said(out, "join"); }, [&] { return said(out, "whole"); }});
  lines.push_back({"64 MiB of counts from 4 ranks, complete there to the sum in rank 0's program, to MPI_Reduce",
                   seconds[1], seconds[0], " s", Bound::at_most, 2});
  lines.push_back({"the same, to the value in every rank's program", seconds[2], seconds[0], " s", Bound::none, 0});
  lines.push_back(
      {"the same, the whole stage with its units, journal and fsync", seconds[3], seconds[0], " s", Bound::none, 0});
}

void rows(const Settings& settings, Lines& lines) {
  const std::uint64_t units = settings.quick ? 100'000 : 10'000'000;
  const auto bare = [&] {
    const std::filesystem::path file = settings.work / "bare.h5";
    const auto out =
        run({(settings.programs / "kiln_bench_reference_rows").string(), file.string(), std::to_string(units)},
            settings.work);
    std::filesystem::remove(file);
    return said(out.out, "seconds");
  };
  // End to end: start of mpirun and results.h5 included.
  const auto whole = [&] {
    const double begun = now();
    stage_seconds(settings, "rows", units);
    return now() - begun;
  };
  const auto seconds = in_turn(settings.rounds(), {bare, whole});
  const auto rate = [&](double s) { return static_cast<double>(units) / s; };
  lines.push_back({fmt::format("{:.0e} rows of 4 columns, start to end, to bare HDF5", static_cast<double>(units)),
                   rate(seconds[1]), rate(seconds[0]), "/s", Bound::at_least, 0.5});
}

void tiles(const Settings& settings, Lines& lines) {
  const auto fixed = [&](const char* how) {
    auto words = under_mpirun(kWorkers, settings.programs / "kiln_bench_reference_tiles");
    words.emplace_back(how);
    return said(run(words, settings.work).out, "seconds");
  };
  const auto seconds = in_turn(settings.rounds(), {[&] { return std::min(fixed("rows"), fixed("columns")); },
                                                   [&] { return said(run_stage(settings, {"tiles"}), "stage took"); }});
  lines.push_back(
      {"tiles: how much faster than in a fixed split", 1 / seconds[1], 1 / seconds[0], "/s", Bound::at_least, 1.3});
}

}  // namespace

Lines library_bench(const Settings& settings) {
  Lines lines;
  reduce(settings, lines);
  uneven(settings, lines);
  histogram(settings, lines);
  rows(settings, lines);
  tiles(settings, lines);
  return lines;
}

}  // namespace kiln::bench
