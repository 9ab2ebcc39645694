#include "job/lasting_srun.hpp"

#include "base/log.hpp"
#include "exec/own_path.hpp"
#include "observe/summary.hpp"

#include <fmt/core.h>

#include <fstream>
#include <system_error>

namespace kiln::job {
namespace {

using observe::shell_word;

// Signals come to all processes of a job step at once: srun has its own, and this one outlives them. A node that does
// not answer is asked beside the looks at mpirun, which may be at its end.
// An srun whose nodes are all lost may say 0, as at the end of a run; but then no rank is left here.
constexpr const char* kScript = R"sh(
trap : HUP INT QUIT TERM USR1 USR2
"$srun" "$@"
code=$?
if ! grep -q "$launch" "$status" 2>/dev/null; then exit "$code"; fi

asked=
trap '[ -z "$asked" ] || kill "$asked" 2>/dev/null' EXIT
while :; do
  read -r number name state parent rest <"/proc/$$/stat"
  if [ "$parent" != "$PPID" ]; then exit "$code"; fi
  here=$(cat "/proc/$PPID/task/"*/children 2>/dev/null)
  if [ "$(echo $here)" = "$$" ] || [ "$here$code" = 0 ]; then exit 0; fi
  if [ -n "$asked" ] && ! kill -0 "$asked" 2>/dev/null; then
    if wait "$asked"; then exit "$code"; fi
    asked=
  fi
  if [ -z "$asked" ] && [ -n "$nodes" ]; then
    timeout -k 1 15 "$srun" --nodes=1 --ntasks=1 --overlap --mpi=none --nodelist="${nodes%%,*}" true </dev/null >/dev/null 2>&1 &
    asked=$!
    case $nodes in *,*) nodes=${nodes#*,} ;; *) nodes= ;; esac
  fi
  sleep 0.3
done
)sh";

}  // namespace

std::string lasting_srun_script(const SrunFacts& facts, const std::filesystem::path& folder) {
  std::string text =
      "#!/bin/sh\n# kiln's: the real srun, which stays when all the nodes that it was started on are lost.\n";
  text += fmt::format("srun={} status={} launch={} folder={}\n", shell_word(facts.srun),
                      shell_word(facts.status.string()), shell_word(facts.launch_id), shell_word(folder.string()));
  text += fmt::format("PATH={}\nexport PATH\nunset {}\n", shell_word(facts.path), exec::kOwnPathName);
  text += R"sh(nodes=
for word in "$@"; do
  case $word in --nodelist=*) nodes=${word#*=} ;; esac
done
if [ -z "$nodes" ]; then exec "$srun" "$@"; fi # not for daemons
rm -f "$folder/srun"
rmdir "$folder")sh";
  return text + kScript;
}

LastingSrun::LastingSrun(const SrunFacts& facts, const std::filesystem::path& temporary) {
  try {
    if (facts.srun.empty() || temporary.string().find(':') != std::string::npos) return;
    folder_.emplace(std::filesystem::absolute(temporary), ".kiln-srun");
    const std::filesystem::path script = folder_->path() / "srun";
    std::ofstream file(script);
    file << lasting_srun_script(facts, folder_->path());
    file.close();
    if (!file) return;
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    variables_ = {fmt::format("PATH={}:{}", folder_->path().string(), facts.path),
                  fmt::format("{}={}", exec::kOwnPathName, folder_->path().string())};
  } catch (const std::exception& error) {
    log::debug("mpirun gets the srun of the system: {}", error.what());
  }
}

}  // namespace kiln::job
