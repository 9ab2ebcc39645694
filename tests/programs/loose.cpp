// Sums and counts by key, joined in any order or in the order of the tree (--order tree, of which the run's options
// know nothing: only the plan tells the two apart). Files that it waits for hold the stage that emits, or the one
// behind it.
#include <kiln/kiln.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <utility>

namespace {

void hold(const std::string& name) {
  std::ofstream("notes", std::ios::app) << name + "\n";
  while (!std::filesystem::exists(name)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

struct Total {
  double sum = 0;
  std::uint64_t count = 0;
};
KILN_COLUMNS(Total, sum, count)

struct Row {
  std::uint64_t key;
  double sum;
  std::uint64_t count;
};
KILN_COLUMNS(Row, key, sum, count)

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t units = 300;
  std::string where, order = "any";
  kiln::Program program("loose", "Sums by key in any order.");
  program.option("--units", units, "how many");
  program.option("--hold", where, "where it is held").only_shown("--hold");
  program.option("--order", order, "any or tree").only_shown("--order");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    const auto items = kiln::Flow("loose").range(units).flat_map<std::pair<std::uint64_t, Total>>(
        [where, units](std::uint64_t unit, auto& emit) {
          if (where == "map" && unit + 1 == units) hold(where);
          std::uint64_t state = unit * 0x9e3779b97f4a7c15U + 1;
          for (int i = 0; i < 200; ++i) {
            state = state * 6364136223846793005U + 1442695040888963407U;
            emit({(state >> 33U) % 3000, {1.0 / static_cast<double>(1 + (state >> 40U)), 1}});
          }
        });
    const auto add = [](const Total& a, const Total& b) { return Total{a.sum + b.sum, a.count + b.count}; };
    const auto to_row = [where](const std::pair<std::uint64_t, Total>& one) {
      if (where == "shards" && one.first == 17) hold(where);
      return Row{one.first, one.second.sum, one.second.count};
    };
    const auto report = order == "tree"
                            ? session.run(items.reduce_by_key(add).map(to_row).rows("sums"))
                            : session.run(items.reduce_by_key(kiln::unordered(add)).map(to_row).rows("sums"));
    return report.exit_code();
  });
}
