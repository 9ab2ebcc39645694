#pragma once

#include "sim/scenario.hpp"

namespace kiln::sim {

/// Gives a third of all scenarios stages that wait for others, drawn from numbers of their own: what else is drawn is
/// the same with them and without.
void draw_stages(Scenario& scenario);
/// The same for time limits of launches, but the last one.
void draw_time_limits(Scenario& scenario);

}  // namespace kiln::sim
