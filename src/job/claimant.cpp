#include "job/claimant.hpp"

#include "store/journal.hpp"
#include "store/reign.hpp"

#include <algorithm>
#include <kiln/error.hpp>

namespace kiln::job {

std::optional<int> Claimant::claim(Epoch follows, const std::function<void(const std::string&, Epoch)>& open) {
  const std::string launch =
      environment_.launched() ? environment_.launch_id : store::owning_launch(options_.directory);
  if (const auto end = store::launch_end(options_.directory, launch)) return end->exit_code;
  try {
    open(launch, std::max(follows, beaten_by_));
  } catch (const store::Deposed&) {
    beaten_by_ = store::last_epoch(options_.directory).value_or(beaten_by_);
    if (store::are_of_one_launch(options_.directory, follows, beaten_by_)) throw;
    throw Error(ExitCode::run_directory, "another launch has taken the run over");
  }
  return std::nullopt;
}

}  // namespace kiln::job
