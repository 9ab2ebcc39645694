#include "slurm/script.hpp"

#include "base/did_you_mean.hpp"
#include "base/text.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <kiln/error.hpp>
#include <sstream>
#include <string_view>

namespace kiln::cli {
namespace {

using GoesOn = SbatchScript::GoesOn;

constexpr std::uint64_t kUsualLead = 120;

constexpr std::string_view kHint =
    "# module load openmpi hdf5           # what your cluster wants, if it wants anything\n";

constexpr std::string_view kOwnSettings = R"(
# From here on a command that fails, or is ended by a signal, is an answer, whatever the lines above want of theirs (set -e).
set +eu +o pipefail
trap - ERR
)";

constexpr std::string_view kSubmitNext = R"(
# The next job begins only when this one has ended without success. It is submitted now: a job that is killed could not.
# $0 is Slurm's copy of this script, which lives as long as the job; sbatch sends Slurm another one for the next.
export KILN_CHAIN=${{KILN_CHAIN:-$SLURM_JOB_ID}}               # kiln counts by it how often the work went on in vain
{1}next=$(sbatch --parsable --dependency=afternotok:"$SLURM_JOB_ID" --kill-on-invalid-dep=yes {0}"$0" "$@") || exit
export KILN_NEXT_JOB=${{next%%;*}}                              # kiln status shows it
next=$KILN_NEXT_JOB
echo "kiln: job $next waits in case that this one does not come to the end"
)";

constexpr std::string_view kWatch = R"--(
# 0. With --no-kill Slurm leaves the job alone when a node is lost, even this one, the first: then nobody would go on until
#    the time limit. So up to three other nodes look twice a minute whether the job still has it; if not, {1}.
#    The log and kiln status tell of a node that is not heard.
"$kiln" slurm watch {0} &
)--";

constexpr std::string_view kRequeue = R"--(
# 1. How it goes on. Exit code 75 says: stopped early. kiln tells whether it makes sense to go on (three starts in a row that
#    got nowhere do not) and says why; then the job goes back into the queue, if another node has not put it there already
#    (see 0.). Where the site does not allow that, this script is submitted once more.
go_on() {{
  local restarts
  next=
  "$kiln" slurm again --code "$code" {0} || return
  restarts=$(scontrol show job "$SLURM_JOB_ID" | grep -ow 'Restarts=[0-9]*')
  if [ "${{restarts#*=}}" -gt "${{SLURM_RESTART_COUNT:-0}}" ] 2>/dev/null; then
    echo "kiln: another node of the job has put it back into the queue"
    return
  fi
  scontrol requeue "$SLURM_JOB_ID" && return
  export KILN_CHAIN=${{KILN_CHAIN:-$SLURM_JOB_ID}}  # kiln counts by it how often the work went on in vain
{2}  if next=$(sbatch --parsable --dependency=afterany:"$SLURM_JOB_ID" {1}"$0" "$@"); then
    echo "kiln: this site does not put the job back: job ${{next%%;*}} goes on in its place"
    "$kiln" slurm again --next "${{next%%;*}}" {0}
    return
  fi
  echo "kiln: so the job does NOT go on: this site neither puts it back nor takes a next one from it. Submit the same line"
  echo "kiln: again, from where you submitted it: what is committed stays"
  return 1
}}
)--";

constexpr std::string_view kNextJob = R"(
# 1. How it goes on. Exit code 75 says: stopped early. kiln tells whether it makes sense to go on (three starts in a row that
#    got nowhere do not) and says why; if not, the next job is not wanted.
go_on() {{ "$kiln" slurm again --code "$code" {} || scancel "$next"; }}
)";

constexpr std::string_view kRun = R"(
# 2. TERM: Slurm ends the job, and soon this script as well, maybe before kiln has ended; so it is settled at once what comes
#    then. At the time limit, or when a job with precedence takes the nodes, the work goes on; else this job was cancelled.
ends() {{
  trap '' TERM
  kill -USR1 "$pid"
  if scontrol show job "$SLURM_JOB_ID" | grep -Eq 'Reason=TimeLimit|PreemptTime=[0-9]'; then
    code=75 go_on "$@"{}
  fi
  settled=yes
}}

# 3. Run it beside this script, so that the script hears signals. USR1 (the time limit is near) and TERM make kiln stop
#    handing out work, give what runs its grace, commit, and exit with 75. A signal ends a `wait` early.
settled=no
trap 'kill -USR1 "$pid"' USR1
trap 'ends "$@"' TERM
{} &
pid=$!
while kill -0 "$pid" 2>/dev/null; do wait "$pid"; done
wait "$pid"
code=$?
trap - USR1 TERM
)";

constexpr std::string_view kRequeueEnd = R"(
# 4. Slurm ends this script while it sleeps, where the job goes back into the queue.
if [ "$settled" = no ] && go_on "$@" && [ -z "$next" ]; then sleep 60; fi
exit "$code"
)";

constexpr std::string_view kNextJobEnd = R"(
if [ "$settled" = no ]; then go_on "$@"; fi
exit "$code"
)";

std::string commented(const std::string& text) {
  std::string out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) out += line.empty() ? "#\n" : fmt::format("# {}\n", line);
  return out;
}

struct Ready {
  const char* name;
  const char* job;  // as squeue shows it
  GoesOn goes_on;
  const char* intro;
  const char* run;
  const char* again;
};

constexpr const char* kGoesOn =
    "When the time limit comes or a node is lost, the job goes back into the queue and continues where it stopped; "
    "what\n"
    "was committed is never run again. Submitting the same line again by hand continues too.";

// Without a word the shell would run nothing, and well.
constexpr const char* kRunProgram =
    R"({ [ $# -gt 0 ] || { echo "kiln: a program is missing: sbatch kiln-program.sbatch ./montecarlo"; exit 2; }; exec "$@"; })";

// What stood behind sbatch is nowhere in the script.
constexpr const char* kReadOptions = R"--(mapfile -t options < <("$kiln" slurm again --options))--";
constexpr const char* kAsThisJob = R"--("${options[@]}" )--";

constexpr std::array kReady{
    Ready{"run", "kiln", GoesOn::requeue,
          "Runs a file of commands, one a line, on all CPUs of a Slurm allocation and keeps every result in one HDF5 "
          "file:\n"
          "\n"
          "    sbatch --nodes=4 --time=2:00:00 kiln-run.sbatch [options of kiln run] tasks.txt\n"
          "\n"
          "Copy this file and add what your cluster wants (partition, account, modules). The results: "
          "tasks.kiln/results.h5.\n",
          R"("$kiln" run "$@")", R"("$@")"},
    Ready{"array", "kiln-array", GoesOn::requeue,
          "Runs all tasks of a job array in one job: your script once for each index, with SLURM_ARRAY_TASK_ID set, on "
          "all CPUs\n"
          "of the allocation, without a queue wait for each:\n"
          "\n"
          "    sbatch --nodes=4 --time=4:00:00 kiln-array.sbatch 1-1000 ./job.sh\n"
          "\n"
          "The script must be executable; an srun in it starts on the node of its task. Options of kiln run stand in "
          "front of the\n"
          "indices as --array: --timeout 10m --array 1-1000. The results: job.sh.kiln/results.h5.\n",
          R"("$kiln" run --array "$@")", R"(--array "$@")"},
    Ready{"program", "kiln-program", GoesOn::requeue,
          "Runs a program that is built on the kiln library on all CPUs of a Slurm allocation:\n"
          "\n"
          "    sbatch --nodes=4 --time=2:00:00 kiln-program.sbatch ./montecarlo [options of the program]\n"
          "\n"
          "The program starts MPI itself. The results: montecarlo.kiln/, or what --out says.\n",
          kRunProgram, R"(--program "$@")"},
    Ready{"chain", "kiln-chain", GoesOn::next_job,
          "As kiln-run.sbatch, for sites where a job may not go back into the queue: each job submits the next one, "
          "which\n"
          "begins only when this one did not come to the end of the work:\n"
          "\n"
          "    sbatch kiln-chain.sbatch [options of kiln run] tasks.txt\n"
          "\n"
          "The next jobs are asked for as this one was, also behind sbatch (kiln slurm again --options). scancel ends "
          "the job\n"
          "that runs and the next one. The results: tasks.kiln/results.h5.\n",
          R"("$kiln" run "$@")", R"("$@")"},
};

}  // namespace

std::vector<std::pair<std::string, std::string>> common_header(GoesOn goes_on, std::uint64_t lead) {
  std::vector<std::pair<std::string, std::string>> header{
      {"--open-mode=append", "A job that continues adds to its log:"},
      {fmt::format("--signal=B:USR1@{}", lead),
       fmt::format(
           "This script hears USR1 {} s before the time limit, or a little earlier: time to commit and to leave.",
           lead)}};
  if (goes_on == GoesOn::requeue) {
    header.emplace_back("--requeue",
                        "The job may go back into the queue, and the loss of a node does not end it at once.");
    header.emplace_back("--no-kill", "");
  } else {
    header.emplace_back("--no-requeue",
                        "The next job continues, not this one again; the loss of a node does not end it at once.");
    header.emplace_back("--no-kill", "");
  }
  return header;
}

std::string script_text(const SbatchScript& script) {
  std::string out = "#!/bin/bash\n" + commented(script.intro) + "\n";
  for (const auto& [option, comment] : script.header) {
    if (!comment.empty()) out += "# " + comment + "\n";
    out += "#SBATCH " + option + "\n";
  }
  out += "\n" + (script.prelude.empty() ? std::string(kHint) : script.prelude);
  if (!out.ends_with('\n')) out += '\n';
  out += kOwnSettings;
  out += fmt::format("{:<61}# the program; every node must see it under this name\n",
                     fmt::format("kiln=${{KILN:-{}}}", script.kiln));
  const bool chain = script.goes_on == GoesOn::next_job;
  const std::string options = script.as_this_job ? fmt::format("{}\n", kReadOptions) : "";
  const char* const next = script.as_this_job ? kAsThisJob : "";
  if (chain) out += fmt::format(kSubmitNext, next, options);
  out +=
      fmt::format(kWatch, (chain ? "--cancel " : "") + script.again, chain ? "the next job begins" : "it is put back");
  out += chain ? fmt::format(kNextJob, script.again)
               : fmt::format(kRequeue, script.again, next, options.empty() ? "" : "  " + options);
  out += fmt::format(kRun, chain ? "\n  else\n    scancel \"$next\"" : "", script.run);
  return out.append(chain ? kNextJobEnd : kRequeueEnd);
}

std::vector<std::string> ready_scripts() {
  std::vector<std::string> names;
  for (const Ready& one : kReady) names.emplace_back(one.name);
  return names;
}

std::string ready_script(const std::string& name) {
  const auto found = std::find_if(kReady.begin(), kReady.end(), [&](const Ready& one) { return name == one.name; });
  if (found == kReady.end()) {
    throw Error(ExitCode::usage, fmt::format("there is no script '{}'.{} All there are: {}", for_message(name, 60),
                                             did_you_mean(name, ready_scripts()), fmt::join(ready_scripts(), ", ")));
  }
  SbatchScript script;
  script.goes_on = found->goes_on;
  script.intro = found->intro;
  if (script.goes_on == GoesOn::requeue) script.intro += kGoesOn;
  script.header = {{fmt::format("--job-name={}", found->job), ""},
                   {"--nodes=1", ""},
                   {"--exclusive", ""},
                   {"--time=01:00:00", ""},
                   {"--output=kiln-%j.log", ""}};
  for (auto& line : common_header(script.goes_on, kUsualLead)) script.header.push_back(std::move(line));
  script.run = found->run;
  script.again = found->again;
  return script_text(script);
}

}  // namespace kiln::cli
