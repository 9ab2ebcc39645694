#pragma once

#include "support/random_flow_model.hpp"

#include <kiln/kiln.hpp>
#include <kiln/monoids.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The steps of random flows that end a stage: from stream of items to stream of items. With `ballast` keys and what is
/// kept are texts of so many bytes more, so that few items are many bytes; without, numbers.
namespace kiln::testing {

using Branch = Stream<detail::BranchSource<Item&&>>;

/// Any stream of items as one of this type.
template <class AnyStream>
Branch own(const AnyStream& stream) {
  return stream.template split<1>([](const Item&) { return 0; })[0];
}

template <class Key>
Item item_of(const Key& key, std::uint64_t value) {
  if constexpr (std::is_integral_v<Key>) {
    return {key, value};
  } else {
    return {thin(key), value};
  }
}

/// `f` gets the stream of pairs of a key, with or without ballast, and what `value` makes of the item's value.
template <class F, class Value>
Branch by_key(const Branch& stream, std::size_t ballast, Value value, F f) {
  if (ballast == 0)
    return f(stream.map([value](const Item& item) { return std::pair(item.first, value(item.second)); }));
  return f(stream.map(
      [value, ballast](const Item& item) { return std::pair(fat(item.first, ballast), value(item.second)); }));
}
inline std::uint64_t same(std::uint64_t value) { return value; }

inline Branch sum_by_key(const Branch& stream, std::size_t ballast) {
  return by_key(stream, ballast, &same, [](const auto& pairs) {
    return own(pairs.reduce_by_key(std::plus<>{}).map([](const auto& one) { return item_of(one.first, one.second); }));
  });
}

inline Branch tree_sum_by_key(const Branch& stream, std::size_t ballast) {
  return by_key(stream, ballast, &part_of, [](const auto& pairs) {
    return own(pairs.reduce_by_key([](double a, double b) { return a + b; }).map([](const auto& one) {
      return item_of(one.first, std::bit_cast<std::uint64_t>(one.second));
    }));
  });
}

inline Branch group_by_key(const Branch& stream, std::size_t ballast, bool ordered) {
  return by_key(stream, ballast, &same, [ordered](const auto& pairs) {
    return own(pairs.group_by_key().map([ordered](auto& group) {
      std::uint64_t all = 0;
      for (const std::uint64_t value : group) mix(all, value, ordered);
      return item_of(group.key, all);
    }));
  });
}

inline Branch join_by_key(const Branch& left, const Branch& right, std::size_t ballast) {
  const auto to_item = [](const auto& one) { return item_of(one.first, one.second.first * 3 + one.second.second); };
  if (ballast == 0) return own(left.join_by_key(right).map(to_item));
  const auto heavy = [ballast](const Item& item) { return std::pair(fat(item.first, ballast), item.second); };
  return own(left.map(heavy).join_by_key(right.map(heavy)).map(to_item));
}

inline Branch distinct(const Branch& stream, std::size_t ballast) {
  if (ballast == 0) return own(stream.distinct());
  return own(stream.map([ballast](const Item& item) { return std::pair(fat(item.first, ballast), item.second); })
                 .distinct()
                 .map([](const std::pair<std::string, std::uint64_t>& one) { return item_of(one.first, one.second); }));
}

/// What items are sorted by: a text, of another order than the number.
struct OrderKey {
  std::size_t ballast;
  bool whole;
  std::pair<std::string, std::uint64_t> operator()(const Item& item) const {
    return {fat(item.first, ballast), whole ? item.second : 0};
  }
};
inline Branch ordered_by(const Branch& stream, OrderKey by, bool greatest_first, bool top, std::size_t most) {
  if (top) return own(stream.top_k(most, by));
  if (greatest_first) return own(stream.sort([by](const Item& item) { return descending(by(item)); }));
  return own(stream.sort(by));
}

// ---- Items that are kept. A struct or function `f` says how: of a stream the same stream.

using HeavyItem = std::pair<std::string, std::uint64_t>;

struct ToNumber {
  static constexpr std::uint32_t kShards = 7;
  std::uint64_t operator()(const Item& item) const { return item.first % kShards; }
  std::uint64_t operator()(const HeavyItem& item) const { return thin(item.first) % kShards; }
};
struct ToRange {
  static std::vector<std::uint64_t> splitters() { return {5, 200, 50'000}; }
  std::uint64_t operator()(const Item& item) const { return item.first; }
  std::uint64_t operator()(const HeavyItem& item) const { return thin(item.first); }
};

template <class AnyStream>
auto kept_by(const AnyStream& stream, const ToNumber& by) {
  return stream.shard(by, by_number(ToNumber::kShards));
}
template <class AnyStream>
auto kept_by(const AnyStream& stream, const ToRange& by) {
  return stream.shard(by, by_range(ToRange::splitters()));
}
template <class AnyStream, class F>
  requires std::invocable<const F&, const AnyStream&>
auto kept_by(const AnyStream& stream, const F& f) {
  return f(stream);
}

template <class F>
Branch keep(const Branch& stream, std::size_t ballast, F f) {
  if (ballast == 0) return own(kept_by(stream, f));
  return own(
      kept_by(stream.map([ballast](const Item& item) { return HeavyItem(fat(item.first, ballast), item.second); }), f)
          .map([](const HeavyItem& item) { return item_of(item.first, item.second); }));
}

/// By hash: each key is in one shard, in the order of the source.
inline Branch mix_in_shards(const Branch& stream, std::size_t ballast, bool ordered) {
  return own(stream.map([ballast](const Item& item) { return HeavyItem(fat(item.first, ballast), item.second); })
                 .shard([](const HeavyItem& item) { return thin(item.first); }, 16)
                 .map_shard([ordered](Shard<HeavyItem>& shard) {
                   std::map<std::uint64_t, std::uint64_t> all;
                   for (const HeavyItem& item : shard) mix(all[thin(item.first)], item.second, ordered);
                   return Items(all.begin(), all.end());
                 })
                 .flat_map([](const Items& items) { return items; }));
}

}  // namespace kiln::testing
