#include "job/unwatched_note.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "store/small_file.hpp"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace kiln::job {
namespace {

constexpr const char* kName = "unwatched.json";

std::string variable(const Variables& variables, const char* name) {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

}  // namespace

void note_unwatched(const std::string& directory, const Variables& variables, const std::string& why) try {
  const std::filesystem::path file = std::filesystem::path(directory) / kName;
  if (why.empty()) {
    std::filesystem::remove(file);
    return;
  }
  const auto restarts = parse_count(variable(variables, "SLURM_RESTART_COUNT")).value_or(0);
  const nlohmann::ordered_json json = {{"job", to_utf8(variable(variables, "SLURM_JOB_ID"))},
                                       {"restarts", std::min<std::uint64_t>(restarts, 1'000'000)},
                                       {"why", to_utf8(why)}};
  std::filesystem::create_directories(directory);
  store::write_replaced(file, json.dump() + "\n", store::Durable::no);
} catch (const std::exception& error) {
  log::debug("{}", error.what());
}

std::string read_unwatched(const std::string& directory, const std::string& job, std::int32_t restarts) try {
  const auto text = store::read_small_file(std::filesystem::path(directory) / kName);
  const auto json = nlohmann::json::parse(text.value_or(""), nullptr, false);
  if (!json.is_object() || json.value("job", "") != job || json.value("restarts", -1) != restarts) return "";
  return json.value("why", "");
} catch (const std::exception& error) {
  log::debug("{}", error.what());
  return "";
}

}  // namespace kiln::job
