// A flow with branches, two steps by key that are merged, shards and a cached stream, of which files that it waits for
// hold the stage that emits, or the one that merges.
#include <kiln/kiln.hpp>
#include <kiln/monoids.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <tuple>
#include <utility>

namespace {

void note(const std::string& text) { std::ofstream("notes", std::ios::app) << text + "\n"; }

/// Where the run is held: until there is a file of that name.
void hold(const std::string& name) {
  note(name);
  while (!std::filesystem::exists(name)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

using Item = std::pair<std::uint64_t, double>;

struct Total {
  std::string of;
  std::uint64_t key = 0;
  double value = 0;
};
KILN_COLUMNS(Total, of, key, value)

/// A key and a value that is no sum of powers of two.
template <class Emit>
void emit_of(std::uint64_t unit, std::uint64_t keys, Emit& emit) {
  std::uint64_t state = unit * 0x9e3779b97f4a7c15U + 1;
  for (int i = 0; i < 200; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const std::uint64_t number = (state >> 33U) % (1 + (state >> 20U) % keys);
    emit({number, 1.0 / static_cast<double>(1 + (state >> 40U))});
  }
}

double sum(double a, double b) { return a + b; }

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t units = 300, keys = 5000;
  std::string where;
  kiln::Program program("graph", "Branches of a flow.");
  program.option("--units", units, "how many").option("--keys", keys, "how many");
  program.option("--hold", where, "where it is held").only_shown("--hold");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    const bool in_map = where == "map", in_shards = where == "shards";
    auto [first, second, third] = kiln::Flow("graph")
                                      .range(units)
                                      .flat_map<Item>([=](std::uint64_t unit, auto& emit) {
                                        if (in_map && unit + 1 == units) hold("map");
                                        emit_of(unit, keys, emit);
                                      })
                                      .copy<3>();
    // Along the tree over the units: other bits, were the order another.
    const auto sums = first.reduce_by_key(sum).map([=](const Item& item) {
      if (in_shards && item.first == 17) hold("shards");
      return Total{"sum", item.first, item.second};
    });
    const auto counts = second.map([](const Item& item) { return std::pair(item.first, std::uint64_t{1}); })
                            .reduce_by_key(std::plus<>{})
                            .map([](const std::pair<std::uint64_t, std::uint64_t>& item) {
                              return Total{"count", item.first, static_cast<double>(item.second)};
                            });
    auto [small, large] = third.split([](const Item& item) { return item.second < 1.2e-7; });
    const auto report = session.run(kiln::together(
        sums.merge(counts).into(kiln::to_rows("totals"), kiln::to_reduce(
                                                             sum, [](const Total& one) { return one.value; }, "all")),
        small.map([](const Item& item) { return item.second; }).reduce(sum, "small"),
        large.reduce(kiln::Count{}, "large")));
    const bool in_cached = where == "cached";
    const auto kept = kiln::Flow("kept")
                          .range(units)
                          .map([](std::uint64_t unit) { return 1.0 / static_cast<double>(3 + unit); })
                          .cache();
    const double total = session.run(kept.reduce(sum)).value;
    const auto above = session.run(kept.filter([=](double one, kiln::Unit& unit) {
                                         if (in_cached && unit.id() == 17) hold("cached");
                                         return one * static_cast<double>(units) > total;
                                       })
                                       .reduce(kiln::Count{}));
    session.at_root("print", [&] {
      const auto& [all, of_small, of_large] = report.values;
      std::printf("%.17g %.17g %llu %.17g %llu\n", all, of_small, static_cast<unsigned long long>(of_large), total,
                  static_cast<unsigned long long>(above.value));
    });
    return report.exit_code();
  });
}
