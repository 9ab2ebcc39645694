// A value of many counts, which every rank needs in the stage after it.
#include <kiln/kiln.hpp>

#include <cstdint>
#include <cstdio>

int main(int argc, char** argv) {
  std::uint64_t bins = 200'000, units = 2'000;
  kiln::Program program("wide", "Counts in many bins.");
  program.option("--bins", bins, "how many").option("--units", units, "how many");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    kiln::Flow flow("count");
    const auto counted =
        session.run(flow.range(units)
                        .map([bins](std::uint64_t unit) {
                          return static_cast<double>((unit * 0x9E3779B97F4A7C15ULL >> 11U) % bins) + 0.5;
                        })
                        .reduce(kiln::Histogram(0.0, static_cast<double>(bins), bins)));
    const auto& histogram = counted.value;
    kiln::Flow second("look");
    const auto looked = session.run(second.range(bins)
                                        .map([&](std::uint64_t bin) { return histogram.count(bin) * (bin * bin + 1); })
                                        .reduce(kiln::Sum<std::uint64_t>{}));
    session.at_root("print", [&] {
      std::printf("%llu of %llu, %llu\n", static_cast<unsigned long long>(histogram.total()),
                  static_cast<unsigned long long>(units), static_cast<unsigned long long>(looked.value));
    });
    return looked.exit_code();
  });
}
