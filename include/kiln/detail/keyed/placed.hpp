#pragma once

#include <kiln/detail/keyed/emitted.hpp>
#include <kiln/detail/keyed/keyed_steps.hpp>
#include <kiln/detail/keyed/placed_format.hpp>
#include <kiln/error.hpp>
#include <kiln/group.hpp>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// Items that are kept in shards of the program's choice, in the order of the source: of shard(), join() and cache().
namespace kiln::detail {

/// In which shard an item is, from 0: by the hash of a key.
template <class T, class By>
struct ByHash {
  using Key = KeyOf<std::remove_cvref_t<std::invoke_result_t<const By&, const T&>>>;

  std::uint32_t operator()(const T& item, UnitId) const {
    typename KeyTraits<Key>::Room room;
    return shard_of(KeyTraits<Key>::prepare(by(item), room).hash, shards);
  }
  std::string describe() const { return "hash, " + std::to_string(shards); }

  By by;
  std::uint32_t shards;
};
/// By the number that the program says.
template <class T, class By>
struct ByNumber {
  std::uint32_t operator()(const T& item, UnitId) const {
    const auto shard = by(item);
    if (std::cmp_less(shard, 0) || std::cmp_greater_equal(shard, shards)) {
      throw std::out_of_range("shard(by, by_number(" + std::to_string(shards) + ")): by gave " + std::to_string(shard) +
                              " for an item, and there are shards 0 to " + std::to_string(shards - 1));
    }
    return static_cast<std::uint32_t>(shard);
  }
  std::string describe() const { return "number, " + std::to_string(shards); }

  By by;
  std::uint32_t shards;
};
/// By which of these a key lies between: not less than so many.
template <class T, class By, class Key>
struct ByRange {
  std::uint32_t operator()(const T& item, UnitId) const {
    return static_cast<std::uint32_t>(std::upper_bound(splitters.begin(), splitters.end(), by(item)) -
                                      splitters.begin());
  }
  std::string describe() const { return "range, " + std::to_string(splitters.size() + 1); }

  By by;
  std::vector<Key> splitters;
};
/// By blocks of units.
template <class T>
struct ByUnit {
  std::uint32_t operator()(const T&, UnitId unit) const { return static_cast<std::uint32_t>(unit.value() / units); }
  std::string describe() const { return std::to_string(units) + " units"; }

  std::uint64_t units;
};

template <class T, class Place>
class PlacedForest final : public AppendedForest<std::uint64_t, T, PlacedFormat<T>> {
  using Base = AppendedForest<std::uint64_t, T, PlacedFormat<T>>;

 public:
  using Item = T;
  using Format = PlacedFormat<T>;

  explicit PlacedForest(Place place) : place_(std::move(place)) {}

  /// Throws std::length_error where the item is too long, and what its place throws: the unit's failure.
  void emit(std::monostate, const T& item) { Base::emit(place_(item, Base::unit()), item); }

 private:
  RunReference write_memory(NewRun& run, KeySample&) const override {
    BlockWriter blocks(run);
    const std::vector<OrderEntry> order = order_of<Format>(this->log());
    for_each_in_order<Format>(order, order.size(), [&](std::uint64_t, const Entry& entry) {
      blocks.add_to(static_cast<std::uint32_t>(Base::Keys::decode(entry.key)), {entry.begin, entry.size()});
    });
    return blocks.finish();
  }

  Place place_;
};

template <class T>
struct PlacedItem {
  static std::monostate key(const T&) { return {}; }
  static const T& value(const T& item) { return item; }
};

/// The items of a shard.
template <class T>
struct PlacedSource {
  using Item = T&&;
  static constexpr bool kHasRecords = true;

  template <class Record>
  void each(UnitId unit, const StageHost& host, Record&& record) const {
    std::uint64_t number = 0;
    read_shard<PlacedFormat<T>>(unit, host, 0, 1, [&](auto& entries) {
      for (; !entries.ended(); entries.next()) {
        T item(PlacedFormat<T>::Values::decode(entries.at().value));
        record(std::move(item), RecordPlace{{}, number++, {}});
      }
    });
  }
};
/// The shard as a whole.
template <class T>
struct ShardSource {
  using Item = Shard<T>&;
  static constexpr bool kHasRecords = true;

  template <class Record>
  void each(UnitId unit, const StageHost& host, Record&& record) const {
    read_shard<PlacedFormat<T>>(unit, host, 0, 1, [&](auto& entries) {
      for_each_group<PlacedFormat<T>>(entries, [&](std::string_view, auto& values) {
        Shard<T> shard(unit.value(), values);
        record(shard, RecordPlace{{}, 0, {}});
      });
    });
  }
};
template <class Source>
inline constexpr bool kIsPlaced = false;
template <class T>
inline constexpr bool kIsPlaced<PlacedSource<T>> = true;

}  // namespace kiln::detail

namespace kiln {

/// For Stream::shard: the shards are ranges of keys; shard 0 has those below the first splitter, the last one those
/// from the last splitter on.
template <class Key>
struct ShardRanges {
  std::vector<Key> splitters;
};
/// `splitters` must ascend: throws kiln::Error (usage).
template <class Key>
ShardRanges<Key> by_range(std::vector<Key> splitters) {
  if (!std::is_sorted(splitters.begin(), splitters.end())) {
    throw Error(ExitCode::usage, "by_range(splitters): the splitters do not ascend: sort them");
  }
  return {std::move(splitters)};
}
/// For Stream::shard: the function says the number of the shard itself, 0 to shards - 1.
struct ShardNumbers {
  std::uint32_t shards = 1;
};
inline ShardNumbers by_number(std::uint32_t shards) {
  if (shards == 0) throw Error(ExitCode::usage, "by_number(shards): 0 shards: give 1 or more");
  return {shards};
}

}  // namespace kiln
