#include "engine_program.hpp"

#include "process.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <kiln/error.hpp>
#include <kiln/exit_code.hpp>
#include <nlohmann/json.hpp>

namespace kiln::bench {

std::vector<std::string> under_mpirun(int ranks, const std::filesystem::path& program) {
  std::vector<std::string> words = {"mpirun", "-n", std::to_string(ranks), "--oversubscribe", "--bind-to", "none"};
  for (const char* word : {"--mca", "pml", "ob1", "--mca", "btl", "self,vader,tcp"}) words.emplace_back(word);
  words.push_back(program.string());
  return words;
}

EngineResult run_engine(const Settings& settings, const EngineRun& asked) {
  auto words = under_mpirun(asked.ranks, settings.programs / "kiln_bench_engine");
  const auto option = [&](const char* name, const std::string& value) {
    words.emplace_back(name);
    words.push_back(value);
  };
  option("--units", std::to_string(asked.units));
  option("--batch", asked.batch);
  option("--unit-time", asked.unit_time);
  option("--checkpoint-every", asked.checkpoint_every);
  option("--heartbeat", asked.heartbeat);
  if (!asked.name.empty()) option("--out", (settings.work / asked.name).string());
  option("--stop-after", std::to_string(asked.stop_after));
  const int expected = to_int(asked.stop_after > 0 ? ExitCode::stopped_early : ExitCode::ok);
  const std::string out = run(words, settings.work, "/dev/null", expected).out;

  // One JSON object, alone on its line.
  const auto said = nlohmann::json::parse(out.substr(std::min(out.find('{'), out.size())), nullptr, false);
  if (!said.is_object()) throw Error(ExitCode::internal, fmt::format("kiln_bench_engine printed \"{}\"", out));
  EngineResult result;
  result.units = said.at("units").get<std::uint64_t>();
  result.seconds = said.at("seconds").get<double>();
  result.first_after = said.at("first_after").get<double>();
  result.max_rss = said.at("max_rss").get<std::uint64_t>();
  return result;
}

}  // namespace kiln::bench
