#include "bench.hpp"
#include "engine_program.hpp"

namespace kiln::bench {
namespace {

// With two workers the units last 60 s and more in total.
EngineRun ten_million(const Settings& settings) {
  EngineRun run;
  run.units = settings.quick ? 200'000 : 10'000'000;
  run.ranks = 3;
  run.unit_time = "13us";
  return run;
}

double seconds_of(const Settings& settings, const EngineRun& asked) {
  const double seconds = run_engine(settings, asked).seconds;
  std::filesystem::remove_all(settings.work / asked.name);
  return seconds;
}

}  // namespace

Lines checkpoint_bench(const Settings& settings) {
  EngineRun without = ten_million(settings);
  EngineRun with = without;
  with.checkpoint_every = "1s";
  const int rounds = settings.quick ? 1 : 3;
  const auto seconds = in_turn(rounds, {[&] { return seconds_of(settings, without); },  //
                                        [&] { return seconds_of(settings, with); }});

  // A run that was stopped shortly before its end, with nearly all units committed, and goes on.
  EngineRun stopped = with;
  stopped.unit_time = "0";
  stopped.stop_after = stopped.units - stopped.units / 1'000;
  run_engine(settings, stopped);
  stopped.stop_after = 0;
  const EngineResult resumed = run_engine(settings, stopped);
  std::filesystem::remove_all(settings.work / stopped.name);

  constexpr double kMebibyte = 1024.0 * 1024.0;
  return {{"10 M results, checkpoint every 1 s, to without", seconds[1], seconds[0], "s", Bound::at_most, 1.02},
          {"resume with 10 M done: until units are handed out", resumed.first_after, 0, "s", Bound::at_most, 2},
          {"resume with 10 M done: memory of rank 0", static_cast<double>(resumed.max_rss) / kMebibyte, 0, "MiB",
           Bound::at_most, 1024}};
}

}  // namespace kiln::bench
