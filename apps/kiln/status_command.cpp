#include "status_command.hpp"

#include "job/slurm_programs.hpp"
#include "output.hpp"
#include "show_text.hpp"
#include "status_report.hpp"
#include "watch_command.hpp"

#include <kiln/exit_code.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace kiln::cli {

namespace {

// squeue shows jobs for some minutes after their end.
bool has_ended(const std::string& state) {
  constexpr std::array<std::string_view, 8> kGoing{"PENDING",   "RUNNING",  "CONFIGURING",  "COMPLETING",
                                                   "SUSPENDED", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED"};
  return std::find(kGoing.begin(), kGoing.end(), state) == kGoing.end();
}

}  // namespace

int show_status(const StatusCommand& command) {
  if (command.watch) return watch_status(command);
  StatusReport report = read_report(command.directory, store::LivenessClock::real());
  if (!report.job_id.empty()) {
    const job::SlurmTools slurm(std::chrono::seconds(5));
    report.job = job::ask_job(slurm.find("squeue"), report.job_id, slurm.ask());
    if (report.job && has_ended(report.job->state)) report.job.reset();
  }
  if (command.json) {
    print(status_json(report));
  } else {
    print_folded(status_text(report));
  }
  return to_int(ExitCode::ok);
}

}  // namespace kiln::cli
