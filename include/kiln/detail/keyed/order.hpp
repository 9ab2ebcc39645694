#pragma once

#include <kiln/detail/keyed/entry.hpp>
#include <kiln/detail/keyed/prefetch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kiln::detail {

/// What is sorted in place of an entry: the number by which it comes first, and where it is.
struct OrderEntry {
  std::uint64_t order;
  const char* at;
};

/// Sorts by the highest bits in which the numbers differ, stably: so many of them that few entries of different keys
/// remain together. Gives the mask of the bits that are sorted; whoever calls sorts what is equal in them. `room` is
/// grown as needed.
std::uint64_t sort_by_order(std::vector<OrderEntry>& entries, std::vector<OrderEntry>& room);

/// Entries that are fetched before they are looked at.
inline constexpr std::size_t kOrderAhead = 8;
/// The memory of the one so far behind `at` is on its way to the cache when this returns.
inline void fetch_ahead(const std::vector<OrderEntry>& entries, std::size_t at) {
  if (at + kOrderAhead < entries.size()) prefetch(entries[at + kOrderAhead].at);
}
/// f(order, Entry) of each of the first `most`.
template <class Format, class F>
void for_each_in_order(const std::vector<OrderEntry>& entries, std::uint64_t most, F&& f) {
  for (std::size_t at = 0; at < std::min<std::uint64_t>(most, entries.size()); ++at) {
    fetch_ahead(entries, at);
    f(entries[at].order, Format::look(entries[at].at));
  }
}

/// Sorts by order and then by is_before(OrderEntry, OrderEntry), stably.
template <class IsBefore>
void sort_ordered(std::vector<OrderEntry>& entries, std::vector<OrderEntry>& room, IsBefore is_before_in_order) {
  const std::uint64_t mask = sort_by_order(entries, room);
  const auto is_before = [&](const OrderEntry& left, const OrderEntry& right) {
    return left.order != right.order ? left.order < right.order : is_before_in_order(left, right);
  };
  std::size_t begin = 0;  // of those that are equal in the bits that are sorted
  bool is_sorted = true;  // they are: most often they are all of one key and in order
  const auto end_at = [&](std::size_t end) {
    if (!is_sorted) {
      std::stable_sort(entries.begin() + static_cast<std::ptrdiff_t>(begin),
                       entries.begin() + static_cast<std::ptrdiff_t>(end), is_before);
    }
    begin = end;
    is_sorted = true;
  };
  for (std::size_t at = 1; at < entries.size(); ++at) {
    fetch_ahead(entries, at);
    if (((entries[at].order ^ entries[at - 1].order) & mask) != 0) {
      end_at(at);
    } else if (is_sorted && is_before(entries[at], entries[at - 1])) {
      is_sorted = false;
    }
  }
  end_at(entries.size());
}

/// Sorts entries of a format by its order, stably; each is looked at in place, none is moved.
template <class Format>
void sort_entries(std::vector<OrderEntry>& entries, std::vector<OrderEntry>& room) {
  sort_ordered(entries, room, [](const OrderEntry& left, const OrderEntry& right) {
    return Format::is_before_in_order(Format::look(left.at), Format::look(right.at));
  });
}

}  // namespace kiln::detail
