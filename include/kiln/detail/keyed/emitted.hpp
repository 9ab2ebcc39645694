#pragma once

#include <kiln/detail/keyed/combine_table.hpp>
#include <kiln/detail/keyed/entry.hpp>
#include <kiln/detail/keyed/entry_log.hpp>
#include <kiln/detail/keyed/key_failure.hpp>
#include <kiln/detail/keyed/keyed_forest.hpp>
#include <kiln/detail/keyed/order.hpp>
#include <kiln/detail/keyed/waiting_keys.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// Where the units of a mapping stage emit. Of each unit begin_unit, any number of emit, then end_unit or drop_unit;
/// where records of a unit may be rejected alone, begin_record, emit…, end_record or reject_record in between.
/// Emissions of what was dropped or rejected leave no trace.
namespace kiln::detail {

/// What sorting takes for each entry beside it: its place, and room to move the places.
inline constexpr std::size_t kSortedEntry = 2 * sizeof(OrderEntry);
inline std::size_t bytes_to_sort(const EntryLog& log) { return log.entries() * kSortedEntry; }

/// Entries of the logs in their order.
template <class Format, class... Logs>
std::vector<OrderEntry> order_of(const Logs&... logs) {
  std::vector<OrderEntry> order, room;
  order.reserve((logs.entries() + ...));
  const auto add = [&order](const char* at, const char* end) {
    Entry entry;
    while (at != end) {
      Format::parse(at, end, entry);
      order.push_back({Format::order(entry), at});
      at = entry.end;
    }
  };
  (logs.for_each_chunk(add), ...);
  sort_entries<Format>(order, room);
  return order;
}

/// Collects entries, which come in order, to the blocks of a run.
class BlockWriter {
 public:
  explicit BlockWriter(NewRun& run) : run_(&run) {}
  void add(std::uint64_t hash, std::string_view entry) { add_to(shard_of(hash, kHashShards), entry); }
  void add_to(std::uint32_t shard, std::string_view entry) {
    if (shard != shard_ || block_.size() + entry.size() > kRunBlock) end_block();
    shard_ = shard;
    if (entry.size() >= kLarge) {  // not worth a copy
      end_block();
      run_->write(shard, entry, 1);
      return;
    }
    block_.append(entry);
    ++entries_;
  }
  RunReference finish() {
    end_block();
    return run_->finish();
  }

 private:
  static constexpr std::size_t kLarge = kRunBlock / 8;

  void end_block() {
    if (!block_.empty()) run_->write(shard_, block_, entries_);
    block_.clear();
    entries_ = 0;
  }

  NewRun* run_;
  std::string block_;
  std::uint32_t shard_ = 0;
  std::uint64_t entries_ = 0;
};

/// Entries that are all kept, each with its unit: of group_by_key, and what others are made of.
template <class K, class V, class EntryFormatOf = EntryFormat<K, V, true>>
class AppendedForest : public KeyedForest {
 public:
  /// What emit() takes as value.
  using Item = std::remove_cvref_t<typename ValueTraits<V>::Given>;
  using Format = EntryFormatOf;
  using Keys = KeyTraits<K>;
  /// New memory takes longer than a few more runs.
  static constexpr std::size_t kMostHeld = std::size_t{64} << 20;

  void begin_unit(UnitId unit) {
    unit_ = unit;
    unit_mark_ = log_.mark();
  }
  void end_unit() {}
  void drop_unit() { log_.cut(unit_mark_); }
  void begin_record() { record_mark_ = log_.mark(); }
  void end_record() {}
  void reject_record() { log_.cut(record_mark_); }

  /// Throws std::length_error where key or value is too long: the unit's failure.
  void emit(typename Keys::View key, typename ValueTraits<V>::Given value) {
    const PreparedKey prepared = prepare(key);
    const auto written = Format::prepare(value, value_room_);
    Format::put(log_.extend(Format::size(prepared, written)), prepared, written, unit_.value());
  }

  UnitId unit() const { return unit_; }

 protected:
  EntryLog& log() { return log_; }
  const EntryLog& log() const { return log_; }

  bool memory_empty() const override { return log_.empty(); }
  std::size_t memory_bytes() const override { return log_.bytes() + bytes_to_sort(log_); }
  void absorb_memory(KeyedForest& other) override { log_.absorb(same_forest<AppendedForest>(other).log_); }
  void clear_memory() override { log_.clear(); }
  RunReference write_memory(NewRun& run, KeySample&) const override {
    BlockWriter blocks(run);
    const std::vector<OrderEntry> order = order_of<Format>(log_);
    for_each_in_order<Format>(order, order.size(), [&](std::uint64_t hash, const Entry& entry) {
      blocks.add(hash, {entry.begin, entry.size()});
    });
    return blocks.finish();
  }

 private:
  PreparedKey prepare(typename Keys::View key) {
    if constexpr (Format::kOrderedBy == EntryOrder::hash) {
      return Keys::prepare(key, key_room_);
    } else {
      const std::string_view bytes = Keys::encode(key, key_room_);
      if (bytes.size() > kLongestKey) refuse_long_key(bytes.size());
      return {bytes, {}, 0};
    }
  }

  UnitId unit_{0};
  EntryLog::Mark unit_mark_, record_mark_;
  EntryLog log_;
  typename Keys::Room key_room_;
  ByteWriter value_room_;
};

/// Values of a monoid that is not exact: folded where the shard is read, in the order of their units.
template <class K, Monoid M, class Given>
class LiftedForest final : public AppendedForest<K, typename M::value_type> {
  using Base = AppendedForest<K, typename M::value_type>;

 public:
  using Item = Given;
  explicit LiftedForest(M monoid) : monoid_(std::move(monoid)) {}
  void emit(typename KeyTraits<K>::View key, const Item& item) { Base::emit(key, lift(monoid_, item, Base::unit())); }

 private:
  M monoid_;
};

/// Values of an exact monoid, combined as they come. The table is bounded: when it is full, keys that are not in it are
/// appended as they are until the unit ends, and then it is emptied. Where it has combined too little, emissions pass
/// it by for a while.
template <class K, Monoid M, class Given>
class CombinedForest final : public KeyedForest {
  static_assert(M::exact);

 public:
  using Item = Given;
  using Value = typename M::value_type;
  using Format = EntryFormat<K, Value, false>;
  using Keys = KeyTraits<K>;
  /// Keys in the table, which then has 8 MiB where values are small.
  static constexpr std::size_t kMostKeys = std::size_t{160} << 10;

  explicit CombinedForest(M monoid, std::size_t most_keys = kMostKeys)
      : monoid_(std::move(monoid)), most_keys_(most_keys), table_(monoid_, most_keys) {}
  CombinedForest(const CombinedForest&) = delete;
  CombinedForest& operator=(const CombinedForest&) = delete;

  void keep_to(std::size_t bytes) override {
    if (bytes < kRoomy) table_.keep_to(most_keys_ = std::min(most_keys_, kMostKeys / 2));
  }

  void begin_unit(UnitId unit) {
    unit_ = unit;
    table_.begin_unit();
    unit_mark_ = log_.mark();
  }
  void end_unit() {
    add_waiting();
    table_.end_unit();
    if (table_.is_full()) {
      empty_table();
    } else if (passing_ && passed_ >= kPassed * most_keys_) {
      passing_ = false;
      passed_ = added_ = 0;
    }
  }
  void drop_unit() {
    waiting_.clear();
    table_.drop_unit();
    log_.cut(unit_mark_);
    if (table_.is_full()) empty_table();
  }
  void begin_record() {
    table_.begin_record();
    record_mark_ = log_.mark();
  }
  void end_record() {
    add_waiting();
    table_.end_record();
  }
  void reject_record() {
    waiting_.clear();
    table_.reject_record();
    log_.cut(record_mark_);
  }

  /// Throws std::length_error where key or value is too long, and what the monoid throws: the unit's failure.
  void emit(typename Keys::View key, const Item& item) {
    const PreparedKey prepared = Keys::prepare(key, key_room_);
    if constexpr (kMayWait) {
      if (!passing_ && prepared.bytes.size() <= Waiting::kLongest) [[likely]] {
        table_.fetch(prepared);
        waiting_.add(prepared, item);
        if (waiting_.is_full()) add_waiting();
        return;
      }
      add_waiting();
    }
    add(prepared, item);
  }

 private:
  /// What cannot fail may be added later than it was emitted.
  static constexpr bool kMayWait = kIsSmallValue<Value> && std::is_trivially_copyable_v<Item> && sizeof(Item) <= 16 &&
                                   requires(const M& monoid, Value& value, const Item& item) {
                                     requires !requires { monoid.add(value, item); };
                                     requires !requires { monoid.add(value, item, UnitId(0)); };
                                     { monoid.lift(item) } noexcept;
                                     { monoid.merge(value, monoid.lift(item)) } noexcept;
                                   };
  using Waiting = WaitingKeys<std::conditional_t<kMayWait, Item, std::monostate>>;

  /// Memory beside which the largest table is small.
  static constexpr std::size_t kRoomy = std::size_t{64} << 20;
  /// A table is worth its time where it makes of so many emissions one entry.
  static constexpr std::size_t kWorth = 2;
  /// How many times its keys pass by before it is tried again.
  static constexpr std::size_t kPassed = 16;

  void add(const PreparedKey& key, const Item& item) {
    if (!passing_) [[likely]] {
      if (table_.add(key, item, unit_)) [[likely]] {
        ++added_;
        return;
      }
    }
    ++passed_;
    append(log_, value_room_, key, lift(monoid_, item, unit_));
  }
  void add_waiting() {
    if constexpr (kMayWait) waiting_.take([this](const PreparedKey& key, const Item& item) { add(key, item); });
  }
  static void append(EntryLog& log, ByteWriter& room, const PreparedKey& key, const Value& value) {
    const auto written = Format::prepare(value, room);
    Format::put(log.extend(Format::size(key, written)), key, written, 0);
  }
  void empty_table() {
    passing_ = added_ < kWorth * table_.size();
    table_.take([&](const PreparedKey& key, const Value& value) { append(log_, value_room_, key, value); });
    passed_ = added_ = 0;
  }

  bool memory_empty() const override { return table_.size() == 0 && log_.empty(); }
  std::size_t memory_bytes() const override { return table_.bytes() + log_.bytes() + bytes_to_sort(log_); }
  // What does not fit into the table goes behind it: the keys that came first are those that come often.
  void absorb_memory(KeyedForest& other) override {
    auto& from = same_forest<CombinedForest>(other);
    log_.absorb(from.log_);
    from.table_.take([&](const PreparedKey& key, const Value& value) {
      if (!table_.merge(key, value)) append(log_, value_room_, key, value);
    });
  }
  void clear_memory() override {
    table_.release();
    log_.clear();
  }
  RunReference write_memory(NewRun& run, KeySample&) const override {
    EntryLog combined;
    ByteWriter room;
    table_.for_each([&](const PreparedKey& key, const Value& value) { append(combined, room, key, value); });
    return write_combined(order_of<Format>(combined, log_), run);
  }
  RunReference write_combined(const std::vector<OrderEntry>& order, NewRun& run) const {
    BlockWriter blocks(run);
    std::string entry;
    ByteWriter room;
    for (std::size_t at = 0, next = 0; at < order.size(); at = next) {
      fetch_ahead(order, at);
      const Entry first = Format::look(order[at].at);
      const auto is_same = [&](const OrderEntry& other) {
        return other.order == order[at].order && Format::is_same_key(Format::look(other.at).key, first.key);
      };
      for (next = at + 1; next < order.size() && is_same(order[next]);) ++next;
      if (next == at + 1) {
        blocks.add(order[at].order, {first.begin, first.size()});
        continue;
      }
      Value sum(Format::Values::decode(first.value));
      for_key<Format>(first.key, [&] {
        for (std::size_t i = at + 1; i < next; ++i) {
          monoid_.merge(sum, Value(Format::Values::decode(Format::look(order[i].at).value)));
        }
      });
      const PreparedKey key = Keys::prepare_bytes(first.key);
      const auto written = Format::prepare(sum, room);
      entry.resize(Format::size(key, written));
      Format::put(entry.data(), key, written, 0);
      blocks.add(order[at].order, entry);
    }
    return blocks.finish();
  }

  M monoid_;
  std::size_t most_keys_;
  UnitId unit_{0};
  CombineTable<M, Item> table_;
  Waiting waiting_;
  EntryLog::Mark unit_mark_, record_mark_;
  EntryLog log_;
  typename Keys::Room key_room_;
  ByteWriter value_room_;
  std::size_t added_ = 0;   // to the table since it was empty
  std::size_t passed_ = 0;  // by the table
  bool passing_ = false;
};

}  // namespace kiln::detail
