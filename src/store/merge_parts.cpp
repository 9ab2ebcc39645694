#include "store/merge_parts.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kiln::store {
namespace {

bool overlap(const schedule::IntervalSet& a, const schedule::IntervalSet& b) {
  const auto intervals = b.intervals();
  return std::any_of(intervals.begin(), intervals.end(), [&](Interval interval) { return a.overlaps(interval); });
}

bool fits(const Schema& known, const Schema& schema) { return schema.empty() || known.empty() || known == schema; }

}  // namespace

void RowMerger::add(Rows rows, const schedule::IntervalSet& units) {
  const auto table = static_cast<std::uint32_t>(tables_.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const std::uint64_t unit = rows.units()[row];
    if (units.contains(UnitId(unit))) places_.push_back({unit, table, static_cast<std::uint32_t>(row)});
  }
  tables_.push_back(std::move(rows));
}

Rows RowMerger::finish(const Schema& schema) {
  std::sort(places_.begin(), places_.end());
  Rows merged(schema);
  for (const Place& place : places_) merged.append_row(tables_[place.table], place.row);
  tables_.clear();
  return merged;
}

/// The first part that may take units of the piece. (Another version of kiln may have written other columns.)
std::size_t MergeParts::place(const schedule::IntervalSet& units, bool whole, const MergePiece& piece) {
  std::size_t at = parts_.size();
  while (at > 0 && !overlap(whole ? parts_[at - 1].units : parts_[at - 1].whole_units, units)) --at;
  const auto takes = [&](const Part& part) {
    return fits(part.schema, piece.schema) &&
           std::all_of(piece.more.begin(), piece.more.end(), [&](const MoreRows& more) {
             const auto known = part.more.find(more.place);
             return known == part.more.end() || known->second.table.schema == more.table.schema;
           });
  };
  while (at < parts_.size() && !takes(parts_[at])) ++at;
  if (at == parts_.size()) parts_.emplace_back();
  Part& part = parts_[at];
  if (part.schema.empty()) part.schema = piece.schema;
  for (const MoreRows& more : piece.more) part.more.try_emplace(more.place, More{more.table, {}});
  part.units.insert(units);
  if (whole) part.whole_units.insert(units);
  return at;
}

void MergeParts::add_plain(MergePiece& piece, std::map<std::size_t, schedule::IntervalSet>& taken) {
  if (piece.plain.empty()) return;
  const std::size_t at = place(piece.plain, false, piece);
  schedule::IntervalSet done = piece.plain;
  CommitEntry& commit = parts_[at].commit;
  for (CommitEntry::Dead& dead : piece.dead) {
    done.erase(single(dead.letter.unit));
    commit.dead.push_back(std::move(dead));
  }
  commit.done.insert(done);
  taken[at].insert(piece.plain);
}

void MergeParts::add_wholes(MergePiece& piece, std::map<std::size_t, schedule::IntervalSet>& taken) {
  auto next = piece.partials.begin();
  for (CommitEntry::Whole& whole : piece.wholes) {
    const std::size_t at = place(whole.units, true, piece);
    CommitEntry& commit = parts_[at].commit;
    commit.done.insert(whole.units);
    const auto end = next + static_cast<std::ptrdiff_t>(whole.partials);
    commit.partials.insert(commit.partials.end(), std::make_move_iterator(next), std::make_move_iterator(end));
    next = end;
    taken[at].insert(whole.units);
    commit.wholes.push_back(std::move(whole));
  }
  for (SegmentFile& segment : piece.segments) {
    CommitEntry& commit = parts_[place(segment.units, true, piece)].commit;
    commit.done.insert(segment.units);
    commit.segments.push_back(std::move(segment));
  }
}

void MergeParts::add_rows(MergePiece& piece, const std::map<std::size_t, schedule::IntervalSet>& taken) {
  std::size_t left = taken.size();
  for (const auto& [at, units] : taken) {
    const bool is_last = --left == 0;
    const auto give = [&](Rows& rows) { return is_last ? std::move(rows) : rows; };
    Part& part = parts_[at];
    if (piece.rows.size() > 0) part.rows.add(give(piece.rows), units);
    for (MoreRows& more : piece.more) part.more.at(more.place).rows.add(give(more.rows), units);
  }
}

void MergeParts::add(MergePiece piece) {
  std::map<std::size_t, schedule::IntervalSet> taken;
  add_plain(piece, taken);
  add_wholes(piece, taken);
  add_rows(piece, taken);
}

void MergeParts::add_batches(const std::vector<protocol::BatchRecord>& batches) {
  if (parts_.empty()) parts_.emplace_back();
  auto& all = parts_.front().commit.batches;
  all.insert(all.end(), batches.begin(), batches.end());
}

std::vector<MergeParts::Finished> MergeParts::finish() {
  std::vector<Finished> all;
  for (Part& part : parts_) {
    part.commit.rows = part.rows.finish(part.schema);
    part.commit.has_partials = !part.commit.partials.empty();
    for (auto& [place, more] : part.more) {
      Rows rows = more.rows.finish(more.table.schema);
      if (rows.size() != 0) part.commit.more.push_back({place, std::move(more.table), std::move(rows)});
    }
    all.push_back({std::move(part.commit), std::move(part.schema)});
  }
  parts_.clear();
  return all;
}

}  // namespace kiln::store
