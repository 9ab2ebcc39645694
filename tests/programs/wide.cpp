// A value of many counts, which every rank needs in the stage after it.
#include <kiln/kiln.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>

int main(int argc, char** argv) {
  std::uint64_t bins = 200'000, units = 2'000;
  std::string gate;
  kiln::Program program("wide", "Counts in many bins.");
  program.option("--bins", bins, "how many").option("--units", units, "how many");
  program.option("--gate", gate, "the last unit waits for this file");
  program.only_shown("--gate");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    kiln::Flow flow("count");
    auto numbers = flow.range(units).map([&](std::uint64_t id, kiln::Unit& unit) {
      while (id + 1 == units && !gate.empty() && !std::filesystem::exists(gate) && !unit.cancelled()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
      return static_cast<double>((id * 0x9E3779B97F4A7C15ULL >> 11U) % bins) + 0.5;
    });
    const auto counted =
        session.run(numbers.into(kiln::to_reduce(kiln::Histogram(0.0, static_cast<double>(bins), bins), "histogram"),
                                 kiln::to_reduce(kiln::Moments{}, "moments")));
    const auto& [histogram, moments] = counted.values;
    kiln::Flow second("look");
    const auto looked = session.run(second.range(bins)
                                        .map([&](std::uint64_t bin) { return histogram.count(bin) * (bin * bin + 1); })
                                        .reduce(kiln::Sum<std::uint64_t>{}));
    session.at_root("print", [&] {
      std::printf("%llu of %llu, %llu, %a\n", static_cast<unsigned long long>(histogram.total()),
                  static_cast<unsigned long long>(units), static_cast<unsigned long long>(looked.value),
                  moments.variance());
    });
    return looked.exit_code();
  });
}
