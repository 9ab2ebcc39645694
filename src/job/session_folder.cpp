#include "job/session_folder.hpp"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <string>

namespace kiln::job {
namespace {

// As orte/util/proc_info.c and session_dir.c have it.
constexpr std::array kFolders = {"OMPI_MCA_orte_local_tmpdir_base", "OMPI_MCA_orte_tmpdir_base", "TMPDIR", "TEMP",
                                 "TMP"};

std::string base(const Variables& variables) {
  for (const char* const name : kFolders) {
    const auto found = variables.find(name);
    if (found != variables.end() && !found->second.empty()) return found->second;
  }
  return "/tmp";
}

}  // namespace

void make_session_folder(const Variables& variables) {
  std::array<char, HOST_NAME_MAX + 1> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) return;
  std::string name(host.data());
  if (name.find_first_not_of("0123456789.") != std::string::npos) name.erase(std::min(name.size(), name.find('.')));
  static_cast<void>(mkdir(fmt::format("{}/ompi.{}.{}", base(variables), name, geteuid()).c_str(), S_IRWXU));
}

}  // namespace kiln::job
