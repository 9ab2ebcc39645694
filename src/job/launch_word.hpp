#pragma once

#include "job/environment.hpp"

#include <optional>
#include <string>
#include <string_view>

/// What a rank that ends by its own decision tells its launcher. mpirun's exit code says nothing where ranks may die,
/// and an error before the run began is in no journal.
namespace kiln::job {

/// Of what the word speaks.
enum class Ends { run, rank };

/// A line on standard error, which mpirun brings to the launcher from any node. Of the run: it is over with this exit
/// code, and is not to be started again; an end in the journal counts more. Of a rank: it leaves with this exit code,
/// which is the run's if the others do not go on. Nothing without a launcher.
void tell_launcher(const Environment& environment, int exit_code, Ends what = Ends::run);

/// What a line holds for this launch, and what stands before it on the line; nothing where it holds nothing.
struct LaunchWord {
  int exit_code = 0;
  Ends what = Ends::run;
  std::string_view before;
};
std::optional<LaunchWord> launch_word_in(std::string_view line, std::string_view launch_id);

}  // namespace kiln::job
