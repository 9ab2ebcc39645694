#include "bench.hpp"
#include "engine_program.hpp"
#include "process.hpp"
#include "said.hpp"

#include <fmt/core.h>

namespace kiln::bench {
namespace {

double rate_in(const std::string& out) { return said(out, "units") / said(out, "seconds"); }

double reference_rate(const Settings& settings, int ranks, std::uint64_t units, std::uint64_t a_message) {
  auto words = under_mpirun(ranks, settings.programs / "kiln_bench_reference");
  words.push_back(std::to_string(units));
  words.push_back(std::to_string(a_message));
  return rate_in(run(words, settings.work).out);
}

double engine_rate(const Settings& settings, int ranks, std::uint64_t units, const std::string& batch) {
  EngineRun asked;
  asked.units = units;
  asked.batch = batch;
  asked.ranks = ranks;
  asked.name = "";  // as the reference: results arrive at the coordinator, nobody writes them
  return run_engine(settings, asked).rate();
}

void compare(const Settings& settings, int workers, Lines& lines) {
  const std::uint64_t many = settings.quick ? 500'000 : 30'000'000;
  const std::uint64_t few = settings.quick ? 10'000 : 200'000;
  const int ranks = workers + 1;
  const auto rates = in_turn(settings.rounds(), {[&] { return reference_rate(settings, ranks, many, 1'024); },
                                                 [&] { return engine_rate(settings, ranks, many, "1024"); },
                                                 [&] { return reference_rate(settings, ranks, few, 1); },
                                                 [&] { return engine_rate(settings, ranks, few, "1"); }});
  const std::string who = fmt::format("{} worker{}", workers, workers == 1 ? "" : "s");
  lines.push_back({"no-op units of 64 B, 1,024 a message, " + who, rates[1], rates[0], "/s", Bound::at_least, 0.5});
  lines.push_back({"no-op units of 64 B, one a message, " + who, rates[3], rates[2], "/s", Bound::none, 0});
}

}  // namespace

Lines dispatch_bench(const Settings& settings) {
  Lines lines;
  compare(settings, 1, lines);
  compare(settings, 2, lines);
  return lines;
}

}  // namespace kiln::bench
