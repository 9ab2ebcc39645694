#pragma once

#include "base/condition_lexer.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace kiln {

/// A condition as written: comparisons, joined by and, or, not. Names are not looked up.
struct ConditionTree {
  struct Comparison {
    ConditionToken left, compare, right;
  };
  struct Node {
    enum class Kind { comparison, both, either, negation };
    Kind kind = Kind::comparison;
    std::size_t first = 0;   ///< index of a node; of a comparison for Kind::comparison
    std::size_t second = 0;  ///< index of a node, for both and either
  };
  std::vector<Comparison> comparisons;
  std::vector<Node> nodes;
  std::size_t root = 0;  ///< index of a node
};

/// `not` binds tighter than `and`, `and` tighter than `or`. Throws kiln::Error (usage) that points at the character.
ConditionTree parse_condition(std::string_view option, std::string_view text);

}  // namespace kiln
