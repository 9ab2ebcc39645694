#include "job/cut_off.hpp"

#include "base/json_number.hpp"
#include "base/log.hpp"
#include "base/quantity.hpp"
#include "base/time.hpp"
#include "store/run_reader.hpp"
#include "store/small_file.hpp"

#include <fmt/core.h>

#include <exception>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace kiln::job {

std::optional<CutOff> find_cut_off(const std::string& directory, const std::vector<observe::SlowUnit>& running,
                                   double launch_seconds) try {
  std::optional<store::RunReader> run;
  for (const observe::SlowUnit& one : running) {
    if (one.seconds < launch_seconds / 2) break;
    if (!run) run = store::RunReader::open(directory);
    if (!run->find_unit(UnitId(one.unit), [](const store::UnitRecord&) {}))
      return CutOff{UnitId(one.unit), one.seconds};
  }
  return std::nullopt;
} catch (const std::exception& error) {
  log::debug("{}", error.what());
  return std::nullopt;
}

std::optional<CutOff> read_cut_off(const std::string& directory) try {
  const std::filesystem::path folder = directory;
  const auto outcome = store::read_small_file(folder / "outcome.json");
  const auto json = nlohmann::json::parse(outcome.value_or(""), nullptr, false);
  const std::string ended = json.is_object() ? json.value("launch_id", "") : "";
  const auto status = store::read_small_file(folder / "status.json");
  if (status) {
    const observe::StatusSnapshot last = observe::status_from_json(*status);
    if (last.launch_id != ended) return find_cut_off(directory, last.slowest, last.updated - last.started);
  }
  if (!json.is_object() || !json.contains("cut_off")) return std::nullopt;
  const nlohmann::json& one = json.at("cut_off");
  return CutOff{UnitId(whole_number<std::uint64_t>(one.at("unit"))), one.at("seconds").get<double>()};
} catch (const std::exception& error) {
  log::debug("{}", error.what());
  return std::nullopt;
}

std::string cut_off_text(const CutOff& cut_off) {
  return fmt::format(
      "unit {} was cut off after {}, most of the time that the job had for commands: give a longer --time",
      cut_off.unit.value(), format_duration(from_seconds(cut_off.seconds)));
}

}  // namespace kiln::job
