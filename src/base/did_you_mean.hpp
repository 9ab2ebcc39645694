#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiln {

/// How many letters must be changed, put in, left out or swapped with their neighbour to make `b` from `a`.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// " Did you mean --retries?" for the nearest of the words known; "" where none is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

}  // namespace kiln
