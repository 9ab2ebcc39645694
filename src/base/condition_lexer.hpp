#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kiln {

/// A word of a condition.
struct ConditionToken {
  enum class Kind { word, quoted, compare, open, close, both, either, negation, end };
  Kind kind = Kind::end;
  std::string text;    ///< of quotes, what is between them; of comparisons, the operator in its usual form
  std::size_t at = 0;  ///< byte in the condition
};

/// Throws kiln::Error (usage) that points at the character; `option` names what was given. The last token is `end`.
std::vector<ConditionToken> condition_tokens(std::string_view option, std::string_view text);

}  // namespace kiln
