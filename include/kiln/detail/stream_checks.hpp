#pragma once

#include <kiln/detail/branch_loop.hpp>
#include <kiln/detail/junctions.hpp>

#include <concepts>
#include <cstdint>
#include <type_traits>

/// What streams ask of the types of their items, said in words where it is not so.
namespace kiln::detail {

template <class T>
constexpr void check_branch_items() {
  static_assert(std::copy_constructible<T>,
                "kiln: items of copy(), split() and merge() must be copyable: a Group, say, is to be mapped first");
  static_assert(!std::same_as<T, bool>, "kiln: copy(), split() and merge(): no bools; use std::uint8_t");
  static_assert(!kIsView<T>,
                "kiln: items of copy(), split() and merge() wait in memory and must own their text: map() a "
                "std::string_view to a std::string first");
}

template <class T>
constexpr void check_kept_items() {
  static_assert(std::copy_constructible<T>,
                "kiln: items of shard(), join() and cache() must be copyable: a Group, say, is to be mapped first");
  static_assert(!kIsLine<T> && !kIsView<T>,
                "kiln: items of shard(), join() and cache() are kept: map() a line or text to a std::string first");
}

template <class By, class T>
constexpr void check_by() {
  static_assert(std::is_invocable_v<const By&, const T&>,
                "kiln: shard(by): by is not callable (as const) with an item");
}

template <class Source>
constexpr void check_order() {
  static_assert(!kIsBranch<Source>,
                "kiln: priority(), recent_first() and in_flight() are of units: call them before copy(), split() and "
                "merge()");
}

}  // namespace kiln::detail
