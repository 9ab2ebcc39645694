#pragma once

#include <kiln/monoid.hpp>

#include <string>
#include <type_traits>
#include <utility>

namespace kiln {

namespace detail {

/// What unordered() returns.
template <class Op>
struct AnyOrder {
  Op op;
};
template <class T>
inline constexpr bool kIsAnyOrder = false;
template <class Op>
inline constexpr bool kIsAnyOrder<AnyOrder<Op>> = true;

/// Says of a monoid that it is exact, which is not so in its last bits: that is waived. For steps by key only: there a
/// value is made once of entries that lie in files, and what has read it finds the same files after a restart. A
/// reduction's value is joined again by each launch.
template <Monoid M>
class Unordered {
 public:
  using value_type = typename M::value_type;
  static constexpr bool exact = true;

  explicit Unordered(M monoid) : monoid_(std::move(monoid)) {}

  /// Another text: a stage that was begun the one way does not go on the other.
  std::string describe() const { return std::string(monoid_.describe()) + ", unordered"; }
  template <class Item>
    requires Lifts<M, Item>
  value_type lift(const Item& item) const noexcept(noexcept(std::declval<const M&>().lift(item))) {
    return monoid_.lift(item);
  }
  template <class Item>
    requires(LiftsWithUnit<M, Item> && !Lifts<M, Item>)
  value_type lift(const Item& item, UnitId unit) const {
    return monoid_.lift(item, unit);
  }
  void merge(value_type& left, const value_type& right) const
      noexcept(noexcept(std::declval<const M&>().merge(left, right))) {
    monoid_.merge(left, right);
  }

 private:
  M monoid_;
};

}  // namespace detail

/// For reduce_by_key: values of a key may be joined in any order, as they come. `op` is a monoid or a function of two
/// values, associative and commutative but for rounding. Each value counts once, as ever; the last bits of what is not
/// exact may differ from run to run. In return nothing is kept of each unit: docs/performance.md has what that saves.
///
///     stream.reduce_by_key(kiln::unordered(std::plus<>{}))
template <class Op>
detail::AnyOrder<Op> unordered(Op op) {
  return {std::move(op)};
}

}  // namespace kiln
