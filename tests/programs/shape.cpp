// A table of one column; built a second time as shape_changed, with another one beside it, as if its author had gone
// on.
#include <kiln/kiln.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <thread>

namespace {

struct Row {
  std::uint64_t id;
#ifdef SHAPE_CHANGED
  double half;
#endif
};
#ifdef SHAPE_CHANGED
KILN_COLUMNS(Row, id, half)
#else
KILN_COLUMNS(Row, id)
#endif

Row make_row(std::uint64_t i) {
  while (i == 90 && !std::filesystem::exists("go")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  Row row{};
  row.id = i;
#ifdef SHAPE_CHANGED
  row.half = static_cast<double>(i) / 2;
#endif
  return row;
}

}  // namespace

int main(int argc, char** argv) {
  kiln::Program program("shape", "Keeps rows whose type changes.");
  return kiln::run_main(program, argc, argv, [](kiln::Session& session) {
    const auto report = session.run(kiln::Flow("rows").range(100).map(make_row).rows("rows"));
    session.at_root("print", [&] { std::printf("%llu\n", static_cast<unsigned long long>(report.counts.done)); });
    return report.exit_code();
  });
}
