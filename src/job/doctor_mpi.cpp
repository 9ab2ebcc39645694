#include "job/doctor_mpi.hpp"

#include "base/text.hpp"
#include "job/mpirun_words.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace kiln::job {
namespace {

constexpr const char* kInstall =
    "install Open MPI (Debian: openmpi-bin) or load your cluster's module (module load openmpi)";

// "4.1.4" of "mpirun (Open MPI) 4.1.4" and of "Open MPI v4.1.4"; "" where there is none.
std::string version_in(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool begins = text[at] >= '0' && text[at] <= '9' && (at == 0 || text[at - 1] == ' ' || text[at - 1] == 'v');
    if (!begins) continue;
    const std::size_t end = std::min(text.find_first_not_of("0123456789.", at), text.size());
    if (text.substr(at, end - at).find('.') != std::string_view::npos) return std::string(text.substr(at, end - at));
  }
  return "";
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

bool is_open_mpi(std::string_view text) {
  return text.find("Open MPI") != std::string_view::npos || text.find("OpenRTE") != std::string_view::npos ||
         text.find("PRRTE") != std::string_view::npos;
}

std::string major_minor(const std::string& version) {
  return version.substr(0, version.find('.', version.find('.') + 1));
}

// The names of components of a kind: "mca:pml:ob1:version:…".
std::set<std::string> components(const std::string& info, const std::string& kind) {
  std::set<std::string> found;
  const std::string begin = "mca:" + kind + ":";
  for (std::size_t at = info.find(begin); at != std::string::npos; at = info.find(begin, at + 1)) {
    const std::size_t name = at + begin.size();
    const std::size_t end = info.find(':', name);
    if (end == std::string::npos) break;
    if (info.compare(end, 9, ":version:") == 0) found.insert(info.substr(name, end - name));
  }
  return found;
}

bool takes(const Ask& ask, const std::string& mpirun, std::vector<std::string> option) {
  option.insert(option.begin(), mpirun);
  option.emplace_back("--version");
  const Answer answer = ask(option);
  return answer.well && answer.text.find("unknown option") == std::string::npos;
}

Finding judge_root(const Variables& variables) {
  const bool told =
      variables.contains("OMPI_ALLOW_RUN_AS_ROOT") && variables.contains("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM");
  if (told) return good("mpi.root", "running as root, and Open MPI is told to allow it");
  return note("mpi.root", "running as root: kiln run tells Open MPI to allow it, a hand-started mpirun refuses",
              "for mpirun by hand: export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1");
}

}  // namespace

Finding judge_mpirun(const std::string& path, const Answer& version, const std::string& library) {
  const char* check = "mpi.mpirun";
  if (path.empty()) return bad(check, "there is no mpirun on the PATH", kInstall);
  const std::string line = for_message(first_line(version.text), 80);
  if (!version.well) return bad(check, fmt::format("{} does not start: {}", path, line), kInstall);
  const std::string theirs = version_in(line), ours = version_in(library);
  if (is_open_mpi(line) != is_open_mpi(library)) {
    return bad(check, fmt::format("{} is '{}', but kiln runs with {}", path, line, library),
               "put the mpirun of that MPI first on the PATH, or build kiln with the other one");
  }
  if (theirs == ours || theirs.empty() || ours.empty()) {
    return good(check, fmt::format("{} ({}) belongs to that library", path, line));
  }
  const std::string text = fmt::format("{} is of version {}, the library of {}", path, theirs, ours);
  if (major_minor(theirs) == major_minor(ours)) {
    return note(check, text, "it will do; better is the mpirun of the library itself");
  }
  return bad(check, text, "put the mpirun of that library first on the PATH (module list shows what is loaded)");
}

Finding judge_fault_tolerance(const std::string& library, bool recovery, bool ulfm) {
  constexpr const char* kCheck = "mpi.fault_tolerance";
  std::string words;
  for (const std::string& word : recovery_words(library)) words += (words.empty() ? "" : " ") + word;
  const bool taken = words == "--enable-recovery" ? recovery : !words.empty() && ulfm;
  if (!taken) {
    return note(kCheck,
                "this mpirun ends with the first rank that dies; kiln run then starts it again, from the last "
                "checkpoint (--restarts)",
                "with Open MPI 4.1 or 5.0 the run goes on without that rank");
  }
  return good(kCheck, fmt::format("any rank may die: kiln run starts mpirun with {}; one started by hand needs it too: "
                                  "mpirun {} -n 4 kiln run …{}",
                                  words, words, ulfm && words == "--enable-recovery" ? "; this MPI has ULFM" : ""));
}

Finding judge_transports(const std::string& info) {
  std::string text = "transports: pml ob1 over shared memory and TCP";
  std::string others;
  for (const std::string& name : components(info, "pml")) {
    if (name != "ob1" && name != "monitoring" && name != "v") others += (others.empty() ? "" : ", ") + name;
  }
  const std::set<std::string> btls = components(info, "btl");
  if (!info.empty() && !btls.contains("tcp")) {
    return bad("mpi.transports", "this Open MPI has no TCP transport (btl tcp)",
               "use kiln run --fast-network, or another Open MPI");
  }
  if (info.empty()) {
    text += "; ompi_info is not here to say which others there are";
  } else if (others.empty()) {
    text += "; --fast-network would change nothing, as there are no others";
  } else {
    text += fmt::format(
        "; --fast-network lets Open MPI choose from {} too, but there a rank's death may end the others", others);
  }
  return good("mpi.transports", text);
}

Findings examine_mpi(const std::string& library, const std::string& mpirun, const std::string& ompi_info,
                     const Variables& variables, bool root, const Ask& ask) {
  Findings found{good("mpi.library", fmt::format("MPI library: {}", library))};
  found.push_back(judge_mpirun(mpirun, mpirun.empty() ? Answer{} : ask({mpirun, "--version"}), library));
  if (found.back().verdict == Verdict::bad) return found;
  const bool recovery = takes(ask, mpirun, {"--enable-recovery"});
  found.push_back(judge_fault_tolerance(library, recovery, takes(ask, mpirun, {"--with-ft", "ulfm"})));
  found.push_back(judge_transports(ompi_info.empty() ? "" : ask({ompi_info, "--parsable"}).text));
  if (root) found.push_back(judge_root(variables));
  return found;
}

}  // namespace kiln::job
