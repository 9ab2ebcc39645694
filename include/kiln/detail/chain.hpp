#pragma once

#include <kiln/unit.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>

/// The fused steps of a stream. Each step hands what it makes to the next one by a call, so that all of them become one
/// loop and no item is stored between two.
namespace kiln::detail {

template <class F, class In>
concept TakesUnit = std::invocable<const F&, In, Unit&>;
template <class F, class In>
concept StepFunction = TakesUnit<F, In> || std::invocable<const F&, In>;

template <class F, class In>
decltype(auto) call_step(const F& f, In&& in, [[maybe_unused]] Unit& unit) {
  if constexpr (TakesUnit<F, In>) {
    return std::invoke(f, std::forward<In>(in), unit);
  } else {
    return std::invoke(f, std::forward<In>(in));
  }
}
/// What a step's function returns, as it is passed on.
template <class F, class In>
using StepResult = decltype(call_step(std::declval<const F&>(), std::declval<In>(), std::declval<Unit&>()));

/// What leaves a step for each item that enters it.
enum class Gives : std::uint8_t { one, at_most_one, any };

/// In `Out<In>`, In is the type as it is passed on: a reference.
template <class F>
struct MapStep {
  static constexpr Gives kGives = Gives::one;
  static constexpr const char* kName = "map";
  template <class In>
  using Out = StepResult<F, In>&&;
  template <class In>
  static constexpr bool kUsesUnit = TakesUnit<F, In>;
  template <class In, class Next>
  void operator()(In&& in, Unit& unit, Next&& next) const {
    next(call_step(f, std::forward<In>(in), unit));
  }
  F f;
};

template <class F>
struct FilterStep {
  static constexpr Gives kGives = Gives::at_most_one;
  static constexpr const char* kName = "filter";
  template <class In>
  using Out = In;
  template <class In>
  static constexpr bool kUsesUnit = TakesUnit<F, const std::remove_cvref_t<In>&>;
  template <class In, class Next>
  void operator()(In&& in, Unit& unit, Next&& next) const {
    if (call_step(f, std::as_const(in), unit)) next(std::forward<In>(in));
  }
  F f;
};

/// The function returns a range. What is in a range of its own may be moved from.
template <class F>
struct FlatMapStep {
  static constexpr Gives kGives = Gives::any;
  static constexpr const char* kName = "flat_map";
  template <class In>
  using Range = StepResult<F, In>;
  template <class In>
  static constexpr bool kOwns = !std::is_reference_v<Range<In>> && !std::ranges::view<Range<In>>;
  template <class In>
  using Out = std::conditional_t<kOwns<In>, std::ranges::range_rvalue_reference_t<Range<In>>,
                                 std::ranges::range_reference_t<Range<In>>&&>;
  template <class In>
  static constexpr bool kUsesUnit = TakesUnit<F, In>;
  template <class In, class Next>
  void operator()(In&& in, Unit& unit, Next&& next) const {
    auto&& range = call_step(f, std::forward<In>(in), unit);
    for (auto&& item : range) next(static_cast<Out<In>>(item));
  }
  F f;
};

/// The function calls what it is given with each U.
template <class U, class F>
struct EmitStep {
  static constexpr Gives kGives = Gives::any;
  static constexpr const char* kName = "flat_map";
  template <class In>
  using Out = U&&;
  struct AnyEmitter {
    void operator()(U) const {}
  };
  template <class In>
  static constexpr bool kUsesUnit = std::invocable<const F&, In, AnyEmitter&, Unit&>;
  template <class In, class Next>
  void operator()(In&& in, Unit& unit, Next&& next) const {
    auto emit = [&](U item) { next(std::move(item)); };
    if constexpr (std::invocable<const F&, In, decltype(emit)&, Unit&>) {
      std::invoke(f, std::forward<In>(in), emit, unit);
    } else {
      std::invoke(f, std::forward<In>(in), emit);
    }
  }
  F f;
};

/// Steps in a row, `In` entering the first.
template <class In, class... Steps>
struct ChainTypes {
  using Out = In;
  static constexpr Gives kGives = Gives::one;
  static constexpr bool kUsesUnit = false;
};
template <class In, class First, class... Rest>
struct ChainTypes<In, First, Rest...> {
  using Next = ChainTypes<typename First::template Out<In>, Rest...>;
  using Out = typename Next::Out;
  static constexpr Gives kGives = First::kGives > Next::kGives ? First::kGives : Next::kGives;
  static constexpr bool kUsesUnit = First::template kUsesUnit<In> || Next::kUsesUnit;
};

/// Calls sink(item) with each item that leaves the last step.
template <std::size_t kFirst = 0, class Steps, class In, class Sink>
[[gnu::always_inline]] inline void run_chain(const Steps& steps, In&& in, Unit& unit, Sink&& sink) {
  if constexpr (kFirst == std::tuple_size_v<Steps>) {
    sink(std::forward<In>(in));
  } else {
    std::get<kFirst>(steps)(std::forward<In>(in), unit, [&]<class Out>(Out&& out) {
      run_chain<kFirst + 1>(steps, std::forward<Out>(out), unit, sink);
    });
  }
}

}  // namespace kiln::detail
