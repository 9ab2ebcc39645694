#pragma once

#include <kiln/monoid.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace kiln {

namespace detail {

/// What so_far() returns.
template <Monoid M, class F>
struct Watched {
  M monoid;
  F f;
  std::chrono::nanoseconds every;
};
template <class T>
inline constexpr bool kIsWatched = false;
template <class M, class F>
inline constexpr bool kIsWatched<Watched<M, F>> = true;

}  // namespace detail

/// For reduce() and to_reduce(): the same reduction, and while its stage goes on f(value, units) is told what it has
/// come to. `value` is exactly what `units` units gave, all of them committed; what is committed stays, so `units` does
/// not fall, but for a launch after a loss on disk.
///
///     numbers.reduce(kiln::so_far(kiln::Count{}, [](const auto& value, std::uint64_t units) { … }))
///
/// Only on the rank that writes the run directory (another one when that has died); with a commit, and at most once in
/// `every`, rarer where f and the value take long; not at all in a short stage. Never when the stage is over:
/// Session::run gives the complete value, and f is not called when it has returned. It is called on a thread of kiln's,
/// on which commits wait meanwhile: f should be quick, must protect what it shares with the program, makes no call of
/// the session, and must not throw: then a warning says so, and it is not called any more in this stage. It changes no
/// result. For exact monoids only: others have no value before the last unit.
template <class Reduction, class F>
auto so_far(Reduction reduction, F f, std::chrono::milliseconds every = std::chrono::seconds(2)) {
  static_assert(Monoid<Reduction>,
                "kiln: so_far(reduction, f): the reduction is a monoid (#include <kiln/monoids.hpp>)");
  static_assert(Reduction::exact,
                "kiln: so_far(reduction, f): only of exact monoids (Count, Sum of integers, ExactSum, Histogram, …) is "
                "there a value before the last unit");
  static_assert(std::invocable<const F&, const typename Reduction::value_type&, std::uint64_t>,
                "kiln: so_far(reduction, f): f is not callable (as const) with a value and a std::uint64_t");
  return detail::Watched<Reduction, F>{std::move(reduction), std::move(f), every};
}

}  // namespace kiln
