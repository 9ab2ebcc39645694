#include "store/owner.hpp"

#include "base/json_number.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "store/small_file.hpp"

#include <fmt/core.h>
#include <unistd.h>
#include <kiln/error.hpp>

#include <array>
#include <cstdlib>
#include <exception>
#include <nlohmann/json.hpp>

namespace kiln::store {
namespace {

std::string read_or_empty(const char* path) {
  try {
    return read_small_file(path).value_or("");
  } catch (const Error&) {
    return "";
  }
}

std::string boot_id() {
  std::string id = read_or_empty("/proc/sys/kernel/random/boot_id");
  while (!id.empty() && id.back() == '\n') id.pop_back();
  std::array<char, 64> space{};
  // Containers of one kernel number their processes apart.
  const ssize_t length = ::readlink("/proc/self/ns/pid", space.data(), space.size());
  if (id.empty() || length <= 0) return "";
  return id + "/" + std::string(space.data(), static_cast<std::size_t>(length));
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::string to_json(const Owner& owner) {
  const nlohmann::ordered_json json = {{"beat", owner.beat},
                                       {"host", to_utf8(owner.host)},
                                       {"boot_id", to_utf8(owner.boot_id)},
                                       {"pid", owner.pid},
                                       {"process_start", owner.process_start},
                                       {"job_id", to_utf8(owner.job_id)},
                                       {"restart_count", owner.restart_count},
                                       {"launch_id", to_utf8(owner.launch_id)},
                                       {"epoch", owner.epoch.value()},
                                       {"released", owner.released}};
  return json.dump() + "\n";
}

std::optional<Owner> parse_owner(std::string_view text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  try {
    Owner owner;
    owner.beat = whole_number<std::uint64_t>(json.at("beat"));
    owner.host = json.at("host").get<std::string>();
    owner.boot_id = json.at("boot_id").get<std::string>();
    owner.pid = whole_number<std::int32_t>(json.at("pid"));
    owner.process_start = whole_number<std::uint64_t>(json.at("process_start"));
    owner.job_id = json.at("job_id").get<std::string>();
    owner.restart_count = whole_number<std::int32_t>(json.at("restart_count"));
    owner.launch_id = json.at("launch_id").get<std::string>();
    owner.epoch = Epoch(whole_number<std::uint32_t>(json.at("epoch")));
    owner.released = json.at("released").get<bool>();
    return owner;
  } catch (const std::exception&) {  // the parser's own, a wrong type, a number out of range
    return std::nullopt;
  }
}

std::optional<std::uint64_t> process_start(std::int32_t pid) {
  const std::string stat = read_or_empty(fmt::format("/proc/{}/stat", pid).c_str());
  // The name, field 2, is in parentheses and may hold anything.
  const std::size_t name_end = stat.rfind(')');
  if (pid <= 0 || name_end == std::string::npos || name_end + 2 >= stat.size()) return std::nullopt;
  const char state = stat[name_end + 2];
  if (state == 'Z' || state == 'X') return std::nullopt;
  std::size_t at = name_end + 1;
  for (int field = 3; field <= 22; ++field) {
    at = stat.find(' ', at);
    if (at == std::string::npos) return std::nullopt;
    if (field < 22) ++at;
  }
  const std::size_t end = stat.find(' ', at + 1);
  return parse_count(std::string_view(stat).substr(at + 1, end == std::string::npos ? end : end - at - 1));
}

Owner this_process() {
  Owner owner;
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) == 0) owner.host = host.data();
  owner.boot_id = boot_id();
  owner.pid = ::getpid();
  owner.process_start = process_start(owner.pid).value_or(0);
  owner.job_id = environment("SLURM_JOB_ID");
  const auto restarts = parse_count(environment("SLURM_RESTART_COUNT")).value_or(0);
  owner.restart_count = restarts > 1'000'000 ? 0 : static_cast<std::int32_t>(restarts);
  return owner;
}

std::string describe(const Owner& owner) {
  const std::string job = owner.job_id.empty() ? "" : fmt::format(" (Slurm job {})", for_message(owner.job_id));
  return fmt::format("pid {} on {}{}", owner.pid, for_message(owner.host), job);
}

}  // namespace kiln::store
