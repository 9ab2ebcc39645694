#include "store/liveness.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <thread>

namespace kiln::store {
namespace {

constexpr std::string_view kOwnerName = "owner.json";

bool is_on_this_host(const Owner& owner, const Owner& self) {
  return !self.boot_id.empty() && owner.boot_id == self.boot_id && owner.host == self.host;
}

// Of an owner on this host.
bool process_exists(const Owner& owner, const LivenessClock& clock) {
  const auto started = clock.process_start(owner.pid);
  return started && (owner.process_start == 0 || *started == owner.process_start);
}

// What can be said without waiting; nothing where only the beat can tell.
std::optional<std::string> free_at_once(const Owner& owner, const Owner& self, const LivenessClock& clock) {
  if (owner.released) return "its last run ended in good order";
  if (owner.launch_id == self.launch_id && owner.pid == self.pid && owner.host == self.host) return "it is ours";
  if (!owner.job_id.empty() && owner.job_id == self.job_id && owner.restart_count < self.restart_count) {
    return fmt::format("Slurm has restarted job {} since", owner.job_id);
  }
  if (!is_on_this_host(owner, self) || process_exists(owner, clock)) return std::nullopt;
  return fmt::format("its last owner, {}, is dead", describe(owner));
}

}  // namespace

LivenessClock LivenessClock::real() {
  return {[] { return Instant(std::chrono::steady_clock::now().time_since_epoch()); },
          [](Duration time) { std::this_thread::sleep_for(time); },
          [](std::int32_t pid) { return store::process_start(pid); }};
}

OwnerCheck check_owner(const std::filesystem::path& directory, const Owner& self, Duration deadline,
                       const LivenessClock& clock) {
  const auto first = read_small_file(directory / kOwnerName);
  if (!first) return {false, false, "nobody has written it yet"};
  const Instant end = clock.now() + 2 * deadline;
  const Duration pause = std::clamp<Duration>(deadline / 20, std::chrono::milliseconds(1), std::chrono::seconds(1));
  while (true) {
    const auto text = read_small_file(directory / kOwnerName);
    if (!text) return {false, false, "its owner.json was removed"};
    const auto owner = parse_owner(*text);
    const std::string who = owner ? describe(*owner) : "unknown";
    if (owner) {
      if (auto why = free_at_once(*owner, self, clock)) return {false, false, *std::move(why)};
    }
    if (*text != *first) return {true, false, fmt::format("its owner, {}, is alive", who)};
    if (clock.now() >= end) {
      const bool may_wake = owner && is_on_this_host(*owner, self) && process_exists(*owner, clock);
      return {false, may_wake,
              fmt::format("its last owner, {}, gave no sign of life for {:.1f} s", who, to_seconds(2 * deadline))};
    }
    clock.wait(pause);
  }
}

// Of a coordinator that was deposed while it was stopped: the file is another's.
bool Heart::is_passed() const {
  const auto text = read_small_file(directory_.file(kOwnerName));
  const auto owner = text ? parse_owner(*text) : std::nullopt;
  return owner && owner->epoch > self_.epoch;
}

void Heart::beat() {
  if (is_passed()) return;
  ++self_.beat;
  directory_.write_replaced(kOwnerName, to_json(self_));
}

void Heart::release() {
  self_.released = true;
  beat();
}

}  // namespace kiln::store
