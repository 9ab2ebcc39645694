// Reads lines, an HDF5 dataset or a grid, as `--source` says, in two stages.
#include <kiln/kiln.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Row {
  double value;
};
KILN_COLUMNS(Row, value)

int print(kiln::Session& session, const kiln::Report<double>& first, const kiln::Report<double>& second) {
  session.at_root("print", [&] {
    std::printf("%a %a units %llu failed %llu rejected %llu\n", first.value, second.value,
                static_cast<unsigned long long>(first.counts.units),
                static_cast<unsigned long long>(first.counts.failed),
                static_cast<unsigned long long>(first.counts.rejected));
  });
  return first.exit_code();
}

double number(const kiln::Line& line) {
  const std::string text(line.text);
  if (text == "wait") {
    while (!std::filesystem::exists("go")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return 0;
  }
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0') throw kiln::Rejected("no number");
  return value;
}

int run_lines(kiln::Session& session, const std::vector<std::string>& patterns) {
  const auto numbers = kiln::Flow("lines").lines(patterns).map(number);
  const auto row = [](double x) { return Row{x}; };
  const auto first = session.run(numbers.into(kiln::to_rows("numbers", row), kiln::to_reduce(std::plus<>{}, "sum")));
  const auto second = session.run(numbers.map([](double x) { return 2 * x; }).reduce(std::plus<>{}, "doubled"));
  return print(session, first, second);
}

/// Between the stages the file "other" is written over the data, unseen: who reads them again gets other values.
int run_hdf5(kiln::Session& session, const std::string& file, const std::string& dataset, bool keep) {
  const auto slices = kiln::Flow("slices").hdf5<double>(file, dataset, 10, {.keep = keep});
  const auto sums = slices.map([](const kiln::Slice<double>& slice) {
    double sum = 0;
    for (const double value : slice.values()) sum += value;
    return sum;
  });
  const auto first = session.run(sums.reduce(std::plus<>{}, "sum"));
  session.at_root("between", [&] {
    if (!std::filesystem::exists("other")) return;
    const auto time = std::filesystem::last_write_time(file);
    std::filesystem::copy_file("other", file, std::filesystem::copy_options::overwrite_existing);
    std::filesystem::last_write_time(file, time);
  });
  return print(session, first, session.run(sums.reduce(std::plus<>{}, "again")));
}

kiln::Axis axis_of(const std::string& what) {
  if (what == "none") return {"x", kiln::Values(std::vector<double>{})};
  if (what == "step") return {"x", kiln::steps(0, 1, 0)};
  if (what == "away") return {"x", kiln::steps(0, 1, -1)};
  if (what == "same") return {"x", kiln::linspace(1, 1, 5)};
  return {"x", kiln::steps(0, 9, 1)};
}

int run_grid(kiln::Session& session, const std::string& what) {
  const auto values = kiln::Flow("grid").grid({axis_of(what)}).map([](kiln::Point point) { return point["x"]; });
  const auto first = session.run(values.reduce(std::plus<>{}, "sum"));
  return print(session, first, first);
}

}  // namespace

int main(int argc, char** argv) {
  std::string source = "lines", dataset = "points", axis = "steps";
  bool keep = false;
  std::vector<std::string> files;
  kiln::Program program("reader", "Adds up what it reads, twice.");
  program.option("--source", source, "lines, hdf5 or grid").option("--dataset", dataset, "of the HDF5 file");
  program.option("--axis", axis, "what the grid's axis is like").flag("--keep", keep, "slices stay in memory");
  program.files(files, "what is read");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    if (source == "grid") return run_grid(session, axis);
    if (source == "hdf5") return run_hdf5(session, files.at(0), dataset, keep);
    return run_lines(session, files);
  });
}
