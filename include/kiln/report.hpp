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
  std::uint64_t failed_before = 0;  ///< dead letters of the stages before it, where jobs were joined

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

/// Throws kiln::Error (bad input) where there is no value and the type has no default.
template <class Value>
Value value_or_default(const std::optional<Bytes>& bytes) {
  if (bytes) {
    ByteReader in(*bytes, "a reduced value");
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
Report<Value...> make_report(const StageResult& result, std::index_sequence<kAt...>) {
  const ReportBase base{result.counts, result.seconds, result.resumed, 0};
  if (result.values.size() != sizeof...(Value)) {
    throw Error(ExitCode::internal, "a stage came back with another number of reduced values than it has");
  }
  if constexpr (sizeof...(Value) == 1) {
    return {base, value_or_default<Value>(result.values[kAt])..., result.values[kAt].has_value()...};
  } else {
    return {base,
            std::tuple<Value...>{value_or_default<Value>(result.values[kAt])...},
            {result.values[kAt].has_value()...}};
  }
}
template <class... Value>
Report<Value...> make_report(const StageResult& result) {
  return make_report<Value...>(result, std::index_sequence_for<Value...>{});
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
