#include "status_command.hpp"

#include "job/slurm_again.hpp"
#include "job/slurm_programs.hpp"
#include "output.hpp"
#include "show_text.hpp"
#include "status_report.hpp"
#include "watch_command.hpp"

#include <kiln/exit_code.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

namespace kiln::cli {

namespace {

// squeue shows jobs for some minutes after their end.
bool has_ended(const std::string& state) {
  constexpr std::array<std::string_view, 8> kGoing{"PENDING",   "RUNNING",  "CONFIGURING",  "COMPLETING",
                                                   "SUSPENDED", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED"};
  return std::find(kGoing.begin(), kGoing.end(), state) == kGoing.end();
}

bool is_run(const std::string& directory) {
  std::error_code ignored;
  return std::filesystem::exists(std::filesystem::path(directory) / "run.json", ignored);
}

// Nothing where Slurm knows no such job, or it is over.
std::optional<job::SlurmJob> going_job(const std::string& id) {
  if (id.empty()) return std::nullopt;
  const job::SlurmTools slurm(std::chrono::seconds(5));
  auto found = job::ask_job(slurm.find("squeue"), id, slurm.ask());
  if (found && has_ended(found->state)) found.reset();
  return found;
}

// The job of the last launch, and the one that goes on after it, which may be the same.
void look_at_jobs(StatusReport& report, const job::AgainNote& note) {
  report.job = going_job(report.job_id);
  const auto next = note.next == report.job_id ? std::nullopt : going_job(note.next);
  if (next && report.live) {
    report.next_job_id = note.next;
    report.next_job = next;
  } else if (next) {
    report.job_id = note.next;
    report.job = next;
    report.job_restarts = 0;
  } else if (report.job && report.job->state == "COMPLETING" && !report.live) {
    const bool goes_on = note.next == report.job_id && !note.chain.empty();  // it was asked whether to
    if (!goes_on) report.job.reset();
  }
}

}  // namespace

int show_status(const StatusCommand& command) {
  if (command.watch) return watch_status(command);
  const auto note = job::read_again_note(command.directory);
  StatusReport report;
  if (note && !note->next.empty() && !is_run(command.directory)) {
    report.directory = command.directory;
    report.only_job = true;
    report.job_id = note->next;
    report.job = going_job(note->next);
  } else {
    report = read_report(command.directory, store::LivenessClock::real());
    look_at_jobs(report, note.value_or(job::AgainNote()));
  }
  if (command.json) {
    print(status_json(report));
  } else {
    print_folded(status_text(report));
  }
  return to_int(ExitCode::ok);
}

}  // namespace kiln::cli
