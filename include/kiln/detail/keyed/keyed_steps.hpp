#pragma once

#include <kiln/descending.hpp>
#include <kiln/detail/columns_of.hpp>
#include <kiln/detail/keyed/emitted.hpp>
#include <kiln/detail/keyed/groups.hpp>
#include <kiln/detail/keyed/join.hpp>
#include <kiln/detail/keyed/merge_passes.hpp>
#include <kiln/detail/keyed/merged_entries.hpp>
#include <kiln/detail/sink_state.hpp>
#include <kiln/detail/sources.hpp>
#include <kiln/group.hpp>
#include <kiln/monoids/sum.hpp>
#include <kiln/sinks.hpp>
#include <kiln/sorted_range.hpp>
#include <kiln/unordered.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// Steps by key with the types of their items: the sink of the stage that emits, and the source of the stage behind.
namespace kiln::detail {

// ---- Key and value of an item

/// Of a std::pair, or a struct with KILN_COLUMNS of two fields.
template <class Item>
struct KeyedItem {
  static constexpr bool kIs = false;
};
template <class K, class V>
struct KeyedItem<std::pair<K, V>> {
  static constexpr bool kIs = true;
  using Key = KeyOf<K>;
  using Given = std::remove_cvref_t<V>;
  const auto& key(const std::pair<K, V>& item) const { return item.first; }
  const auto& value(const std::pair<K, V>& item) const { return item.second; }
};
template <class List>
struct KeyedMembers {
  static constexpr bool kIs = false;
};
template <class T, auto kKey, auto kValue>
struct KeyedMembers<Members<T, kKey, kValue>> {
  static constexpr bool kIs = true;
  using Key = KeyOf<FieldType<kKey>>;
  using Given = FieldType<kValue>;
  const auto& key(const T& item) const { return item.*kKey; }
  const auto& value(const T& item) const { return item.*kValue; }
};
template <Described Item>
struct KeyedItem<Item> : KeyedMembers<MembersOf<Item>> {};

/// The whole item is the key.
template <class Item>
struct ItemAsKey {
  using Key = KeyOf<Item>;
  using Given = std::monostate;
  const Item& key(const Item& item) const { return item; }
  std::monostate value(const Item&) const { return {}; }
};

/// `by` makes the key of an item.
template <class Item, class By>
struct SortParts {
  using Key = KeyOf<StepResult<By, const Item&>>;
  using Kept = KeyOf<Item>;
  /// Of text and whole numbers, keys have all bits.
  static constexpr bool kItself =
      std::is_same_v<By, std::identity> &&
      (std::is_same_v<Kept, std::string> || (kIsNumber<Kept> && !std::is_floating_point_v<Kept>));
  using Format = SortedItem<Key, Kept, kItself>;
  using Forest = SortedForest<Key, typename Format::Stored>;

  decltype(auto) key(const Item& item) const { return std::invoke(by, item); }
  decltype(auto) value(const Item& item) const {
    if constexpr (kItself) {
      return std::monostate();
    } else {
      return (item);
    }
  }

  By by;
};

/// By what `by` makes of an item, the greatest first.
template <class By>
struct GreatestFirst {
  template <class Item>
  auto operator()(const Item& item) const {
    return descending(std::invoke(by, item));
  }
  By by;
};

/// Of distinct(): a key is there.
struct Presence {
  using value_type = std::monostate;
  static constexpr bool exact = true;
  static std::string describe() { return "presence"; }
  static std::monostate lift(std::monostate) { return {}; }
  static void merge(std::monostate&, std::monostate) {}
};

/// The monoid by which reduce_by_key(op) joins values of type V. Sums of integers by std::plus are exact.
template <class V, class Op>
auto keyed_monoid(const Op& op) {
  if constexpr (std::integral<V> && !std::same_as<V, bool> &&
                (std::same_as<Op, std::plus<>> || std::same_as<Op, std::plus<V>>)) {
    return Sum<V>{};
  } else if constexpr (kIsAnyOrder<Op>) {
    auto ordered = keyed_monoid<V>(op.op);
    if constexpr (decltype(ordered)::exact) {
      return ordered;
    } else {
      return Unordered<decltype(ordered)>(std::move(ordered));
    }
  } else {
    return as_monoid<V>(op);
  }
}

// ---- The sink

/// `Parts` says key and value of an item; `Make` makes the forest: a KeyedForest with emit(key, value).
template <class Item, class Parts, class Make>
struct KeyedSinkOf {
  using Made = std::invoke_result_t<const Make&>;  // a unique_ptr
  using Typed = typename Made::element_type;

  template <UnitShape kShape>
  class State;

  ReduceSink plan() const {
    ReduceSink sink;
    sink.name = kKeyedReduce;
    sink.description = description;
    sink.exact = true;
    sink.keyed = true;
    sink.most_held = Typed::kMostHeld;
    sink.make_forest = [make = make]() -> std::unique_ptr<Forest> { return make(); };
    return sink;
  }

  std::string description;
  Make make;
  Parts parts;
};

template <class Item, class Parts, class Make>
template <UnitShape kShape>
class KeyedSinkOf<Item, Parts, Make>::State {
  static constexpr bool kRecords = kShape == UnitShape::records || kShape == UnitShape::many_records;

 public:
  static constexpr bool kIsReduce = true;
  static constexpr bool kHasBlocks = false;
  static constexpr bool kTakesBack = true;

  State(const KeyedSinkOf& sink, UnitId first, Rows*, Forest* forest)
      : parts_(sink.parts), forest_(static_cast<Typed*>(forest)), next_(first.value()), run_(next_) {}

  void begin_unit() { forest_->begin_unit(UnitId(next_)); }
  void begin_record() {
    if constexpr (kRecords) forest_->begin_record();
  }
  const Item& prepare(const Item& item, Unit&) { return item; }
  void take(const Item& item, UnitId) {
    using Given = typename Typed::Item;
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(parts_.value(item))>, Given>) {
      forest_->emit(parts_.key(item), parts_.value(item));
    } else {
      forest_->emit(parts_.key(item), Given(parts_.value(item)));
    }
  }
  void end_record() {
    if constexpr (kRecords) forest_->end_record();
  }
  void reject_record() {
    if constexpr (kRecords) {
      forest_->reject_record();
    } else {
      forest_->drop_unit();
      forest_->begin_unit(UnitId(next_));
    }
  }
  void end_unit(bool) {
    forest_->end_unit();
    ++next_;
  }
  void drop_unit() {
    forest_->drop_unit();
    units_.add(make_interval(run_, next_));
    run_ = ++next_;
  }
  void finish() {
    units_.add(make_interval(run_, next_));
    run_ = next_;
    forest_->add_units(units_);
    units_.clear();
  }

 private:
  const Parts& parts_;
  Typed* forest_;
  std::uint64_t next_;  // the present unit
  std::uint64_t run_;   // begin of the units without a hole that end there
  UnitSet units_;       // those before
};

// ---- The sources

/// Opens a shard and merges what the runs of a list have of it; f(entries). `lists`: that are read at a time.
template <class Format, class F>
void read_shard(UnitId unit, const StageHost& host, std::size_t list, std::size_t lists, F&& f) {
  OpenRuns runs = host.input->open_shard(unit, list);
  merge_to_fit<Format>(runs, host.input->merge_space(), lists, [](RunReader& run) { return RunCursor<Format>(run); });
  std::vector<RunReader*> readers;
  readers.reserve(runs.size());
  for (const auto& run : runs) readers.push_back(run.get());
  MergedEntries<Format> entries(readers);
  f(entries);
}

/// f() gives what became of a key to record. A record that keeps items for later may throw what one of another key
/// deserves: then no key is named.
template <class Format, class Record, class F>
void give_of_key(std::string_view key, F&& f) {
  if constexpr (requires(const Record& record) { record.end_block(); }) {
    f();
  } else {
    for_key<Format>(key, f);
  }
}

/// One value a key, in canonical order: by the hash of the key, and by the key.
template <class K, Monoid M>
struct ReducedSource {
  using Value = typename M::value_type;
  using Item = std::pair<K, Value>;
  using Format = EntryFormat<K, Value, !M::exact>;
  static constexpr bool kHasRecords = true;

  /// Calls record(Item, RecordPlace) with each key of the shard.
  template <class Record>
  void each(UnitId unit, const StageHost& host, Record&& record) const {
    std::uint64_t number = 0;
    const auto give = [&](std::string_view key, Value value) {
      give_of_key<Format, std::remove_cvref_t<Record>>(key, [&] {
        record(Item(K(Format::Keys::decode(key)), std::move(value)), RecordPlace{{}, number++, {}});
      });
    };
    read_shard<Format>(unit, host, 0, 1, [&](auto& entries) {
      if constexpr (M::exact) {
        for_each_group<Format>(entries, [&](std::string_view key, auto& values) {
          Value sum(Format::Values::decode(values.entry().value));
          for_key<Format>(key, [&] {
            for (values.next(); !values.ended(); values.next()) {
              monoid.merge(sum, Value(Format::Values::decode(values.entry().value)));
            }
          });
          give(key, std::move(sum));
        });
      } else {
        fold_groups<Format>(monoid, entries, give);
      }
    });
  }

  M monoid;
};

/// All values of a key together.
template <class K, class V>
struct GroupedSource {
  using Item = Group<K, V>&;
  using Format = EntryFormat<K, V, true>;
  static constexpr bool kHasRecords = true;

  template <class Record>
  void each(UnitId unit, const StageHost& host, Record&& record) const {
    std::uint64_t number = 0;
    read_shard<Format>(unit, host, 0, 1, [&](auto& entries) {
      for_each_group<Format>(entries, [&](std::string_view key, auto& values) {
        Group<K, V> group(K(Format::Keys::decode(key)), values);
        give_of_key<Format, std::remove_cvref_t<Record>>(key, [&] { record(group, RecordPlace{{}, number++, {}}); });
      });
    });
  }
};

/// Each pair of values of one key from two streams.
template <class K, class V, class W>
struct PairedSource {
  using Item = std::pair<K, std::pair<V, W>>;
  using Left = EntryFormat<K, V, true>;
  using Right = EntryFormat<K, W, true>;
  static constexpr bool kHasRecords = true;

  template <class Record>
  void each(UnitId unit, const StageHost& host, Record&& record) const {
    std::uint64_t number = 0;
    read_shard<Left>(unit, host, 0, 2, [&](auto& left) {
      read_shard<Right>(unit, host, 1, 2, [&](auto& right) {
        join_entries<Left, Right>(left, right, [&](std::string_view key, const auto& one, const auto& other) {
          give_of_key<Left, std::remove_cvref_t<Record>>(key, [&] {
            record(Item(K(Left::Keys::decode(key)), std::pair<V, W>(V(one), W(other))), RecordPlace{{}, number++, {}});
          });
        });
      });
    });
  }
};

/// All items in order, or those that come first.
template <class ItemFormat, class V>
struct SortedSource {
  using Item = V;
  using Range = SortedRange<ItemFormat>;
  static constexpr bool kHasRecords = true;

  template <class Record>
  void each(UnitId unit, const StageHost& host, Record&& record) const {
    Range range(unit, host, most);
    std::uint64_t number = 0;
    [[maybe_unused]] std::string room;  // kept, so that nothing is allocated for the next text
    for (auto&& item : range) {
      if constexpr (std::is_same_v<V, std::string>) {
        room.assign(item);
        record(std::move(room), RecordPlace{{}, number++, {}});
      } else {
        record(V(std::forward<decltype(item)>(item)), RecordPlace{{}, number++, {}});
      }
    }
  }

  std::uint64_t most;
};

/// The same, a range at a time.
template <class Sorted>
struct RangesSource {
  using Item = typename Sorted::Range&;
  static constexpr bool kHasRecords = true;

  template <class Record>
  void each(UnitId unit, const StageHost& host, Record&& record) const {
    typename Sorted::Range range(unit, host, sorted.most);
    if (!range.ended()) record(range, RecordPlace{});
  }

  Sorted sorted;
};
template <class Source>
inline constexpr bool kIsSorted = false;
template <class ItemFormat, class V>
inline constexpr bool kIsSorted<SortedSource<ItemFormat, V>> = true;

/// What distinct() gives of a key and its presence.
struct TakeKey {
  template <class K>
  K operator()(std::pair<K, std::monostate>&& item) const {
    return std::move(item.first);
  }
};

}  // namespace kiln::detail
