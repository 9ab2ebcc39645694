#pragma once

#include <kiln/detail/keyed/groups.hpp>
#include <kiln/detail/keyed/merged_entries.hpp>
#include <kiln/detail/keyed/placed_format.hpp>

#include <cstdint>
#include <iterator>
#include <string_view>
#include <utility>

namespace kiln {

/// All values of one key: what Stream::group_by_key gives. The values are a range that is read once, from its beginning
/// on, in the order of the units that gave them and in a unit as it gave them; they need not fit into memory. All of it
/// is valid while its step runs; what the step leaves of the range is passed over. Of text a value is a
/// std::string_view, valid until the next one.
///
///     stream.group_by_key().map([](kiln::Group<std::string, double>& group) { for (double value : group) … })
template <class K, class V>
class Group {
  using Format = detail::EntryFormat<K, V, true>;
  using Values = detail::GroupValues<Format, detail::MergedEntries<Format>>;

 public:
  using Iterator = typename Values::Iterator;

  /// For the engine.
  Group(K group_key, Values& values) : key(std::move(group_key)), values_(&values) {}
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  const K key;

  Iterator begin() { return values_->begin(); }
  static std::default_sentinel_t end() { return {}; }

 private:
  Values* values_;
};

/// The items of one shard: what Stream::map_shard gives its function. A range like that of a Group: read once, in the
/// order of the source.
template <class T>
class Shard {
  using Format = detail::PlacedFormat<T>;
  using Values = detail::GroupValues<Format, detail::MergedEntries<Format>>;

 public:
  using Iterator = typename Values::Iterator;

  /// For the engine.
  Shard(std::uint64_t shard_number, Values& values) : number(shard_number), values_(&values) {}
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  const std::uint64_t number;  ///< from 0; a shard without items is not there

  Iterator begin() { return values_->begin(); }
  static std::default_sentinel_t end() { return {}; }

 private:
  Values* values_;
};

}  // namespace kiln
