#pragma once

#include "schedule/interval_set.hpp"
#include "store/entry.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kiln::store {

/// What the journal says about the units of one stage (its highest round).
struct LedgerState {
  schedule::IntervalSet done;
  std::map<UnitId, CommitEntry::Dead> dead;  ///< dead letters that stand; none of a done unit
  /// Given, and neither done nor a dead letter that stands: these may have begun.
  schedule::IntervalSet given;
  std::uint32_t round = 0;

  template <class Body>
  struct Numbered {
    EntryNumber number;
    Epoch epoch;
    Body body;
  };
  // Of programs: the round's plan; its end, where every unit of the plan is done or a dead letter that was there then.
  std::optional<Numbered<PlanEntry>> plan;
  std::optional<Numbered<StageEndEntry>> end;
  std::vector<RootEntry> roots;     ///< in order of number
  std::set<std::uint64_t> refused;  ///< of what comes all or none: ordinals of those whose units another one has

  // Of the whole run, in order of number.
  std::vector<Numbered<SourceEntry>> sources;
  std::vector<Numbered<EpochEntry>> epochs;
  std::vector<Numbered<EndEntry>> ends;

  /// Of the whole run: a launch has an epoch for each rank that took over in it.
  std::uint64_t launches() const;
};

/// Resolves entries into a LedgerState: success beats dead letter; among equals the lower number wins; a reopen
/// withdraws dead letters and what was given of lower numbers; an end that releases, what its own launch gave. Partial
/// results and what lies in a segment count all or none: where a unit is in another one that was added before, none; so
/// such entries come in ascending order of number, others in any.
class LedgerBuilder {
 public:
  /// `lost` is borrowed; it must name an entry's segments before that entry is added.
  explicit LedgerBuilder(StageId stage = StageId(0), const LostSegments* lost = nullptr) : stage_(stage), lost_(lost) {}
  void add(const Entry& entry);
  /// What was added so far, resolved. The builder can go on.
  LedgerState state() const;

 private:
  void begin_round(std::uint32_t round);
  void add_commit(const Entry& entry, const CommitEntry& commit);
  void add_whole(const schedule::IntervalSet& units);
  bool is_over(const LedgerState& state) const;
  schedule::IntervalSet given(const LedgerState& state) const;

  StageId stage_;
  const LostSegments* lost_;
  LedgerState state_;
  std::uint64_t wholes_ = 0;
  std::multimap<UnitId, CommitEntry::Dead> dead_;
  std::vector<std::pair<EntryNumber, schedule::IntervalSet>> reopened_;
  std::vector<std::pair<EntryNumber, schedule::IntervalSet>> given_;
};

/// Whether the launch waited for all that it had handed out, and saved it: what else it gave did not begin.
bool releases_given(const EndEntry& end);

/// Units of a commit of which any may count, whatever becomes of the others: they are in no segment, and no partial
/// result holds them.
schedule::IntervalSet plain_units(const CommitEntry& commit);

/// What of an entry itself counts all or none: its wholes, or where it has only partial results, its units.
std::vector<CommitEntry::Whole> wholes_of(const CommitEntry& commit, std::uint64_t partials);

/// What of an entry counts.
struct Taken {
  schedule::IntervalSet units;        ///< whose rows in the entry itself count
  bool partials = false;              ///< the entry's partial results count
  std::vector<std::uint64_t> skip;    ///< but not these of them, ascending
  std::vector<SegmentFile> segments;  ///< these count, whole
};

/// Says what of an entry counts. At most one row source a unit counts in the whole journal: that of the lowest-numbered
/// success, or where there is none, that of the dead letter that stands.
class RowResolver {
 public:
  /// Both are borrowed; `state` holds what all entries together say.
  explicit RowResolver(StageId stage, const LedgerState& state, const LostSegments* lost = nullptr)
      : stage_(stage), state_(state), lost_(lost) {}
  /// Call for every entry once, in ascending order of number.
  Taken take_all(const Entry& entry);
  schedule::IntervalSet take(const Entry& entry) { return take_all(entry).units; }

 private:
  void take_plain(const schedule::IntervalSet& units, Taken& taken);
  void take_wholes(const std::vector<CommitEntry::Whole>& wholes, Taken& taken);

  StageId stage_;
  const LedgerState& state_;
  const LostSegments* lost_;
  std::uint64_t wholes_ = 0;
  schedule::IntervalSet claimed_;
};

}  // namespace kiln::store
