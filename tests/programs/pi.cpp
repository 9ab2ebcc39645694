// pi from random points, then a second stage that uses the value of the first.
#include <kiln/kiln.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

int main(int argc, char** argv) {
  std::uint64_t points = 100'000;
  std::string gate;
  kiln::Program program("pi", "Estimates pi.");
  program.option("--points", points, "how many").option("--gate", gate, "later units wait for this file");
  program.only_shown("--gate");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    kiln::Flow flow("pi");
    auto inside =
        flow.range(points)
            .map([&](std::uint64_t i, kiln::Unit& unit) {
              while (i == points / 2 && !gate.empty() && !std::filesystem::exists(gate) && !unit.cancelled()) {
                std::this_thread::sleep_for(std::chrono::milliseconds(5));
              }
              auto& random = unit.random();
              const auto draw = [&] { return static_cast<double>(random() >> 11U) * 0x1p-53; };
              const double x = draw(), y = draw();
              return x * x + y * y < 1 ? 4.0 : 0.0;
            })
            .reduce(std::plus<>{});
    const auto first = session.run(inside);
    const double pi = first.value / static_cast<double>(points);
    kiln::Flow second("distance");
    auto spread = second.range(1000)
                      .map([pi](std::uint64_t i) { return 1.0 / (static_cast<double>(i) + pi); })
                      .reduce(std::plus<>{});
    const auto report = session.run(spread);
    session.at_root("print", [&] { std::printf("%a %a\n", pi, report.value); });
    return report.exit_code();
  });
}
