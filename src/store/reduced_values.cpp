#include "store/reduced_values.hpp"

#include <kiln/detail/keyed/keyed_forest.hpp>

#include <algorithm>
#include <map>
#include <string>

namespace kiln::store {

std::vector<const StageEndEntry::Shown*> ReducedValue::tables() const {
  std::vector<const StageEndEntry::Shown*> found;
  for (const StageEndEntry::Shown& show : end->show) {
    if (show.reduce == place) found.push_back(&show);
  }
  std::stable_partition(found.begin(), found.end(), [](const auto* show) { return show->table.name.empty(); });
  return found;
}

std::vector<ReducedValue> reduced_values(const JournalView& view) {
  std::vector<ReducedValue> all;
  std::map<std::string, std::size_t> newest;
  for (std::uint32_t i = 0; i < view.standing; ++i) {
    const LedgerState* const ledger = view.stage(StageId(i));
    if (ledger == nullptr || !ledger->plan || !ledger->end) continue;
    const auto& reduces = ledger->plan->body.reduces;
    for (std::uint32_t place = 0; place < reduces.size(); ++place) {
      if (detail::is_keyed_name(reduces[place].name)) continue;
      newest[reduces[place].name] = all.size();
      all.push_back({StageId(i), place, &reduces[place], &ledger->end->body});
    }
  }
  for (const auto& [name, place] : newest) all[place].newest = true;
  return all;
}

std::vector<ReducedValue> values_so_far(const JournalView& view, const SoFar& so_far) {
  std::vector<ReducedValue> all;
  const LedgerState* const ledger = view.stage(so_far.stage);
  if (ledger == nullptr || !ledger->plan || ledger->end || ledger->round != so_far.round) return all;
  const auto& reduces = ledger->plan->body.reduces;
  const auto ended = reduced_values(view);
  for (std::uint32_t place = 0; place < std::min(reduces.size(), so_far.state.values.size()); ++place) {
    if (!so_far.state.values[place] || !reduces[place].exact || detail::is_keyed_name(reduces[place].name)) continue;
    const bool alone =
        std::ranges::none_of(ended, [&](const ReducedValue& one) { return one.reduce->name == reduces[place].name; });
    all.push_back({so_far.stage, place, &reduces[place], &so_far.state, alone, true});
  }
  return all;
}

}  // namespace kiln::store
