// Stages in a loop, each of which needs the value of the one before; between two of them something happens once. Files
// that it waits for hold it at any place.
#include <kiln/kiln.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace {

struct Row {
  std::uint64_t id;
  double value;
};
KILN_COLUMNS(Row, id, value)

void note(const std::string& text) { std::ofstream("notes", std::ios::app) << text + "\n"; }

void wait_for(const std::string& name) {
  while (!std::filesystem::exists(name)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

std::string own_rank() {
  const char* const rank = std::getenv("OMPI_COMM_WORLD_RANK");
  return rank == nullptr ? "0" : rank;
}

/// Where it is held: "unit 2" in the last unit of stage 2 until there is a file unit-2; "root 2" in the at_root behind
/// it, "before 2" on all ranks before it, "behind 2 RANK" on this one. With "throw 2 RANK" that one throws there.
struct Holds {
  std::string where;
  bool has(const std::string& what) const { return ("," + where + ",").find("," + what + ",") != std::string::npos; }
};

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t stages = 5, units = 200;
  Holds holds;
  kiln::Program program("relay", "Hands a value on.");
  program.option("--stages", stages, "how many").option("--units", units, "how many");
  program.option("--hold", holds.where, "where it is held").only_shown("--hold");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    double value = 1;
    std::uint64_t resumed = 0;
    for (std::uint64_t stage = 0; stage < stages; ++stage) {
      const std::string number = std::to_string(stage);
      if (holds.has("before " + number)) {
        note("before " + number);
        wait_for("before-" + number);
      }
      if (holds.has("behind " + number + " " + own_rank())) wait_for("behind-" + number);
      if (holds.has("throw " + number + " " + own_rank())) throw std::runtime_error("no good");
      kiln::Flow flow("relay " + number);
      auto rows = flow.range(units).map([&, held = holds.has("unit " + number)](std::uint64_t i) {
        if (held && i + 1 == units) note("unit " + number);
        if (held && i + 1 == units) wait_for("unit-" + number);
        return Row{i, value / (1.0 + static_cast<double>(i))};
      });
      const auto report =
          session.run(rows.into(kiln::to_rows("rows-" + number), kiln::to_reduce(std::plus<>{}, &Row::value, "sum")));
      value = 1 + report.value / static_cast<double>(units);
      resumed += report.resumed ? 1 : 0;
      session.at_root("note", [&] {
        note("root " + number + " begins");
        if (holds.has("root " + number)) wait_for("root-" + number);
        note("root " + number + " ends");
      });
    }
    session.at_root("print", [&] { std::printf("%a\n", value); });
    if (resumed != 0) note("rank " + own_rank() + " resumed " + std::to_string(resumed));
    return 0;
  });
}
