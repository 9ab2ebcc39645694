// A program of somebody's own: it sees nothing of kiln but what is installed.
#include <cstdint>
#include <iostream>
#include <kiln/kiln.hpp>

int main(int argc, char** argv) {
  return kiln::run_main(argc, argv, [](kiln::Session& session) {
    kiln::Flow flow("pi");
    auto inside = [](std::uint64_t, kiln::Unit& unit) {
      const double x = unit.random().uniform(), y = unit.random().uniform();
      return x * x + y * y < 1 ? 1.0 : 0.0;
    };
    auto pi = flow.range(1'000'000).map(inside).reduce(kiln::Moments{});
    auto report = session.run(pi);
    session.at_root("print", [&] { std::cout << "pi is about " << 4 * report.value.mean() << '\n'; });
    return report.exit_code();
  });
}
