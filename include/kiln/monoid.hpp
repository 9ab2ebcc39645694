#pragma once

#include <kiln/codec.hpp>
#include <kiln/ids.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace kiln {

/// How the values of units become one. A monoid has
///   using value_type = …;                                 what is kept: copied, moved, and written by kiln::Codec
///   static constexpr bool exact = …;
///   std::string describe() const;                         itself and its parameters; equal monoids, equal text
///   value_type lift(const Item&) const;                   an item of the stream as a value; or lift(item, UnitId)
///   void merge(value_type& left, const value_type& right) const;
/// and may have
///   void add(value_type& into, const Item&) const;        the same as merging lift(item), only faster; exact ones only
/// An exact one whose value is a std::vector<std::uint64_t>, or has `std::span<std::uint64_t> counts()`, may also have
///   std::size_t counts() const;                           how many numbers every value has
///   value_type zero() const;                              a value of zeros
/// That promises that merge adds the numbers one by one, modulo 2^64, and does nothing else. MPI then adds what the
/// ranks have, which for large values is much faster than files. merge must be associative, and exact promises that it
/// is commutative too, both to the last bit. Of monoids that are not exact, values are merged along a fixed tree over
/// the unit ids, left always before right, so that the bits do not depend on who computed what and when. All functions
/// are called on copies of the monoid and from several threads.
template <class M>
concept Monoid = requires(const M& monoid, typename M::value_type& left, const typename M::value_type& right) {
  requires std::copyable<typename M::value_type>;
  requires std::copy_constructible<M>;
  { M::exact } -> std::convertible_to<bool>;
  { monoid.describe() } -> std::convertible_to<std::string>;
  monoid.merge(left, right);
};

namespace detail {

template <class M, class Item>
concept LiftsWithUnit = requires(const M& monoid, const Item& item, UnitId unit) {
  { monoid.lift(item, unit) } -> std::convertible_to<typename M::value_type>;
};
template <class M, class Item>
concept Lifts = requires(const M& monoid, const Item& item) {
  { monoid.lift(item) } -> std::convertible_to<typename M::value_type>;
};

template <class M, class Item>
typename M::value_type lift(const M& monoid, const Item& item, [[maybe_unused]] UnitId unit) {
  if constexpr (LiftsWithUnit<M, Item>) {
    return monoid.lift(item, unit);
  } else {
    return monoid.lift(item);
  }
}

template <class Value>
std::span<std::uint64_t> counts_in(Value& value) {
  if constexpr (requires {
                  { value.counts() } -> std::convertible_to<std::span<std::uint64_t>>;
                }) {
    return value.counts();
  } else {
    return value;
  }
}

/// What merge adds are numbers that MPI may add as well.
template <class M>
concept Counting = M::exact && requires(const M& monoid, typename M::value_type& value) {
  { monoid.counts() } -> std::convertible_to<std::size_t>;
  { monoid.zero() } -> std::convertible_to<typename M::value_type>;
  counts_in(value);
};

/// into = merge(into, lift(item)).
template <class M, class Item>
void add_item(const M& monoid, typename M::value_type& into, const Item& item, UnitId unit) {
  if constexpr (requires { monoid.add(into, item, unit); }) {
    monoid.add(into, item, unit);
  } else if constexpr (requires { monoid.add(into, item); }) {
    monoid.add(into, item);
  } else {
    monoid.merge(into, lift(monoid, item, unit));
  }
}

}  // namespace detail

/// A monoid that takes items of this type.
template <class M, class Item>
concept MonoidOver = Monoid<M> && (detail::Lifts<M, Item> || detail::LiftsWithUnit<M, Item>);

/// The monoid of an associative function (T, T) -> T, or (T&, const T&) that changes its left side: what
/// reduce(function) makes. Not exact, so along the tree.
template <class T, class Op>
class Operation {
 public:
  using value_type = T;
  static constexpr bool exact = false;

  explicit Operation(Op op, std::string description = "operation")
      : op_(std::move(op)), description_(std::move(description)) {}

  std::string describe() const { return description_; }
  T lift(const T& item) const noexcept(std::is_nothrow_copy_constructible_v<T>) { return item; }
  void merge(T& left, const T& right) const
      noexcept(std::is_nothrow_invocable_r_v<T, const Op&, const T&, const T&>&& std::is_nothrow_move_assignable_v<T>) {
    left = op_(std::as_const(left), right);
  }
  void merge(T& left, const T& right) const
    requires std::is_void_v<std::invoke_result_t<const Op&, T&, const T&>>
  {
    op_(left, right);
  }

 private:
  Op op_;
  std::string description_;
};

}  // namespace kiln
