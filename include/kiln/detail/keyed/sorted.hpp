#pragma once

#include <kiln/detail/keyed/emitted.hpp>
#include <kiln/detail/keyed/merge_passes.hpp>
#include <kiln/detail/keyed/merged_entries.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Sorts: their runs are in the order of the keys, then of the units, then as the unit emitted; each can be read from
/// many places on. Ranges of that order are the units of the stage behind.
namespace kiln::detail {

template <class K, class V>
using SortFormat = EntryFormat<K, V, true, EntryOrder::key>;

/// Pieces of a sort's run, at most.
inline constexpr std::size_t kMostSortPieces = 1024;

/// Collects entries, which come in order and stay where they are, to blocks and pieces of a run.
class PieceWriter {
 public:
  /// `bytes`: of all entries, about.
  PieceWriter(NewRun& run, std::size_t bytes)
      : run_(&run), piece_bytes_(std::max(kSortBlock, bytes / kMostSortPieces)) {}

  void add(const Entry& entry) {
    if (!block_.empty() && block_.size() + entry.size() > kSortBlock) end_block(entry);
    if (places_.empty()) places_.emplace_back();
    block_.append(entry.begin, entry.size());
    ++entries_;
    last_ = entry;
  }
  RunReference finish() {
    if (!block_.empty()) write();
    RunReference run = run_->finish();
    run.places = std::move(places_);
    return run;
  }

 private:
  void write() {
    run_->write(piece_, block_, entries_);
    in_piece_ += block_.size();
    block_.clear();
    entries_ = 0;
  }
  void end_block(const Entry& next) {
    write();
    if (in_piece_ < piece_bytes_ || !begin_piece(next)) return;
    ++piece_;
    in_piece_ = 0;
  }
  /// Whether there is a place between the last entry and the next one that takes few bytes.
  bool begin_piece(const Entry& next) {
    const auto differ = std::mismatch(last_.key.begin(), last_.key.end(), next.key.begin(), next.key.end());
    const bool is_same = differ.second == next.key.end();
    const auto size = static_cast<std::size_t>(differ.second - next.key.begin()) + (is_same ? 0 : 1);
    if (size > kLongestPlace || (is_same && last_.unit == next.unit)) return false;
    places_.push_back({std::string(next.key.substr(0, size)), is_same ? next.unit : 0});
    return true;
  }

  NewRun* run_;
  std::size_t piece_bytes_, in_piece_ = 0;
  std::string block_;
  std::uint64_t entries_ = 0;
  std::uint32_t piece_ = 0;
  Entry last_;
  std::vector<SortPlace> places_;
};

/// What a worker holds of a sort: all entries, or those that come first.
template <class K, class V>
class SortedForest final : public AppendedForest<K, V, SortFormat<K, V>> {
  using Base = AppendedForest<K, V, SortFormat<K, V>>;

 public:
  using Format = SortFormat<K, V>;
  static constexpr std::size_t kMostHeld = KeyedForest::kMostHeld;  // each of its ranges is read from all runs
  static constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();

  /// `most`: entries that are wanted. Of all of them there is a sample, too.
  explicit SortedForest(std::uint64_t most = kAll) : most_(most) {}

  void end_unit() {
    Base::end_unit();
    if (most_ != kAll && this->log().bytes() > enough_) leave_first();
  }

 private:
  /// Memory that is not worth looking into.
  static constexpr std::size_t kLittle = std::size_t{1} << 20;

  /// Forgets what cannot be among the first.
  void leave_first() {
    EntryLog first;
    const std::vector<OrderEntry> order = order_of<Format>(this->log());
    for_each_in_order<Format>(order, most_, [&](std::uint64_t, const Entry& entry) {
      std::memcpy(first.extend(entry.size()), entry.begin, entry.size());
    });
    this->log() = std::move(first);
    enough_ = kLittle + 2 * this->log().bytes();
  }
  void absorb_memory(KeyedForest& other) override {
    Base::absorb_memory(other);
    if (most_ != kAll && this->log().bytes() > enough_) leave_first();
  }
  RunReference write_memory(NewRun& run, KeySample& sample) const override {
    if (most_ == kAll) draw(sample);
    const std::vector<OrderEntry> order = order_of<Format>(this->log());
    PieceWriter pieces(run, this->log().bytes());
    for_each_in_order<Format>(order, most_, [&](std::uint64_t, const Entry& entry) { pieces.add(entry); });
    return pieces.finish();
  }
  /// A unit's entries lie one behind the other, as it emitted them.
  void draw(KeySample& sample) const {
    std::uint64_t unit = 0, number = 0;
    this->log().for_each_chunk([&](const char* at, const char* end) {
      for (Entry entry; at != end; at = entry.end) {
        Format::parse(at, end, entry);
        if (entry.unit != std::exchange(unit, entry.unit)) number = 0;
        const std::uint64_t lot = KeySample::lot(unit, number++, entry.size());
        if (sample.takes(lot)) sample.add(lot, entry.key, unit);
      }
    });
  }

  std::uint64_t most_;
  std::size_t enough_ = kLittle;
};

/// The entries of one run that lie in a range.
template <class Format>
class RangeCursor {
 public:
  /// `range` must live as long. Entries before it are counted.
  RangeCursor(RunReader& run, const KeyRange& range, std::uint64_t& before)
      : run_(run), range_(&range), last_order_(key_prefix(range.end.key)) {
    while (!run_.ended() && range.begin.is_behind(at().key, at().unit)) {
      run_.next();
      ++before;
    }
    look();
  }

  bool ended() const { return ended_; }
  const Entry& at() const { return run_.at(); }
  std::uint64_t order() const { return run_.order(); }
  void next() {
    run_.next();
    look();
  }

 private:
  void look() {
    ended_ = run_.ended() || (range_->ends && order() >= last_order_ && !range_->end.is_behind(at().key, at().unit));
  }

  RunCursor<Format> run_;
  const KeyRange* range_;
  std::uint64_t last_order_;
  bool ended_ = false;
};

/// The entries of a range in order.
template <class Format>
class RangeEntries {
 public:
  using Cursor = RangeCursor<Format>;

  RangeEntries(UnitId unit, const StageHost& host)
      : runs_(host.input->open_range(unit, range_)), first_(range_.before) {
    const auto cursor_of = [this](RunReader& run) { return Cursor(run, range_, first_); };
    merge_to_fit<Format>(runs_, host.input->merge_space(), 1, cursor_of);
    std::vector<Cursor> cursors;
    cursors.reserve(runs_.size());
    for (const auto& run : runs_) cursors.push_back(cursor_of(*run));
    entries_.emplace(std::move(cursors));
  }
  RangeEntries(const RangeEntries&) = delete;
  RangeEntries& operator=(const RangeEntries&) = delete;

  /// How many entries come before the range.
  std::uint64_t first() const { return first_; }
  bool ended() const { return entries_->ended(); }
  const Entry& at() const { return entries_->at(); }
  void next() { entries_->next(); }

 private:
  KeyRange range_;
  OpenRuns runs_;
  std::uint64_t first_;
  std::optional<MergedEntries<Format, Cursor>> entries_;
};

}  // namespace kiln::detail
