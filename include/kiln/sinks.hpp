#pragma once

#include <kiln/detail/chain.hpp>
#include <kiln/monoid.hpp>
#include <kiln/so_far.hpp>
#include <kiln/unordered.hpp>

#include <concepts>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

namespace kiln {

namespace detail {

/// What into() takes; its stream gives it the type of the items.
template <class Projection>
struct RowsTarget {
  std::string name;
  Projection projection;
};
/// `Reduction` is a monoid, or an associative function of two items.
template <class Reduction, class Projection>
struct ReduceTarget {
  Reduction reduction;
  Projection projection;
  std::string name;
};

template <class T>
concept Name = std::convertible_to<T, std::string>;

template <class Item, class Reduction>
auto as_monoid(const Reduction& reduction) {
  static_assert(!kIsWatched<Reduction>, "kiln: so_far(reduction, f) is for reduce() and to_reduce()");
  static_assert(!kIsAnyOrder<Reduction>,
                "kiln: unordered(op) is for reduce_by_key(): reduce() keeps no value of each unit that it could save");
  if constexpr (Monoid<Reduction>) {
    static_assert(MonoidOver<Reduction, Item>, "kiln: this monoid's lift() does not take the items of the stream");
    return reduction;
  } else {
    static_assert(
        std::invocable<const Reduction&, const Item&, const Item&> ||
            std::invocable<const Reduction&, Item&, const Item&>,
        "kiln: reduce() wants a monoid (#include <kiln/monoids.hpp>) or an associative function of two items, "
        "callable as const");
    static_assert(std::copyable<Item>, "kiln: items that reduce(function) joins must be copyable");
    return Operation<Item, Reduction>(reduction);
  }
}

}  // namespace detail

/// For Stream::into: each item, or what `projection` makes of it, as a row of the table `name`; a std::vector of
/// KILN_COLUMNS types gives as many rows as it has elements.
inline detail::RowsTarget<std::identity> to_rows(std::string name) { return {std::move(name), {}}; }
template <class Projection>
detail::RowsTarget<Projection> to_rows(std::string name, Projection projection) {
  return {std::move(name), std::move(projection)};
}

/// For Stream::into: all items, or what `projection` makes of them, reduced to one value called `name`. `reduction` is
/// a monoid or an associative function of two items.
template <class Reduction>
detail::ReduceTarget<Reduction, std::identity> to_reduce(Reduction reduction, std::string name = "value") {
  return {std::move(reduction), {}, std::move(name)};
}
template <class Reduction, class Projection>
  requires(!detail::Name<Projection>)
detail::ReduceTarget<Reduction, Projection> to_reduce(Reduction reduction, Projection projection,
                                                      std::string name = "value") {
  return {std::move(reduction), std::move(projection), std::move(name)};
}

}  // namespace kiln
