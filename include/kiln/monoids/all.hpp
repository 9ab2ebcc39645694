#pragma once

#include <kiln/ids.hpp>
#include <kiln/monoid.hpp>

#include <cstddef>
#include <string>
#include <tuple>
#include <utility>

namespace kiln {

/// Several monoids over the same items; the value is a std::tuple of theirs. Exact where all of them are. For several
/// that differ in what they look at, see into() with to_reduce().
///
///     auto report = session.run(stream.reduce(kiln::All(kiln::Mean{}, kiln::Max<double>{})));
///     auto& [mean, max] = report.value;
template <Monoid... M>
class All {
 public:
  using value_type = std::tuple<typename M::value_type...>;
  static constexpr bool exact = (M::exact && ...);

  explicit All(M... monoids) : monoids_(std::move(monoids)...) {}

  std::string describe() const {
    std::string text = "all(";
    each([&]<std::size_t I>() { text += (I == 0 ? "" : "; ") + std::get<I>(monoids_).describe(); });
    return text + ")";
  }
  template <class Item>
    requires(MonoidOver<M, Item> && ...)
  value_type lift(const Item& item, UnitId unit) const {
    return std::apply([&](const M&... monoid) { return value_type{detail::lift(monoid, item, unit)...}; }, monoids_);
  }
  template <class Item>
    requires(MonoidOver<M, Item> && ...)
  void add(value_type& into, const Item& item, UnitId unit) const {
    each([&]<std::size_t I>() { detail::add_item(std::get<I>(monoids_), std::get<I>(into), item, unit); });
  }
  void merge(value_type& left, const value_type& right) const {
    each([&]<std::size_t I>() { std::get<I>(monoids_).merge(std::get<I>(left), std::get<I>(right)); });
  }
  void merge(value_type& left, value_type&& right) const {
    each([&]<std::size_t I>() { std::get<I>(monoids_).merge(std::get<I>(left), std::move(std::get<I>(right))); });
  }

 private:
  template <class F>
  static void each(F f) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (f.template operator()<I>(), ...);
    }(std::index_sequence_for<M...>{});
  }

  std::tuple<M...> monoids_;
};

}  // namespace kiln
