#pragma once

#include <kiln/detail/keyed/entry.hpp>

#include <cstdint>

namespace kiln::detail {

/// Entries of items that are kept in shards of the program's choice. The key of one is the number of its shard, so that
/// they have one order: shard, unit, as they came.
template <class T>
struct PlacedFormat : EntryFormat<std::uint64_t, T, true> {
  static std::uint64_t order(const Entry& entry) { return key_prefix(entry.key); }
};

}  // namespace kiln::detail
