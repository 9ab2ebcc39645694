#pragma once

#include "sim/scenario.hpp"

namespace kiln::sim {

/// Gives some of the scenarios in which ranks may die units that they die of, drawn from numbers of their own: what
/// else is drawn is the same with them and without.
void draw_harm(Scenario& scenario);

}  // namespace kiln::sim
