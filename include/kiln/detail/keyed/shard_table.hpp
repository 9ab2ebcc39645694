#pragma once

#include <kiln/detail/keyed/combine_table.hpp>
#include <kiln/detail/keyed/entry.hpp>
#include <kiln/detail/keyed/keyed_shard.hpp>
#include <kiln/detail/keyed/merged_entries.hpp>
#include <kiln/detail/keyed/order.hpp>
#include <kiln/detail/keyed/slot_table.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace kiln::detail {

/// A shard of an exact monoid: one value a key, merged as entries come.
template <class K, Monoid M>
class ShardTable final : public KeyedShard {
 public:
  using Value = typename M::value_type;
  using Format = EntryFormat<K, Value, false>;

  explicit ShardTable(M monoid) : monoid_(std::move(monoid)) {}

  void admit(std::string_view entries) override {
    Format::for_each(entries, [&](const Entry& entry) {
      const PreparedKey key{entry.key, words_of(entry.key), entry.hash};
      Slot& slot = *table_.find_or_insert(key, static_cast<std::size_t>(-1));
      Value value(Format::Values::decode(entry.value));
      if (slot.stamp == 0) {
        insert(slot, std::move(value));
      } else if constexpr (kSmall) {
        monoid_.merge(slot.value, value);
      } else {
        Value& there = values_[slot.value];
        const std::size_t before = memory_of(there);
        monoid_.merge(there, std::move(value));
        heap_ += memory_of(there) - before;
      }
    });
  }
  bool empty() const override { return table_.size() == 0; }
  std::size_t keys() const { return table_.size(); }
  std::size_t bytes() const override { return table_.bytes() + values_.capacity() * sizeof(Value) + heap_; }
  std::size_t sorting_bytes() const override { return 2 * table_.size() * sizeof(OrderEntry) + 2 * kRunBlock; }

  std::unique_ptr<RunReader> sorted() override {
    const auto put = [this, room = ByteWriter()](const OrderEntry& entry, std::string& block) mutable {
      const Slot& slot = slot_of(entry);
      append(Table::prepared(slot), value(slot), room, block);
    };
    return std::make_unique<SortedRun<std::decay_t<decltype(put)>>>(order(), put);
  }
  void merge(std::span<RunReader* const> runs, RunWriter& to) const override {
    RunBlocks blocks(to);
    ByteWriter room;
    std::string entry;
    combine(runs, [&](std::string_view key, const Value& one) {
      entry.clear();
      append(Format::Keys::prepare_bytes(key), one, room, entry);
      blocks.add(entry);
    });
    blocks.finish();
  }
  void clear() override {
    table_.release();
    give_back(values_);
    heap_ = 0;
  }

  /// f(key's encoding, value) for each key in memory and in the runs, in order. The shard must not change meanwhile.
  template <class F>
  void read(std::span<RunReader* const> runs, F&& f) {
    if (runs.empty()) {
      for (const OrderEntry& entry : order()) f(Table::key(slot_of(entry)), value(slot_of(entry)));
      return;
    }
    const std::unique_ptr<RunReader> memory = sorted();
    std::vector<RunReader*> all(runs.begin(), runs.end());
    all.push_back(memory.get());
    combine(all, f);
  }

 private:
  static constexpr bool kSmall = kIsSmallValue<Value>;
  using Table = SlotTable<std::conditional_t<kSmall, Value, std::uint32_t>, HashBits::low>;
  using Slot = typename Table::Slot;

  static KeyWords words_of(std::string_view key) {
    return key.size() <= 16 ? short_words(key.data(), key.size()) : KeyWords{};
  }
  static const Slot& slot_of(const OrderEntry& entry) { return *reinterpret_cast<const Slot*>(entry.at); }
  const Value& value(const Slot& slot) const {
    if constexpr (kSmall) {
      return slot.value;
    } else {
      return values_[slot.value];
    }
  }
  void insert(Slot& slot, Value&& value) {
    if constexpr (kSmall) {
      new (&slot.value) Value(value);
    } else {
      heap_ += memory_of(value) - sizeof(Value);
      slot.value = static_cast<std::uint32_t>(values_.size());
      values_.push_back(std::move(value));
    }
    slot.stamp = 1;
  }
  static void append(const PreparedKey& key, const Value& value, ByteWriter& room, std::string& to) {
    const auto prepared = Format::prepare(value, room);
    const std::size_t at = to.size();
    to.resize(at + Format::size(key, prepared));
    Format::put(to.data() + at, key, prepared, 0);
  }

  std::vector<OrderEntry> order() {
    std::vector<OrderEntry> order, room;
    order.reserve(table_.size());
    table_.for_each([&](Slot& slot) {
      if (slot.stamp != 0) order.push_back({Table::prepared(slot).hash, reinterpret_cast<const char*>(&slot)});
    });
    sort_ordered(order, room, [](const OrderEntry& left, const OrderEntry& right) {
      return Table::key(slot_of(left)) < Table::key(slot_of(right));
    });
    return order;
  }
  template <class F>
  void combine(std::span<RunReader* const> runs, F&& f) const {
    MergedEntries<Format> all(runs);
    std::string key;
    while (!all.ended()) {
      key = all.at().key;
      const std::uint64_t hash = all.at().hash;
      Value sum(Format::Values::decode(all.at().value));
      for (all.next(); !all.ended() && all.at().hash == hash && Format::is_same_key(all.at().key, key); all.next()) {
        monoid_.merge(sum, Value(Format::Values::decode(all.at().value)));
      }
      f(std::string_view(key), std::as_const(sum));
    }
  }

  M monoid_;
  Table table_;
  std::vector<Value> values_;  // that are not small
  std::size_t heap_ = 0;       // what these take beside
};

}  // namespace kiln::detail
