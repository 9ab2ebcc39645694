#pragma once

#include "base/value.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace kiln::cli {

/// Where in `all` the columns are that `only` names, in its order; all of them where it is empty. Throws kiln::Error
/// (usage) for a name that is not there.
std::vector<std::size_t> choose_columns(const std::vector<Field>& all, const std::vector<std::string>& only);

/// "a, b, c", cut where it is long.
std::string names_text(const std::vector<std::string>& names);
/// " Did you mean …?" for the nearest of the names, else " There are: a, b, c"; "" where there are none.
std::string what_there_is(const std::string& name, const std::vector<std::string>& names);

}  // namespace kiln::cli
