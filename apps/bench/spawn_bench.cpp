#include "bench.hpp"
#include "process.hpp"
#include "spawn_loop.hpp"

#include <fmt/core.h>

#include <fstream>
#include <kiln/error.hpp>

namespace kiln::bench {
namespace {

constexpr const char* kProgram = "/bin/true";

std::filesystem::path write_lines(const std::filesystem::path& file, int count, const std::string& line) {
  std::ofstream out(file);
  for (int i = 0; i < count; ++i) out << line << '\n';
  out.close();
  if (!out) throw Error(ExitCode::internal, fmt::format("cannot write {}", file.string()));
  return file;
}

// Units a second between the first start and the last end, as results.h5 has them: the start of MPI is not counted.
double rate_of(const std::filesystem::path& directory, const Settings& settings) {
  static constexpr const char* kScript =
      "import h5py, sys\n"
      "units = h5py.File(sys.argv[1], 'r')['units']\n"
      "start, seconds = units['start'][:], units['seconds'][:]\n"
      "print(len(start) / ((start + seconds).max() - start.min()))\n";
  const auto read = run({"/usr/bin/python3", "-c", kScript, (directory / "results.h5").string()}, settings.work);
  return std::stod(read.out);
}

double xargs_rate(const std::filesystem::path& words, int times, const Settings& settings) {
  return times / run({"xargs", "-P2", "-n1", kProgram}, settings.work, words).seconds;
}

// GNU Parallel takes a while to start: the rate is that of the tasks which a long list has more than a short one.
double parallel_rate(const std::filesystem::path& many, const std::filesystem::path& few, int more,
                     const Settings& settings) {
  const double long_run = run({"parallel", "-j2"}, settings.work, many).seconds;
  const double short_run = run({"parallel", "-j2"}, settings.work, few).seconds;
  return more / (long_run - short_run);
}

}  // namespace

double command_rate(const Settings& settings, const std::filesystem::path& tasks,
                    const std::vector<std::string>& options) {
  const auto directory = settings.work / "true.kiln";
  std::vector<std::string> words = {(settings.programs / "kiln").string(),
                                    "run",
                                    "--out",
                                    directory.string(),
                                    "--fresh",
                                    "-n",
                                    "2",
                                    "--progress",
                                    "none"};
  words.insert(words.end(), options.begin(), options.end());
  words.push_back(tasks.string());
  run(words, settings.work);
  const double rate = rate_of(directory, settings);
  std::filesystem::remove_all(directory);
  return rate;
}

Lines spawn_bench(const Settings& settings) {
  const int times = settings.quick ? 2'000 : 20'000;
  const int few = settings.quick ? 100 : 200;
  const int many = settings.quick ? 400 : 1'200;
  const int rounds = settings.quick ? 1 : 3;
  const auto tasks = write_lines(settings.work / "true.txt", times, kProgram);
  const auto words = write_lines(settings.work / "words.txt", times, "x");
  const auto tasks_few = write_lines(settings.work / "few.txt", few, kProgram);
  const auto tasks_many = write_lines(settings.work / "many.txt", many, kProgram);
  const auto rates =
      in_turn(rounds, {[&] { return spawn_loop(kProgram, times, 2); }, [&] { return command_rate(settings, tasks); },
                       [&] { return xargs_rate(words, times, settings); },
                       [&] { return parallel_rate(tasks_many, tasks_few, many - few, settings); }});
  const auto name = [&](const char* against) {
    return fmt::format("{} x /bin/true, 2 workers, to {}", times, against);
  };
  return {{name("a minimal spawn loop"), rates[1], rates[0], "/s", Bound::at_least, 0.9},
          {name("xargs -P2"), rates[1], rates[2], "/s", Bound::at_least, 1.2},
          {name("GNU Parallel -j2"), rates[1], rates[3], "/s", Bound::at_least, 6}};
}

}  // namespace kiln::bench
