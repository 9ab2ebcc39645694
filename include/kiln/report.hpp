#pragma once

#include <kiln/detail/stage.hpp>
#include <kiln/error.hpp>
#include <kiln/exit_code.hpp>
#include <kiln/monoid.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>

namespace kiln {

/// What became of the units of a stage: all, done, failed (dead letters), and records that were rejected.
using Counts = detail::StageCounts;

/// What a job gave, on every rank the same.
struct ReportBase {
  Counts counts;                    ///< of the (last) stage
  double seconds = 0;               ///< that it took in this launch
  bool resumed = false;             ///< it was over before this launch
  std::uint64_t failed_before = 0;  ///< dead letters of the stages before it, where there are any (steps by key, join)
  std::uint64_t rejected_before = 0;  ///< rejected records of the stages before it

  /// For main() to return: 0, or 1 where units are dead letters.
  int exit_code() const { return to_int(counts.failed + failed_before == 0 ? ExitCode::ok : ExitCode::units_failed); }
};

/// Of several reductions.
template <class... Value>
struct Report : ReportBase {
  std::tuple<Value...> values;  ///< in the order of the sinks; value-initialised where no unit gave any
  std::array<bool, sizeof...(Value)> has_value{};
};

/// Of one.
template <class Value>
struct Report<Value> : ReportBase {
  Value value;             ///< value-initialised where no unit gave any
  bool has_value = false;  ///< a unit gave one
};

namespace detail {

/// Whether a unit gave a value to reduce sink number `at`.
bool has_value(const StageResult& result, std::size_t at);
/// Throws kiln::Error (internal) where a stage's values are not so many.
void expect_values(const StageResult& result, std::size_t count);

/// Gives the value away. Throws kiln::Error (bad input) where there is none and the type has no default.
template <class Value>
Value take_value(StageResult& result, std::size_t at) {
  if (at < result.forests.size() && result.forests[at] != nullptr) {
    const auto forest = std::move(result.forests[at]);
    if (auto value = dynamic_cast<TypedValue<Value>&>(*forest).take_value()) return std::move(*value);
  } else if (result.values[at]) {
    ByteReader in(*result.values[at], "a reduced value");
    Value value = Codec<Value>::read(in);
    in.expect_done();
    return value;
  }
  if constexpr (std::default_initializable<Value>) {
    return Value{};
  } else {
    throw Error(
        ExitCode::bad_input,
        "a reduction has no value, as no unit gave any; give its value_type a default constructor to stand for that");
  }
}

template <class... Value, std::size_t... kAt>
Report<Value...> make_report(StageResult result, std::index_sequence<kAt...>) {
  const ReportBase base{result.counts, result.seconds, result.resumed, 0};
  expect_values(result, sizeof...(Value));
  const std::array<bool, sizeof...(Value)> has{has_value(result, kAt)...};
  if constexpr (sizeof...(Value) == 1) {
    return {base, take_value<Value>(result, kAt)..., has[kAt]...};
  } else {
    return {base, std::tuple<Value...>{take_value<Value>(result, kAt)...}, {has[kAt]...}};
  }
}
template <class... Value>
Report<Value...> make_report(StageResult result) {
  return make_report<Value...>(std::move(result), std::index_sequence_for<Value...>{});
}

/// f(value…)
template <class F, class... Value>
auto apply_values(const F& f, const Report<Value...>& report) {
  if constexpr (sizeof...(Value) == 1) {
    return f(report.value);
  } else {
    return std::apply(f, report.values);
  }
}

}  // namespace detail
}  // namespace kiln
