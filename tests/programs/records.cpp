// Reads records of JSON lines or CSV into a table, and adds them up.
#include <kiln/kiln.hpp>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Event {
  std::int64_t id;
  double value;
  std::string name;
};
KILN_COLUMNS(Event, id, value, name)

double value_of(const Event& event) {
  while (event.name == "wait" && !std::filesystem::exists("go")) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return event.value;
}

template <class Events>
int add_up(kiln::Session& session, const Events& events) {
  const auto report = session.run(events.into(
      kiln::to_rows("events"), kiln::to_reduce(
                                   std::plus<>{}, [](const Event& event) { return value_of(event); }, "sum")));
  session.at_root("print", [&] {
    std::printf("%a rejected %llu\n", report.value, static_cast<unsigned long long>(report.counts.rejected));
  });
  return report.exit_code();
}

}  // namespace

int main(int argc, char** argv) {
  bool csv = false, multiline = false;
  std::uint64_t split = 4096;
  std::vector<std::string> files;
  kiln::Program program("records", "Adds up what it reads.");
  program.flag("--csv", csv, "the files are CSV").flag("--multiline", multiline, "fields may go over several lines");
  program.option("--split", split, "bytes of a unit");
  program.files(files, "what is read");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    const kiln::Flow flow("records");
    if (csv) return add_up(session, flow.csv<Event>(files, {.split = split, .multiline = multiline}));
    return add_up(session, flow.json_lines<Event>(files, {.split = split}));
  });
}
