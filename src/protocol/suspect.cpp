#include "protocol/suspect.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace kiln::protocol {
namespace {

constexpr std::uint32_t kEndedItself = 2, kEndedByOthers = 1, kToBlame = 4;

// "rank 1", "ranks 1 and 2", "ranks 1, 2 and 3".
std::string ranks_text(const std::vector<Rank>& ranks) {
  std::string text = ranks.size() == 1 ? "rank " : "ranks ";
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const char* const between = i == 0 ? "" : i + 1 == ranks.size() ? " and " : ", ";
    text += fmt::format("{}{}", between, ranks[i].value());
  }
  return text;
}

}  // namespace

bool Suspect::to_blame() const {
  std::uint32_t against = 0;
  for (const Death& one : died) against += one.itself ? kEndedItself : kEndedByOthers;
  return against >= kToBlame;
}

bool Suspect::tried_on(Rank rank) const { return std::ranges::count(died, rank, &Death::rank) != 0; }

std::string Suspect::reason() const {
  std::vector<Rank> ranks;
  for (const Death& death : died) {  // who came back may have died twice
    if (std::ranges::find(ranks, death.rank) == ranks.end()) ranks.push_back(death.rank);
  }
  const bool one = ranks.size() == 1;
  const bool itself = std::ranges::all_of(died, &Death::itself);
  return fmt::format("the {} of {} {} while {} ran nothing but this unit", one ? "process" : "processes",
                     ranks_text(ranks), itself ? "died" : "died or fell silent", one ? "it" : "they");
}

}  // namespace kiln::protocol
