// A value of many counts, which every rank needs in the stage after it.
#include <kiln/kiln.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

namespace {

bool is_second_rank() {
  const char* const rank = std::getenv("OMPI_COMM_WORLD_RANK");
  return rank != nullptr && std::string_view(rank) == "1";
}

// The most memory that this process has had, in KiB, into a file for its rank.
void tell_memory(const std::string& file) {
  const char* const rank = std::getenv("OMPI_COMM_WORLD_RANK");
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) std::ofstream(file + (rank == nullptr ? "0" : rank)) << std::stoull(line.substr(6));
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t bins = 200'000, units = 2'000;
  std::string gate, memory, late;
  kiln::Program program("wide", "Counts in many bins.");
  program.option("--bins", bins, "how many").option("--units", units, "how many");
  program.option("--gate", gate, "the last unit waits for this file");
  program.option("--peak", memory, "files for the most memory of each rank begin so");
  program.option("--late", late, "the second rank begins when there is this file").only_shown("--late");
  program.only_shown("--gate").only_shown("--peak");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    while (is_second_rank() && !late.empty() && !std::filesystem::exists(late)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
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
    if (!memory.empty()) {
      tell_memory(memory);
      session.at_root("memory", [&] { tell_memory(memory + "disk-"); });  // the stage is on disk
    }
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
