#pragma once

#include "job/environment.hpp"

#include <optional>
#include <string>
#include <string_view>

/// What ranks tell their launcher: that MPI has come up, and that one ends by its own decision. mpirun's exit code says
/// nothing where ranks may die, and an error before the run began is in no journal.
namespace kiln::job {

enum class Says {
  up,         ///< all ranks have come through MPI's begin
  run_ends,   ///< it is over with this exit code, and is not to be started again; an end in the journal counts more
  rank_ends,  ///< it leaves with this exit code, which is the run's if the others do not go on
  rank_lost   ///< one has died while MPI came up: the others will never come through
};

/// The line that says so, without its end.
std::string launch_word(std::string_view launch_id, int exit_code, Says what);

/// A line on standard error, which mpirun brings to the launcher from any node. Nothing without a launcher.
void tell_launcher(const Environment& environment, int exit_code, Says what = Says::run_ends);

/// What a line holds for this launch, and what stands before it on the line; nothing where it holds nothing.
struct LaunchWord {
  int exit_code = 0;
  Says what = Says::run_ends;
  std::string_view before;
};
std::optional<LaunchWord> launch_word_in(std::string_view line, std::string_view launch_id);

}  // namespace kiln::job
