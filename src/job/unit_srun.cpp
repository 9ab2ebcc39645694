#include "job/unit_srun.hpp"

#include "base/log.hpp"
#include "exec/program_path.hpp"
#include "observe/summary.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string_view>

namespace kiln::job {
namespace {

namespace fs = std::filesystem;
using observe::shell_word;

// SLURM_OVERLAP=1: a step of kiln's own holds all CPUs. Slurm would then give the same CPUs, the first ones, to each
// step that asks for some (-c, --exact, --exclusive), so those words are taken out: a step has the CPUs of its command.
// It is no child of the worker and must be told of them. How many processes the batch script was given is not what a
// command asks for.
constexpr const char* kScript = R"sh(
if [ "${SLURM_JOB_ID-}" != "$job" ]; then exec "$srun" "$@"; fi
if [ "${SLURM_NTASKS-}" = "$tasks" ]; then unset SLURM_NTASKS SLURM_NPROCS SLURM_NTASKS_PER_NODE; fi
export SLURM_OVERLAP=1
unset SLURM_THREADS_PER_CORE SLURM_HINT SLURM_EXACT SLURM_EXCLUSIVE

bind=yes left=$# take=
while [ "$left" -gt 0 ]; do
  case $1 in
    -c | --cpus-per-task) export SLURM_CPUS_PER_TASK="${2-}" && take=2 ;;
    -c*) export SLURM_CPUS_PER_TASK="${1#-c}" && take=1 ;;
    --cpus-per-task=*) export SLURM_CPUS_PER_TASK="${1#*=}" && take=1 ;;
    --exact | --exclusive | --exclusive=*) take=1 ;;
    --threads-per-core* | --hint* | --extra-node-info* | -B* | --cpu-bind*) bind= take= ;;
    *) take= ;;
  esac
  if [ -n "$take" ]; then
    [ "$take" -le "$left" ] || take=$left
    shift "$take"
    left=$((left - take))
    continue
  fi
  case $1 in
    -[ABCDFGJLMNSTWbdegimnopqrtwx] | --ntasks | --nodes | --nodelist | --mem | --mem-per-cpu | --output | --error | --input | \
      --job-name | --time | --mpi | --export | --chdir | --exclude | --gres | --gpus | --distribution | --ntasks-per-node | \
      --cpu-bind | --partition | --account | --qos | --constraint | --signal | --wait | --relative | --hint | --threads-per-core)
      [ "$left" -gt 1 ] || break
      set -- "$@" "$1" "$2"
      shift 2
      left=$((left - 2))
      ;;
    --) break ;;
    -*)
      set -- "$@" "$1"
      shift
      left=$((left - 1))
      ;;
    *) break ;;
  esac
done
while [ "$left" -gt 0 ]; do # the program and its words
  set -- "$@" "$1"
  shift
  left=$((left - 1))
done

host=$(uname -n)
nodes=$("$scontrol" show hostnames "${SLURM_JOB_NODELIST-}" 2>/dev/null)
for node in "$host" "${host%%.*}"; do
  if ! printf '%s\n' "$nodes" | grep -qxF "$node"; then continue; fi
  if [ -n "$bind" ]; then bind=$(sed -n 's/^Cpus_allowed:[^0-9a-f]*//p' /proc/self/status | tr -d ,); fi
  exec "$srun" --nodes=1 --nodelist="$node" ${bind:+--cpu-bind=mask_cpu:0x$bind} "$@"
done
echo "kiln: srun: $host is none of the nodes of this job, ${SLURM_JOB_NODELIST-}: it may start on another one" >&2
exec "$srun" "$@"
)sh";

std::string value_of(const Variables& variables, const char* name) {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

Variables read(const std::vector<std::string>& environment) {
  Variables variables;
  for (const std::string& entry : environment) {
    const std::size_t end = entry.find('=');
    if (end != std::string::npos) variables.emplace(entry.substr(0, end), entry.substr(end + 1));
  }
  return variables;
}

std::string program(const std::string& name, const std::string& path) {
  exec::ProgramPath folders(path);
  const char* const found = folders.find(name);
  return found == nullptr ? "" : found;
}

// A rank of a launch before may still start it.
void write_program(const fs::path& folder, const std::string& text) {
  fs::create_directories(folder);
  const fs::path written = folder / fmt::format(".kiln-srun.{}", ::getpid());
  std::ofstream file(written);
  file << text;
  file.close();
  if (!file) throw fs::filesystem_error("cannot be written", written, std::make_error_code(std::errc::io_error));
  fs::permissions(written, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec |
                               fs::perms::others_read | fs::perms::others_exec);
  fs::rename(written, folder / "srun");
}

}  // namespace

std::string unit_srun_script(const std::string& srun, const std::string& scontrol, const Variables& variables) {
  std::string text = "#!/bin/sh\n# kiln's, for commands: srun, on the node and the CPUs of the command.\n";
  text += fmt::format("srun={} scontrol={} job={} tasks={}\n", shell_word(srun), shell_word(scontrol),
                      shell_word(value_of(variables, "SLURM_JOB_ID")), shell_word(value_of(variables, "SLURM_NTASKS")));
  return text + (kScript + 1);
}

void give_unit_srun(std::vector<std::string>& environment, const fs::path& run_directory) try {
  const Variables variables = read(environment);
  if (value_of(variables, "SLURM_JOB_ID").empty()) return;
  const std::string folder = (fs::absolute(run_directory) / kUnitSrunFolder).string();
  const auto path = std::find_if(environment.begin(), environment.end(),
                                 [](std::string_view entry) { return entry.starts_with("PATH="); });
  if (path == environment.end() || folder.find(':') != std::string::npos) return;
  const std::string srun = program("srun", path->substr(5)), scontrol = program("scontrol", path->substr(5));
  if (srun.empty() || scontrol.empty()) return;
  write_program(folder, unit_srun_script(srun, scontrol, variables));
  path->insert(5, folder + ":");
} catch (const std::exception& error) {
  log::warning("commands get the srun of the system, which may wait for CPUs that others have: {}", error.what());
}

}  // namespace kiln::job
