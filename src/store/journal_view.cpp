#include "store/journal_view.hpp"

#include "store/segment.hpp"
#include "store/source_copy.hpp"
#include "store/stage_identity.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

namespace kiln::store {
namespace {

// A commit's part before it is known which of its rows count.
struct Candidate {
  RowsPart place;
  Entry ledger;  // done and dead only
};

class Collector {
 public:
  Collector(const ViewOptions& options, JournalView& view)
      : options_(options), view_(view), ledger_(StageId(0), &lost_) {}

  void visit(const Visit& visit) {
    lost_ = visit.lost;
    const StageId stage = visit.entry.stage;
    ledger_.add(visit.entry);
    if (stage != StageId(0)) later_.try_emplace(stage, stage, &lost_).first->second.add(visit.entry);
    const auto* commit = std::get_if<CommitEntry>(&visit.entry.body);
    if (commit == nullptr) return;
    if (options_.batches) {
      for (const protocol::BatchRecord& record : commit->batches)
        view_.batches.push_back({stage, record, visit.entry.round});
    }
    if (!options_.parts) return;
    Candidate candidate{{visit.in.path(), visit.part, stage, visit.entry.number, {}}, visit.entry};
    std::get<CommitEntry>(candidate.ledger.body).batches.clear();
    candidates_.push_back(std::move(candidate));
  }

  void resolve(const std::filesystem::path& directory) {
    view_.ledger = ledger_.state();
    for (const auto& [stage, builder] : later_) view_.later.emplace(stage, builder.state());
    view_.standing = count_standing(view_);
    std::map<StageId, RowResolver> resolvers;
    for (Candidate& candidate : candidates_) {
      const StageId stage = candidate.place.stage;
      const LedgerState* ledger = view_.stage(stage);
      if (ledger == nullptr) continue;
      const Taken taken = resolvers.try_emplace(stage, stage, *ledger, &lost_).first->second.take_all(candidate.ledger);
      const EntryNumber number = candidate.place.number;
      candidate.place.take = taken.units;
      candidate.place.partials = taken.partials;
      candidate.place.skip = taken.skip;
      if (!taken.units.empty()) view_.parts.push_back(std::move(candidate.place));
      for (const SegmentFile& segment : taken.segments) {
        view_.parts.push_back({segment_path(directory, segment.file), 0, stage, number, segment.units, true});
      }
    }
  }

 private:
  static std::uint32_t count_standing(const JournalView& view) {
    if (!view.ledger.plan) return 1;  // commands have no plans
    std::uint64_t before = 0;
    std::uint32_t stage = 0;
    for (const LedgerState* ledger = &view.ledger; ledger != nullptr && ledger->plan;) {
      if (ledger->plan->body.before != before) break;
      ++stage;
      if (!ledger->end) break;
      before = chain_after(ledger->plan->body, ledger->end->body);
      const auto next = view.later.find(StageId(stage));
      ledger = next == view.later.end() ? nullptr : &next->second;
    }
    return stage;
  }

  const ViewOptions& options_;
  JournalView& view_;
  LostSegments lost_;
  LedgerBuilder ledger_;
  std::map<StageId, LedgerBuilder> later_;
  std::vector<Candidate> candidates_;
};

// Where the journal is whole, a copy without an entry was never said to count.
bool is_damaged(const JournalView& view) { return !view.scan.problems.empty() || view.scan.merged_lost; }

std::uint64_t units_with_results(const LedgerState& ledger) {
  std::uint64_t units = 0;
  if (const auto back = ledger.done.back()) units = back->last.value();
  if (!ledger.dead.empty()) units = std::max(units, ledger.dead.rbegin()->first.value() + 1);
  return units;
}

class SourceChain {
 public:
  SourceChain(const std::filesystem::path& directory, JournalView& view) : directory_(directory), view_(view) {}

  void follow() {
    std::vector<const SourceEntry*> entries;
    for (const auto& source : view_.ledger.sources) entries.push_back(&source.body);
    std::stable_sort(entries.begin(), entries.end(), [](auto* a, auto* b) { return a->version < b->version; });
    for (const SourceEntry* entry : entries) {
      if (entry->version <= view_.registry.version()) continue;
      fill_gap(entry->version);
      view_.registry.restore(*entry);
    }
    const std::uint64_t results = units_with_results(view_.ledger);
    // What comes after the last valid entry: only where something is known to be lost.
    while (is_damaged(view_) || results > view_.registry.units()) {
      if (!rebuild(view_.registry.version() + 1)) break;
    }
    std::move(rebuilt_.begin(), rebuilt_.end(), std::back_inserter(view_.ledger.sources));
    if (results <= view_.registry.units()) return;
    view_.notes.push_back(
        fmt::format("which commands units {} to {} are is lost with their source entry; these commands run again",
                    view_.registry.units(), results - 1));
    view_.registry.reserve(results);
  }

 private:
  void fill_gap(std::uint32_t before) {
    for (std::uint32_t version = view_.registry.version() + 1; version < before; ++version) {
      if (rebuild(version)) continue;
      view_.notes.push_back(fmt::format("version {} of the source is lost; its commands may run again", version));
    }
  }

  bool rebuild(std::uint32_t version) {
    auto entry = rebuild_source_entry(directory_, version);
    if (!entry || entry->units < view_.registry.units()) return false;
    view_.registry.restore(*entry);
    view_.notes.push_back(fmt::format("version {} of the source was rebuilt from source/{}.units", version, version));
    rebuilt_.push_back({EntryNumber(0), Epoch(0), *std::move(entry)});
    return true;
  }

  const std::filesystem::path& directory_;
  JournalView& view_;
  std::vector<LedgerState::Numbered<SourceEntry>> rebuilt_;
};

}  // namespace

const LedgerState* JournalView::stage(StageId stage) const {
  if (stage.value() >= standing) return nullptr;
  if (stage == StageId(0)) return &ledger;
  const auto found = later.find(stage);
  return found == later.end() ? nullptr : &found->second;
}

std::vector<RowsPart> JournalView::parts_of(StageId stage, std::size_t table) const {
  std::vector<RowsPart> found;
  for (const RowsPart& part : parts) {
    if (part.stage != stage) continue;
    found.push_back(part);
    found.back().table = table;
  }
  return found;
}

schedule::IntervalSet JournalView::active() const {
  return registry.units() == 0 ? schedule::IntervalSet(make_interval(0, units)) : registry.active();
}

std::vector<CommitEntry::Dead> JournalView::active_dead() const {
  const schedule::IntervalSet active = this->active();
  std::vector<CommitEntry::Dead> dead;
  for (const auto& [unit, letter] : ledger.dead) {
    if (active.contains(unit)) dead.push_back(letter);
  }
  return dead;
}

std::vector<StageDead> JournalView::all_dead() const {
  std::vector<StageDead> all;
  for (const CommitEntry::Dead& dead : active_dead()) all.push_back({StageId(0), dead});
  for (std::uint32_t i = 1; i < standing; ++i) {
    for (const auto& [unit, dead] : later.at(StageId(i)).dead) all.push_back({StageId(i), dead});
  }
  return all;
}

Totals JournalView::totals() const {
  const schedule::IntervalSet active = this->active();
  Totals totals;
  totals.units = active.count();
  totals.removed = units - std::min(units, totals.units);
  for (const Interval& interval : active.intervals()) totals.done += ledger.done.intersection(interval).count();
  totals.failed = active_dead().size();
  for (std::uint32_t i = 1; i < standing; ++i) {
    const LedgerState& next = later.at(StageId(i));
    totals.units += next.plan->body.units;
    totals.done += next.done.count();
    totals.failed += next.dead.size();
  }
  totals.pending = totals.units - std::min(totals.units, totals.done + totals.failed);
  return totals;
}

std::optional<EndEntry> JournalView::standing_end() const {
  if (ledger.ends.empty()) return std::nullopt;
  const auto& end = ledger.ends.back();
  if (!ledger.epochs.empty() && ledger.epochs.back().number > end.number) return std::nullopt;
  return end.body;
}

JournalView read_journal(const std::filesystem::path& run_directory, const ViewOptions& options) {
  JournalView view;
  std::optional<Collector> collector(std::in_place, options, view);
  ScanOptions scan;
  scan.numbers_per_folder = options.numbers_per_folder;
  scan.whole_segments = options.whole_segments;
  scan.on_restart = [&] {
    view = JournalView();
    collector.emplace(options, view);
  };
  view.scan = scan_journal(run_directory, scan, [&](const Visit& visit) { collector->visit(visit); });
  collector->resolve(run_directory);
  if (options.commands) {
    SourceChain(run_directory, view).follow();
    view.units = view.registry.units();
  } else {
    view.units = units_with_results(view.ledger);
    if (view.ledger.plan) view.units = std::max(view.units, view.ledger.plan->body.units);
    for (const auto& source : view.ledger.sources) view.units = std::max(view.units, source.body.units);
  }
  return view;
}

}  // namespace kiln::store
