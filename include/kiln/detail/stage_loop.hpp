#pragma once

#include <kiln/detail/chain.hpp>
#include <kiln/detail/rejected_list.hpp>
#include <kiln/detail/sink_state.hpp>
#include <kiln/detail/sources.hpp>
#include <kiln/detail/stage.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace kiln::detail {

/// The reason of a unit that failed by an exception.
std::string failure_text(const std::exception& error);
class JoinFailure;  // kiln/detail/join_failure.hpp
/// The same of what a merge threw.
std::string cause_text(const JoinFailure& failure);
inline constexpr const char* kUnknownException = "exception that is no std::exception";
/// Throws kiln::Error (bad input): what the user's merge or add threw when it joined values of several units. `where`:
/// "of unit 7 with those of others", say.
[[noreturn]] void throw_fold_failed(std::string_view where, std::string_view what);
[[noreturn]] void throw_fold_failed(UnitId unit, std::string_view what);

/// The user's part of a stage, as the program says it: never changed. `Sinks` are RowsSinkOf and ReduceSinkOf.
template <class Source, class StepTuple, class SinkTuple>
struct Recipe {
  Source source;
  StepTuple steps;
  SinkTuple sinks;
};

template <class In, class StepTuple>
struct ChainOf;
template <class In, class... Steps>
struct ChainOf<In, std::tuple<Steps...>> : ChainTypes<In, Steps...> {};

template <class Source, class Chain>
constexpr UnitShape shape_of() {
  constexpr bool any = Chain::kGives == Gives::any;
  if (Source::kHasRecords) return any ? UnitShape::many_records : UnitShape::records;
  return any ? UnitShape::many : UnitShape::one;
}

/// Units of a block, whose values are joined in registers, and of a span, whose blocks are.
inline constexpr std::uint8_t kBlockLevel = 4, kSpanLevel = 10;
inline constexpr std::uint64_t kBlock = 1U << kBlockLevel, kSpan = 1U << kSpanLevel;

/// Units of a block without a value; a bit each.
struct Misses {
  std::uint32_t empty = 0, hole = 0;
  bool none() const { return (empty | hole) == 0; }
};

/// The nodes of the first blocks of a span, siblings joined: a binary counter.
template <class Sink>
class SpanCounter {
 public:
  using Value = typename Sink::Value;
  using Monoid = decltype(Sink::monoid);

  /// The kBlock values of the next block.
  [[gnu::always_inline]] void push(const Monoid& monoid, const Value* values) {
    Value value = join<kBlock>(monoid, values);
    for (std::uint32_t before = blocks_++; (before & 1U) != 0; before >>= 1) {
      Value left = nodes_[--depth_];
      monoid.merge(left, value);
      value = left;
    }
    nodes_[depth_++] = value;
  }
  /// Hands all to a fold, which is at the first of them; empties the counter.
  template <class Fold>
  void flush(Fold& fold) {
    std::size_t at = 0;
    for (std::uint8_t level = kSpanLevel + 1; level-- > kBlockLevel;) {
      if ((blocks_ >> (level - kBlockLevel) & 1U) != 0) fold.push_node(level, nodes_[at++]);
    }
    blocks_ = depth_ = 0;
  }

 private:
  template <std::uint64_t kValues>
  [[gnu::always_inline]] static Value join(const Monoid& monoid, const Value* values) {
    if constexpr (kValues == 1) {
      return *values;
    } else {
      Value left = join<kValues / 2>(monoid, values);
      monoid.merge(left, join<kValues / 2>(monoid, values + kValues / 2));
      return left;
    }
  }

  std::array<Value, kSpanLevel - kBlockLevel + 1> nodes_;
  std::uint32_t depth_ = 0, blocks_ = 0;
};

/// One call of StageCode::run.
template <class Source, class Steps, class Sinks>
class StagePass;

template <class Source, class Steps, class... Sink>
class StagePass<Source, Steps, std::tuple<Sink...>> {
  using Chain = ChainOf<typename Source::Item, Steps>;
  using Item = std::remove_cvref_t<typename Chain::Out>;
  static constexpr UnitShape kShape = shape_of<Source, Chain>();
  template <class One>
  using State = typename One::template State<kShape>;
  /// Every unit gives one value to each sink, all of them to be folded in registers.
  template <class One>
  static constexpr bool blocks() {
    if constexpr (State<One>::kIsReduce) return State<One>::kHasBlocks;
    return false;
  }
  static constexpr bool kBlocks =
      kShape == UnitShape::one && Chain::kGives == Gives::one && (sizeof...(Sink) > 0) && (blocks<Sink>() && ...);
  /// What a unit gave can be taken out of all sinks again, until it ends.
  static constexpr bool kTakesBack = (requires { State<Sink>::kTakesBack; } && ...);
  /// Units between two looks at whether the run is cancelled.
  static constexpr std::uint64_t kLook = kBlocks ? kSpan : 16;

 public:
  using Recipe = detail::Recipe<Source, Steps, std::tuple<Sink...>>;

  StagePass(const Recipe& recipe, UnitId first, const StageHost& host, StageOutput& output)
      : StagePass(recipe, first, host, output, std::index_sequence_for<Sink...>{}) {}

  void run(Interval units) {
    std::uint64_t next = units.first.value();
    const std::uint64_t last = units.last.value();
    while (next < last && !host_.cancelled()) {
      const std::uint64_t look = next + std::min(last - next, kLook - next % kLook);
      if constexpr (kBlocks) {
        host_.running->set_several();
        while (next % kBlock == 0 && look - next >= kBlock) next = run_span(next, look);
      }
      for (; next < look; ++next) run_unit(UnitId(next));
    }
    host_.running->set_several();
    output_.ran = next - units.first.value();
    each_state([](auto& state) { state.finish(); });
  }

 private:
  template <std::size_t... kAt>
  StagePass(const Recipe& recipe, UnitId first, const StageHost& host, StageOutput& output, std::index_sequence<kAt...>)
      : recipe_(recipe),
        host_(host),
        output_(output),
        unit_(host),
        states_(State<Sink>(std::get<kAt>(recipe.sinks), first, rows_at<kAt>(output), forest_at<kAt>(output))...) {}

  template <std::size_t kEnd>
  static constexpr std::size_t reduces_before() {
    std::size_t count = 0, at = 0;
    ((count += (at++ < kEnd && State<Sink>::kIsReduce) ? 1 : 0), ...);
    return count;
  }
  template <std::size_t kAt>
  static Rows* rows_at(StageOutput& output) {
    if constexpr (State<std::tuple_element_t<kAt, std::tuple<Sink...>>>::kIsReduce)
      return nullptr;
    else
      return &(*output.tables)[kAt - reduces_before<kAt>()];
  }
  template <std::size_t kAt>
  static Forest* forest_at(StageOutput& output) {
    if constexpr (State<std::tuple_element_t<kAt, std::tuple<Sink...>>>::kIsReduce) {
      return (*output.forests)[reduces_before<kAt>()].get();
    } else {
      return nullptr;
    }
  }

  template <class F>
  void each_state(F&& f) {
    std::apply([&](auto&... state) { (f(state), ...); }, states_);
  }

  void run_unit(UnitId unit) {
    id_ = unit;
    host_.running->set(unit);
    gave_any_ = false;
    taking_ = false;
    if constexpr (Chain::kUsesUnit) unit_.begin(unit);
    each_state([](auto& state) { state.begin_unit(); });
    try {
      run_records(unit);
      taking_ = true;
      each_state([&](auto& state) { state.end_unit(gave_any_); });
    } catch (const std::exception& error) {
      fail(failure_text(error));
    } catch (...) {
      fail(kUnknownException);
    }
  }

  void run_records(UnitId unit) {
    if constexpr (Source::kHasRecords) {
      const auto take_record = [&]<class Record>(Record&& record, const RecordPlace& place) {
        begin_record();
        try {
          run_chain(recipe_.steps, std::forward<Record>(record), unit_, Sinker{*this});
        } catch (const Rejected& rejected) {
          reject(rejected.what(), place);
          return;
        }
        each_state([](auto& state) { state.end_record(); });
      };
      if constexpr (requires { Source::kRejects; }) {
        recipe_.source.each(unit, host_, take_record, [&](const char* reason, const RecordPlace& place) {
          begin_record();
          reject(reason, place);
        });
      } else {
        recipe_.source.each(unit, host_, take_record);
      }
    } else {
      begin_record();
      try {
        run_chain(recipe_.steps, recipe_.source.item(unit, host_), unit_, Sinker{*this});
      } catch (const Rejected& rejected) {
        reject(rejected.what(), {});
      }
    }
  }

  void begin_record() {
    each_state([](auto& state) { state.begin_record(); });
  }

  /// The end of the chain.
  struct Sinker {
    template <class Out>
    [[gnu::always_inline]] void operator()(Out&& item) const {
      pass.take(item, std::index_sequence_for<Sink...>{});
    }
    StagePass& pass;
  };

  template <std::size_t... kAt>
  void take(const Item& item, std::index_sequence<kAt...>) {
    using Prepared = std::tuple<decltype(std::get<kAt>(states_).prepare(item, unit_))...>;
    Prepared prepared{std::get<kAt>(states_).prepare(item, unit_)...};
    gave_any_ = true;
    taking_ = kShape == UnitShape::one && !kTakesBack;
    (std::get<kAt>(states_).take(std::forward<std::tuple_element_t<kAt, Prepared>>(std::get<kAt>(prepared)), id_), ...);
    taking_ = false;
  }

  void reject(const char* reason, const RecordPlace& place) {
    if (taking_) throw_fold_failed(id_, reason);
    each_state([](auto& state) { state.reject_record(); });
    if (kShape == UnitShape::one) gave_any_ = false;
    rejected_.add(output_.rejected, id_, place.file, place.offset, place.text, reason, line_of(place, host_));
  }

  /// In a catch block. Where values of this unit may be among others' already, it cannot fail alone.
  void fail(std::string reason) {
    if (taking_) throw_fold_failed(id_, reason);
    while (!output_.rejected.empty() && output_.rejected.back().unit == id_) output_.rejected.pop_back();
    each_state([](auto& state) { state.drop_unit(); });
    output_.failures.push_back({id_, std::move(reason)});
  }

  // ---- Blocks of units that give one value each

  /// Runs whole blocks from `first`, at most up to `last`, until one has a unit without a value; returns where it
  /// stopped. The blocks of an aligned span are joined here.
  [[gnu::noinline]] std::uint64_t run_span(std::uint64_t first, std::uint64_t last) {
    std::tuple<SpanCounter<Sink>...> nodes;
    const std::uint64_t stop = first % kSpan == 0 ? last : first + kBlock;
    Misses misses;
    for (; stop - first >= kBlock && misses.none(); first += kBlock) {
      std::tuple<std::array<typename Sink::Value, kBlock>...> values;
#pragma GCC unroll 16
      for (std::uint64_t i = 0; i < kBlock; ++i) run_leaf(first, i, values, misses, std::index_sequence_for<Sink...>{});
      push_block(values, misses, nodes, std::index_sequence_for<Sink...>{});
    }
    flush(nodes, std::index_sequence_for<Sink...>{});
    return first;
  }

  template <class Values, std::size_t... kAt>
  [[gnu::always_inline]] void run_leaf(std::uint64_t first, std::uint64_t i, Values& values, Misses& misses,
                                       std::index_sequence<kAt...>) {
    const UnitId unit(first + i);
    if constexpr (Chain::kUsesUnit) unit_.begin(unit);
    try {
      run_chain(recipe_.steps, recipe_.source.item(unit, host_), unit_, [&](auto&& item) {
        const Item& given = item;
        ((std::get<kAt>(values)[i] = std::get<kAt>(states_).lift(given, unit_, unit)), ...);
      });
    } catch (const Rejected& rejected) {
      output_.rejected.push_back({unit, {}, 0, {}, rejected.what()});
      misses.empty |= 1U << i;
    } catch (const std::exception& error) {
      output_.failures.push_back({unit, failure_text(error)});
      misses.hole |= 1U << i;
    } catch (...) {
      output_.failures.push_back({unit, kUnknownException});
      misses.hole |= 1U << i;
    }
  }

  template <class Values, class Nodes, std::size_t... kAt>
  [[gnu::always_inline]] void push_block(const Values& values, Misses misses, Nodes& nodes,
                                         std::index_sequence<kAt...> at) {
    if (misses.none()) {
      (std::get<kAt>(nodes).push(std::get<kAt>(recipe_.sinks).monoid, std::get<kAt>(values).data()), ...);
      return;
    }
    flush(nodes, at);
    (push_leaves(std::get<kAt>(states_).fold(), std::get<kAt>(values), misses), ...);
  }
  template <class Fold, class Values>
  static void push_leaves(Fold& fold, const Values& values, Misses misses) {
    for (std::size_t i = 0; i < kBlock; ++i) {
      if ((misses.hole >> i & 1U) != 0) {
        fold.drop();
      } else if ((misses.empty >> i & 1U) != 0) {
        fold.push_empty();
      } else {
        fold.push_value(values[i]);
      }
    }
  }
  template <class Nodes, std::size_t... kAt>
  void flush(Nodes& nodes, std::index_sequence<kAt...>) {
    (std::get<kAt>(nodes).flush(std::get<kAt>(states_).fold()), ...);
  }

  const Recipe& recipe_;
  const StageHost& host_;
  StageOutput& output_;
  Unit unit_;
  UnitId id_;  // the present unit
  RejectedList rejected_;
  bool gave_any_ = false;  // it gave an item
  bool taking_ = false;    // its items are being joined with those of others, for good
  std::tuple<State<Sink>...> states_;
};

/// StageCode of a recipe. The recipe is shared with the plan, which makes one of these for each worker.
template <class Source, class Steps, class Sinks>
class StageLoop final : public StageCode {
  using Pass = StagePass<Source, Steps, Sinks>;

 public:
  explicit StageLoop(std::shared_ptr<const typename Pass::Recipe> recipe) : recipe_(std::move(recipe)) {}

  void run(Interval units, const StageHost& host, StageOutput& output) override {
    Pass(*recipe_, units.first, host, output).run(units);
  }

 private:
  std::shared_ptr<const typename Pass::Recipe> recipe_;
};

}  // namespace kiln::detail
