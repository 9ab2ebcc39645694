#pragma once

#include "schedule/interval_set.hpp"
#include "store/entry.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace kiln::store {

/// What the journal says about the units of one stage (its highest round).
struct LedgerState {
  schedule::IntervalSet done;
  std::map<UnitId, CommitEntry::Dead> dead;  ///< dead letters that stand; none of a done unit
  std::uint32_t round = 0;

  template <class Body>
  struct Numbered {
    EntryNumber number;
    Epoch epoch;
    Body body;
  };
  // Of the whole run, in order of number.
  std::vector<Numbered<SourceEntry>> sources;
  std::vector<Numbered<EpochEntry>> epochs;
  std::vector<Numbered<EndEntry>> ends;
};

/// Resolves entries into a LedgerState: success beats dead letter; among equals the lower number wins; a reopen
/// withdraws dead letters of lower numbers. Entries may come in any order.
class LedgerBuilder {
 public:
  explicit LedgerBuilder(StageId stage = StageId(0)) : stage_(stage) {}
  void add(const Entry& entry);
  /// What was added so far, resolved. The builder can go on.
  LedgerState state() const;

 private:
  void begin_round(std::uint32_t round);

  StageId stage_;
  LedgerState state_;
  std::multimap<UnitId, CommitEntry::Dead> dead_;
  std::vector<std::pair<EntryNumber, schedule::IntervalSet>> reopened_;
};

/// Says which rows of an entry count. At most one row a unit counts in the whole journal: that of the lowest-numbered
/// success, or where there is none, that of the dead letter that stands.
class RowResolver {
 public:
  /// `state` is borrowed; it holds what all entries together say.
  explicit RowResolver(StageId stage, const LedgerState& state) : stage_(stage), state_(state) {}
  /// The units whose rows in this entry count. Call for every entry once, in ascending order of number.
  schedule::IntervalSet take(const Entry& entry);

 private:
  StageId stage_;
  const LedgerState& state_;
  schedule::IntervalSet claimed_;
};

}  // namespace kiln::store
