#pragma once

#include "job/environment.hpp"

namespace kiln::job {

/// Makes the folder of this user in which each mpirun of Open MPI 4 makes its own. Where it is not there, and several
/// begin at the same moment, all but one of them fail: "unable to create the desired directory: File exists". Does
/// nothing where it cannot be made: mpirun says why.
void make_session_folder(const Variables& variables);

}  // namespace kiln::job
