#pragma once

#include <kiln/detail/exact_forest.hpp>
#include <kiln/detail/tree_forest.hpp>

#include <type_traits>

namespace kiln::detail {

/// The typed forest of a monoid, made of a copy of it.
template <Monoid M>
using ForestOf = std::conditional_t<M::exact, ExactForest<M>, TreeForest<M>>;

}  // namespace kiln::detail
