#include "protocol/suspect.hpp"

#include "base/ranks_text.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace kiln::protocol {
namespace {

constexpr std::uint32_t kEndedItself = 2, kEndedByOthers = 1, kToBlame = 4;

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
