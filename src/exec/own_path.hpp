#pragma once

namespace kiln::exec {

/// In the environment of an mpirun to whose PATH kiln has added a folder: which. Commands get the PATH without it.
inline constexpr const char* kOwnPathName = "KILN_OWN_PATH";

}  // namespace kiln::exec
