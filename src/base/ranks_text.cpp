#include "base/ranks_text.hpp"

namespace kiln {

std::string ranks_text(const std::vector<Rank>& ranks) {
  std::string text;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const char* const before = i == 0                  ? (ranks.size() == 1 ? "rank " : "ranks ")
                               : i + 1 == ranks.size() ? " and "
                                                       : ", ";
    text += before + std::to_string(ranks[i].value());
  }
  return text;
}

}  // namespace kiln
