#pragma once

#include <kiln/detail/keyed/append_buffer.hpp>
#include <kiln/detail/keyed/combine_table.hpp>
#include <kiln/detail/keyed/keyed_sink.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace kiln::detail {

/// Where a unit's emissions go, in the user's loop. Of each unit begin_unit, any number of emit, then end_unit or
/// drop_unit; where records of a unit may be rejected alone, begin_record, emit…, end_record or reject_record in
/// between. Emissions of what was dropped or rejected leave no trace.
template <class K, class V, bool kUnits, ShardBy kShardBy = ShardBy::hash>
class AppendingOutput : public KeyedSink {
 public:
  using Format = EntryFormat<K, V, kUnits, kShardBy>;
  using Keys = KeyTraits<K>;

  explicit AppendingOutput(PiecePool& pool, std::uint32_t shards = kHashShards) : buffer_(pool, shards) {}

  void begin_unit(UnitId unit) {
    unit_ = unit;
    buffer_.pieces().begin_unit();
  }
  void end_unit() { buffer_.pieces().end_unit(); }
  void drop_unit() { buffer_.pieces().drop_unit(); }
  void begin_record() { buffer_.pieces().begin_record(); }
  void end_record() { buffer_.pieces().end_record(); }
  void reject_record() { buffer_.pieces().reject_record(); }

  /// Throws std::length_error where key or value is too long: the unit's failure.
  void emit(typename Keys::View key, typename ValueTraits<V>::Given value)
    requires(kShardBy == ShardBy::hash)
  {
    const PreparedKey prepared = Keys::prepare(key, key_room_);
    append(shard_of(prepared.hash, buffer_.pieces().shards()), prepared, value);
  }
  void append(std::uint32_t shard, const PreparedKey& key, typename ValueTraits<V>::Given value) {
    buffer_.append(shard, key, Format::prepare(value, value_room_), unit_.value());
  }

  UnitId unit() const { return unit_; }
  std::uint32_t shards() const override { return buffer_.pieces().shards(); }
  std::size_t bytes() const override { return buffer_.pieces().bytes(); }
  std::size_t ready() const override {
    std::size_t sum = 0;
    for (std::uint32_t shard = 0; shard < shards(); ++shard) sum += buffer_.pieces().held(shard);
    return sum;
  }
  void take_blocks(std::span<const std::uint32_t> owners, std::size_t at_least, std::size_t at_most,
                   std::vector<Bytes>& rooms, std::vector<KeyedBlock>& out) override {
    take_blocks_of(buffer_.pieces(), owners, at_least, at_most, rooms, out);
  }
  void take_own(std::span<KeyedShard* const> shards) override { take_own_of(buffer_.pieces(), shards); }
  void flush() override {}
  void clear() override { buffer_.pieces().clear(); }

 private:
  UnitId unit_{0};
  AppendBuffer<Format> buffer_;
  typename Keys::Room key_room_;
  ByteWriter value_room_;
};

/// The same for an exact monoid, whose values are combined before they are sent. The table is bounded: when it is full,
/// keys that are not in it are appended as they are until the unit ends, and then it is emptied. Where it has combined
/// too little, emissions pass it by for a while.
template <class K, Monoid M, class Item>
class CombiningOutput final : public KeyedSink {
  static_assert(M::exact);

 public:
  using Value = typename M::value_type;
  using Format = EntryFormat<K, Value, false>;
  using Keys = KeyTraits<K>;
  /// Keys in the table.
  static constexpr std::size_t kMostKeys = std::size_t{80} << 10;

  explicit CombiningOutput(PiecePool& pool, M monoid, std::uint32_t shards = kHashShards,
                           std::size_t most_keys = kMostKeys)
      : monoid_(std::move(monoid)), most_keys_(most_keys), table_(monoid_, most_keys), rest_(pool, shards) {}
  CombiningOutput(const CombiningOutput&) = delete;
  CombiningOutput& operator=(const CombiningOutput&) = delete;

  void begin_unit(UnitId unit) {
    unit_ = unit;
    table_.begin_unit();
    rest_.begin_unit(unit);
  }
  void end_unit() {
    table_.end_unit();
    rest_.end_unit();
    if (table_.is_full()) {
      empty_table();
    } else if (passing_ && passed_ >= kPassed * most_keys_) {
      passing_ = false;
      passed_ = added_ = 0;
    }
  }
  void drop_unit() {
    table_.drop_unit();
    rest_.drop_unit();
    if (table_.is_full()) empty_table();
  }
  void begin_record() {
    table_.begin_record();
    rest_.begin_record();
  }
  void end_record() {
    table_.end_record();
    rest_.end_record();
  }
  void reject_record() {
    table_.reject_record();
    rest_.reject_record();
  }

  void emit(typename Keys::View key, const Item& item) {
    const PreparedKey prepared = Keys::prepare(key, room_);
    if (!passing_) [[likely]] {
      if (table_.add(prepared, item, unit_)) [[likely]] {
        ++added_;
        return;
      }
    }
    ++passed_;
    rest_.append(shard_of(prepared.hash, rest_.shards()), prepared, lift(monoid_, item, unit_));
  }

  std::uint32_t shards() const override { return rest_.shards(); }
  std::size_t bytes() const override { return table_.bytes() + rest_.bytes(); }
  std::size_t ready() const override { return rest_.ready(); }
  void take_blocks(std::span<const std::uint32_t> owners, std::size_t at_least, std::size_t at_most,
                   std::vector<Bytes>& rooms, std::vector<KeyedBlock>& out) override {
    rest_.take_blocks(owners, at_least, at_most, rooms, out);
  }
  void take_own(std::span<KeyedShard* const> shards) override { rest_.take_own(shards); }
  void flush() override {
    take_table();
    added_ = 0;
  }
  void clear() override {
    table_.clear();
    rest_.clear();
    added_ = 0;
  }
  void release() override {
    if (table_.size() == 0) table_.release();
  }
  /// Whether emissions pass the table by, as keys are nearly unique.
  bool is_passing() const { return passing_; }

 private:
  /// A table is worth its time where it makes of so many emissions one entry.
  static constexpr std::size_t kWorth = 2;
  /// How many times its keys pass by before it is tried again.
  static constexpr std::size_t kPassed = 16;

  void take_table() {
    table_.take([&](const PreparedKey& key, const Value& value) {
      rest_.append(shard_of(key.hash, rest_.shards()), key, value);
    });
  }
  void empty_table() {
    passing_ = added_ < kWorth * table_.size();
    take_table();
    passed_ = added_ = 0;
  }

  M monoid_;
  std::size_t most_keys_;
  UnitId unit_{0};
  CombineTable<M, Item> table_;
  AppendingOutput<K, Value, false> rest_;
  typename Keys::Room room_;
  std::size_t added_ = 0;   // to the table since it was empty
  std::size_t passed_ = 0;  // by the table
  bool passing_ = false;
};

}  // namespace kiln::detail
