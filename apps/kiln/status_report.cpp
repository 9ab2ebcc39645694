#include "status_report.hpp"

#include "job/until_note.hpp"
#include "job/unwatched_note.hpp"
#include "store/run_reader.hpp"

#include <kiln/error.hpp>

#include <chrono>
#include <cmath>
#include <filesystem>

namespace kiln::cli {
namespace {

constexpr double kRecent = 5;  // seconds; a status is replaced about once a second

double unix_now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

std::optional<store::Owner> read_owner(const std::filesystem::path& directory) {
  const auto text = store::read_small_file(directory / "owner.json");
  return text ? store::parse_owner(*text) : std::nullopt;
}

// Of this owner's launch; nothing where there is none yet, or it cannot be read.
std::optional<observe::StatusSnapshot> read_status(const std::filesystem::path& directory, const store::Owner& owner) {
  try {
    const auto text = store::read_small_file(directory / "status.json");
    if (!text) return std::nullopt;
    observe::StatusSnapshot snapshot = observe::status_from_json(*text);
    if (snapshot.launch_id != owner.launch_id) return std::nullopt;
    return snapshot;
  } catch (const Error&) {  // the journal knows better
    return std::nullopt;
  }
}

bool alive(const std::filesystem::path& directory, const store::Owner& owner,
           const std::optional<observe::StatusSnapshot>& snapshot, double now, const store::LivenessClock& clock) {
  if (owner.released) return false;
  const store::Owner self = store::this_process();
  const bool here = owner.host == self.host && owner.boot_id == self.boot_id;
  if (!here && snapshot && std::abs(now - snapshot->updated) < kRecent) return true;  // spares the wait for a beat
  return store::check_owner(directory, self, store::kOwnerDeadline, clock).in_use;
}

void read_from_journal(const store::RunReader& run, StatusReport& report) {
  const store::Totals totals = run.totals();
  report.totals.units = totals.units;
  report.totals.done = totals.done;
  report.totals.failed = totals.failed;
  report.totals.committed = totals.done + totals.failed;
  report.totals.removed = totals.removed;
  report.launches = run.count_launches();
  report.damage = run.damage();
  if (!run.launches().empty()) report.last_end = run.find_end(run.launches().back().body.launch_id);
}

}  // namespace

StatusReport read_report(const std::string& name, const store::LivenessClock& clock) {
  const std::filesystem::path directory = name;
  const store::RunDirectory opened = store::RunDirectory::open(directory);
  StatusReport report;
  report.program = opened.facts().kind == store::kProgramKind;
  report.directory = name;
  report.now = unix_now();
  if (const auto asked = job::read_until_note(directory); asked && asked->reached) report.until = asked->asked;
  if (const auto owner = read_owner(directory)) {
    const auto snapshot = read_status(directory, *owner);
    report.live = alive(directory, *owner, snapshot, report.now, clock);
    report.owner = store::describe(*owner);
    if (snapshot) report.task_stages = snapshot->task_stages;
    report.job_id = owner->job_id;
    report.job_restarts = owner->restart_count;
    if (!report.job_id.empty()) report.unwatched = job::read_unwatched(directory, report.job_id, report.job_restarts);
    if (report.live && snapshot) {
      report.snapshot = snapshot;
      report.totals = snapshot->totals;
    }
  }
  if (!report.live || report.program) {
    const store::RunReader run = store::RunReader::open(directory);
    if (!report.live) read_from_journal(run, report);
    report.stages = run.stage_infos();
  }
  return report;
}

}  // namespace kiln::cli
