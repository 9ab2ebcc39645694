#include "exec/command_setup.hpp"
#include "exec/own_overlap.hpp"
#include "exec/own_path.hpp"

#include <algorithm>
#include <array>

namespace kiln::exec {
namespace {

/// Open MPI's (PMIX_ and PRTE_ are its daemons'), every PMI's, and kiln's.
constexpr std::array<std::string_view, 8> kOwn = {"OMPI_", "PMIX_", "PMI_",  "PRTE_",
                                                  "KILN_", "PMI2_", "ORTE_", "OPAL_"};

/// Switch off how Open MPI 4, Open MPI 5 and MPICH start processes through Slurm.
constexpr std::array<std::string_view, 5> kNoSlurmLauncher = {
    "OMPI_MCA_plm=^slurm", "OMPI_MCA_ras=^slurm", "PRTE_MCA_plm=^slurm", "PRTE_MCA_ras=^slurm", "HYDRA_BOOTSTRAP=fork"};

// A list of folders without one of them.
std::string without(std::string_view folders, std::string_view folder) {
  std::string rest;
  for (bool more = true; more;) {
    const std::size_t end = folders.find(':');
    more = end != std::string_view::npos;
    if (const std::string_view one = folders.substr(0, end); one != folder) (rest += one) += ':';
    folders.remove_prefix(more ? end + 1 : 0);
  }
  if (!rest.empty()) rest.pop_back();
  return rest;
}

std::string_view value_of(std::string_view entry, std::string_view name) {
  const bool is_it = entry.starts_with(name) && entry.substr(name.size()).starts_with('=');
  return is_it ? entry.substr(name.size() + 1) : std::string_view();
}

}  // namespace

std::vector<std::string> clean_environment(char** environment) {
  std::vector<std::string> clean;
  bool slurm = false, own_overlap = false;
  std::string_view own_path;
  for (char** entry = environment; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const bool own =
        std::any_of(kOwn.begin(), kOwn.end(), [&](std::string_view name) { return text.starts_with(name); });
    if (!own) clean.emplace_back(text);
    slurm = slurm || text.starts_with("SLURM_JOB_ID=");
    own_overlap = own_overlap || text == kOwnOverlap;
    if (const std::string_view path = value_of(text, kOwnPathName); !path.empty()) own_path = path;
  }
  for (std::string& entry : clean) {
    const std::string_view path = own_path.empty() ? own_path : value_of(entry, "PATH");
    if (!path.empty()) entry = "PATH=" + without(path, own_path);
  }
  if (own_overlap) std::erase_if(clean, [](const std::string& other) { return other.starts_with("SLURM_OVERLAP="); });
  if (slurm) {
    for (const std::string_view entry : kNoSlurmLauncher) {
      const std::string_view name = entry.substr(0, entry.find('=') + 1);
      std::erase_if(clean, [&](const std::string& other) { return other.starts_with(name); });
      clean.emplace_back(entry);
    }
  }
  return clean;
}

}  // namespace kiln::exec
