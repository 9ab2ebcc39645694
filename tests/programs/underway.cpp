// Values of a stage that goes on: some units wait for a file.
#include <kiln/kiln.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

int main(int argc, char** argv) {
  std::uint64_t units = 20'000;
  std::uint64_t gated = 100;
  std::uint64_t bins = 4;
  std::string gate, told;
  kiln::Program program("underway", "Counts and adds up.");
  program.option("--units", units, "how many").option("--gate", gate, "some units wait for this file");
  program.option("--gated", gated, "every so many units one waits");
  program.option("--bins", bins, "of the histogram");
  program.option("--told", told, "what the sum has come to goes into this file").only_shown("--told");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    const auto wait = [&](std::uint64_t i, kiln::Unit& unit) {
      while (i % gated == gated - 1 && !gate.empty() && !std::filesystem::exists(gate) && !unit.cancelled()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
      return 3 * i;
    };
    auto items = kiln::Flow("underway").range(units).map(wait);
    const auto tripled = [](std::uint64_t item) { return static_cast<double>(item) / 3; };
    const auto report = session.run(
        items.into(kiln::to_reduce(kiln::Count{}, "count"),
                   kiln::to_reduce(kiln::so_far(
                                       kiln::Sum<std::uint64_t>{},
                                       [&](std::uint64_t value, std::uint64_t of_units) {
                                         if (told.empty()) return;
                                         std::ofstream(told, std::ios::app) << of_units << ' ' << value << std::endl;
                                         if (told == "throws") throw std::runtime_error("no more");
                                       },
                                       std::chrono::milliseconds(200)),
                                   "sum"),
                   kiln::to_reduce(kiln::ExactSum{}, tripled, "exact"), kiln::to_reduce(kiln::Mean{}, tripled, "mean"),
                   kiln::to_reduce(kiln::Histogram(0.0, static_cast<double>(units), bins), tripled, "histogram"),
                   kiln::to_rows("items", [](std::uint64_t item) { return item; })));
    if (!told.empty()) session.at_root("end", [&] { std::ofstream(told, std::ios::app) << "end\n"; });
    return report.exit_code();
  });
}
