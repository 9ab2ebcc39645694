#include "bench.hpp"
#include "engine_program.hpp"
#include "process.hpp"
#include "said.hpp"

#include <fmt/core.h>

#include <array>
#include <fstream>

namespace kiln::bench {
namespace {

constexpr double kTarget = 0.99;
constexpr std::array<const char*, 2> kOff = {"--heartbeat", "0"};
constexpr std::array<const char*, 2> kOn = {"--heartbeat", "5s"};

std::vector<std::string> words_of(const std::array<const char*, 2>& option) { return {option[0], option[1]}; }

/// Uneven units of 10 us in the library, on two workers.
double library_rate(const Settings& settings, std::uint64_t units, const std::array<const char*, 2>& heartbeat) {
  const std::filesystem::path directory = settings.work / "recovery.kiln";
  std::vector<std::string> words = {(settings.programs / "kiln_bench_library").string()};
  for (const char* word : {"--what", "uneven", "--microseconds", "10", "-n", "2", "--progress", "none", "--units"}) {
    words.emplace_back(word);
  }
  words.push_back(std::to_string(units));
  words.insert(words.end(), {"--out", directory.string(), heartbeat[0], heartbeat[1]});
  const double seconds = said(run(words, settings.work).out, "seconds");
  std::filesystem::remove_all(directory);
  return static_cast<double>(units) / seconds;
}

double engine_rate(const Settings& settings, std::uint64_t units, const char* batch, const char* heartbeat) {
  EngineRun asked;
  asked.units = units;
  asked.batch = batch;
  asked.heartbeat = heartbeat;
  asked.name = "";
  return run_engine(settings, asked).rate();
}

}  // namespace

Lines recovery_bench(const Settings& settings) {
  const std::uint64_t units = settings.quick ? 50'000 : 2'000'000;
  const std::uint64_t many = settings.quick ? 500'000 : 30'000'000, few = settings.quick ? 10'000 : 200'000;
  const int times = settings.quick ? 1'000 : 20'000;
  const auto tasks = settings.work / "true.txt";
  {
    std::ofstream out(tasks);
    for (int i = 0; i < times; ++i) out << "/bin/true\n";
  }
  const auto rates = in_turn(settings.rounds(), {[&] { return library_rate(settings, units, kOff); },
                                                 [&] { return library_rate(settings, units, kOn); },
                                                 [&] { return command_rate(settings, tasks, words_of(kOff)); },
                                                 [&] { return command_rate(settings, tasks, words_of(kOn)); },
                                                 [&] { return engine_rate(settings, many, "1024", kOff[1]); },
                                                 [&] { return engine_rate(settings, many, "1024", kOn[1]); },
                                                 [&] { return engine_rate(settings, few, "1", kOff[1]); },
                                                 [&] { return engine_rate(settings, few, "1", kOn[1]); }});
  const auto line = [&](const std::string& what, std::size_t at, Bound bound) {
    return Line{what + ", --heartbeat 5s to 0",    rates[at + 1], rates[at], "/s", bound,
                bound == Bound::none ? 0 : kTarget};
  };
  return {line("units of 10 us in the library, 2 workers", 0, Bound::at_least),
          line(fmt::format("{} x /bin/true, 2 workers", times), 2, Bound::at_least),
          line("no-op units of 64 B, 1,024 a message, 1 worker", 4, Bound::none),
          line("the same, one a message", 6, Bound::none)};
}

}  // namespace kiln::bench
