#pragma once

#include <string_view>

namespace kiln::exec {

/// In the environment of an mpirun where SLURM_OVERLAP is kiln's own and not the caller's: commands do not get it.
inline constexpr std::string_view kOwnOverlap = "KILN_OWN_OVERLAP=1";

}  // namespace kiln::exec
