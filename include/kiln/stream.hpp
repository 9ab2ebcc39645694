#pragma once

#include <kiln/detail/chain.hpp>
#include <kiln/detail/keyed/keyed_steps.hpp>
#include <kiln/detail/plan_text.hpp>
#include <kiln/detail/stage_loop.hpp>
#include <kiln/job.hpp>
#include <kiln/sinks.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <ranges>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace kiln {

/// A source and the steps so far: a value; each call returns a longer stream and changes nothing. The steps run fused,
/// as one loop over units. A step is any function that is callable as const (no `mutable` lambda: what a unit gives
/// must not depend on the units before it), with the item as its argument, and a kiln::Unit& behind it if it wants one.
/// It may be called from several threads and more than once for a unit. If it throws, its unit fails alone;
/// kiln::Rejected sets only the record aside.
template <class Source, class... Steps>
class Stream {
  using Chain = detail::ChainTypes<typename Source::Item, Steps...>;
  using Out = typename Chain::Out;

 public:
  /// The type of the items.
  using value_type = std::remove_cvref_t<Out>;

  Stream(detail::StagePlan plan, Source source, std::tuple<Steps...> steps)
      : plan_(std::move(plan)), source_(std::move(source)), steps_(std::move(steps)) {}

  // ---- Steps

  /// Each item becomes what `f` returns.
  template <class F>
  auto map(F f) const {
    static_assert(detail::StepFunction<F, Out>,
                  "kiln: map(f): f is not callable (as const) with an item of the stream");
    return with(detail::MapStep<F>{std::move(f)});
  }
  /// Only items for which `f` returns true go on.
  template <class F>
  auto filter(F f) const {
    static_assert(detail::StepFunction<F, const value_type&>,
                  "kiln: filter(f): f is not callable (as const) with an item of the stream");
    return with(detail::FilterStep<F>{std::move(f)});
  }
  /// Each item becomes the items of the range that `f` returns.
  template <class F>
  auto flat_map(F f) const {
    static_assert(detail::StepFunction<F, Out>,
                  "kiln: flat_map(f): f is not callable (as const) with an item of the stream; one that wants to emit "
                  "items of type U is given as flat_map<U>(f), with f(item, emit)");
    return with(detail::FlatMapStep<F>{std::move(f)});
  }
  /// Each item becomes those with which `f(item, emit)`, or `f(item, emit, unit)`, calls emit(U).
  template <class U, class F>
  auto flat_map(F f) const {
    return with(detail::EmitStep<U, F>{std::move(f)});
  }

  // ---- Steps by key: each ends a stage; what they give is the same, in the same order, whatever the number of ranks

  /// Items are std::pairs of key and value (or structs with KILN_COLUMNS of two fields); the values of each key are
  /// joined by `op`, a monoid or an associative function of two values. The items behind are std::pairs of key and
  /// joined value; their table has the columns "key" and "value". Keys may be numbers, text (also std::string_view),
  /// pairs, tuples, arrays, vectors, optionals and structs with KILN_COLUMNS of these. Values are joined as by
  /// reduce(): the same bits every time. Two NaN are one key, and so are 0.0 and -0.0.
  template <class Op>
  auto reduce_by_key(Op op) const {
    using Parts = detail::KeyedItem<value_type>;
    static_assert(Parts::kIs,
                  "kiln: reduce_by_key(op): items must be std::pairs of key and value, or structs with KILN_COLUMNS of "
                  "two fields");
    using K = typename Parts::Key;
    using V = detail::KeyOf<typename Parts::Given>;
    const auto monoid = detail::keyed_monoid<V>(op);
    using M = std::remove_const_t<decltype(monoid)>;
    using Forest = std::conditional_t<M::exact, detail::CombinedForest<K, M, V>, detail::LiftedForest<K, M, V>>;
    return by_key<Parts>(
        "reduce_by_key", monoid.describe(), [monoid] { return std::make_unique<Forest>(monoid); },
        detail::ReducedSource<K, M>{monoid});
  }
  /// Of the same items, all values of each key together: the items behind are kiln::Group<K, V>&.
  auto group_by_key() const {
    using Parts = detail::KeyedItem<value_type>;
    static_assert(
        Parts::kIs,
        "kiln: group_by_key(): items must be std::pairs of key and value, or structs with KILN_COLUMNS of two "
        "fields");
    using K = typename Parts::Key;
    using V = detail::KeyOf<typename Parts::Given>;
    return by_key<Parts>(
        "group_by_key", "", [] { return std::make_unique<detail::AppendedForest<K, V>>(); },
        detail::GroupedSource<K, V>{});
  }
  /// Each pair of an item here and one of `right` with the same key: a std::pair of the key and a std::pair of both
  /// values, in the order of the units here and then of those there. The values of one key in `right` must fit into
  /// memory; those here need not.
  template <class OtherSource, class... OtherSteps>
  auto join_by_key(const Stream<OtherSource, OtherSteps...>& right) const {
    using Here = detail::KeyedItem<value_type>;
    using There = detail::KeyedItem<typename Stream<OtherSource, OtherSteps...>::value_type>;
    static_assert(
        Here::kIs && There::kIs,
        "kiln: join_by_key(right): items of both streams must be std::pairs of key and value, or structs with "
        "KILN_COLUMNS of two fields");
    using K = typename Here::Key;
    static_assert(std::is_same_v<K, typename There::Key>,
                  "kiln: join_by_key(right): the keys of both streams must be of one type");
    using V = detail::KeyOf<typename Here::Given>;
    using W = detail::KeyOf<typename There::Given>;
    const auto make_left = [] { return std::make_unique<detail::AppendedForest<K, V>>(); };
    const auto make_right = [] { return std::make_unique<detail::AppendedForest<K, W>>(); };
    auto left_plan = this->template runs_by_key<Here>("join_by_key", "", make_left);
    auto right_plan = right.template runs_by_key<There>("join_by_key", "", make_right);
    left_plan.reader = 1 + detail::stages_of(right_plan);
    return behind("join_by_key()", detail::PairedSource<K, V, W>{}, {std::move(left_plan), std::move(right_plan)});
  }
  /// Each item once; items are keys.
  auto distinct() const {
    using Parts = detail::ItemAsKey<value_type>;
    using K = typename Parts::Key;
    using Forest = detail::CombinedForest<K, detail::Presence, std::monostate>;
    return by_key<Parts>(
               "distinct", "", [] { return std::make_unique<Forest>(detail::Presence{}); },
               detail::ReducedSource<K, detail::Presence>{})
        .map(detail::TakeKey{});
  }

  // ---- In which order

  /// Units for which `f` is higher are handed out first. `f` gets what the source gives (range, grid, items), or else
  /// the number of the unit; it returns a std::int32_t and is called where the coordinator is, for each unit.
  template <class F>
  Stream priority(F f) const {
    Stream other = *this;
    if constexpr (!Source::kHasRecords && std::invocable<const F&, typename Source::Item>) {
      // A copy of the source: the plan may outlive the stream.
      auto shared = std::make_shared<const std::pair<Source, F>>(source_, std::move(f));
      other.plan_.priority = [shared](UnitId unit) -> std::int32_t {
        return shared->second(shared->first.item(unit, detail::StageHost{}));
      };
    } else {
      static_assert(std::invocable<const F&, std::uint64_t>, "kiln: priority(f): f takes the number of a unit");
      other.plan_.priority = [f = std::move(f)](UnitId unit) -> std::int32_t { return f(unit.value()); };
    }
    return other;
  }
  /// Units with high numbers first: those of the newest data, say.
  Stream recent_first() const {
    Stream other = *this;
    other.plan_.descending = true;
    return other;
  }
  /// At most so many units are handed out at a time, over all workers; 0: no limit.
  Stream in_flight(std::uint64_t units) const {
    Stream other = *this;
    other.plan_.most_in_flight = units;
    return other;
  }

  // ---- Sinks

  /// Each item as a row of the table `name`: KILN_COLUMNS says its columns.
  Job<> rows(std::string name) const { return into(to_rows(std::move(name))); }
  /// All items as one value. `reduction` is a monoid (kiln/monoids.hpp) or an associative function of two items. The
  /// value has the same bits whatever the number of ranks and the order of units.
  template <class Reduction>
  auto reduce(Reduction reduction, std::string name = "value") const {
    return into(to_reduce(std::move(reduction), std::move(name)));
  }
  /// Several sinks at once: to_rows(…), to_reduce(…). A unit is done when all of them have what it gave.
  template <class... Target>
  auto into(const Target&... targets) const {
    static_assert(sizeof...(Target) > 0, "kiln: into() wants a sink: to_rows(…), to_reduce(…)");
    return make_job(std::tuple(bind(targets)...));
  }

 private:
  template <class Step>
  Stream<Source, Steps..., Step> with(Step step) const {
    return {plan_, source_, std::tuple_cat(steps_, std::tuple<Step>(std::move(step)))};
  }

  template <class Projection>
  static auto bind(const detail::RowsTarget<Projection>& target) {
    static_assert(detail::StepFunction<Projection, const value_type&>,
                  "kiln: to_rows(name, projection): the projection is not callable (as const) with an item");
    return detail::RowsSinkOf<value_type, Projection>{target.name, target.projection};
  }
  template <class Reduction, class Projection>
  static auto bind(const detail::ReduceTarget<Reduction, Projection>& target) {
    static_assert(detail::StepFunction<Projection, const value_type&>,
                  "kiln: to_reduce(reduction, projection): the projection is not callable (as const) with an item");
    using Projected = std::remove_cvref_t<detail::StepResult<Projection, const value_type&>>;
    auto monoid = detail::as_monoid<Projected>(target.reduction);
    return detail::ReduceSinkOf<value_type, decltype(monoid), Projection>{target.name, std::move(monoid),
                                                                          target.projection};
  }

  template <class... Value>
  static Job<Value...> job_of(detail::StagePlan plan, std::tuple<std::type_identity<Value>...>*) {
    return Job<Value...>(std::move(plan));
  }
  /// A tuple with the value types of the reduce sinks.
  template <class Sink>
  static auto values_of(const Sink&) {
    if constexpr (requires { typename Sink::Value; }) {
      return std::tuple<std::type_identity<typename Sink::Value>>();
    } else {
      return std::tuple<>();
    }
  }

  /// `plan`: all but the sinks.
  template <class... Sink>
  detail::StagePlan plan_of(detail::StagePlan plan, std::tuple<Sink...> sinks) const {
    const auto put = [&](const auto& sink) {
      if constexpr (requires { plan.reduces.push_back(sink.plan()); }) {
        plan.reduces.push_back(sink.plan());
      } else {
        plan.rows.push_back(sink.plan());
      }
    };
    std::apply([&](const auto&... sink) { (put(sink), ...); }, sinks);
    plan.description = detail::describe_plan(plan, {std::string_view(Steps::kName)...});

    using Loop = detail::StageLoop<Source, std::tuple<Steps...>, std::tuple<Sink...>>;
    using Recipe = detail::Recipe<Source, std::tuple<Steps...>, std::tuple<Sink...>>;
    auto recipe = std::make_shared<const Recipe>(Recipe{source_, steps_, std::move(sinks)});
    plan.make_code = [recipe] { return std::make_unique<Loop>(recipe); };
    return plan;
  }

  template <class... Sink>
  auto make_job(std::tuple<Sink...> sinks) const {
    using ValueTypes = decltype(std::tuple_cat(values_of(std::declval<const Sink&>())...));
    return job_of(plan_of(plan_, std::move(sinks)), static_cast<ValueTypes*>(nullptr));
  }

  /// The stage that ends here and gives runs.
  template <class Parts, class Make>
  detail::StagePlan runs_by_key(const std::string& step, const std::string& how, Make make) const {
    using Sink = detail::KeyedSinkOf<value_type, Parts, Make>;
    detail::StagePlan plan = plan_;
    plan.name += ": " + step;
    return plan_of(std::move(plan), std::tuple<Sink>(Sink{step + "(" + how + ")", std::move(make)}));
  }
  /// What reads them.
  template <class Next>
  Stream<Next> behind(const std::string& step, Next next, std::vector<detail::StagePlan> before) const {
    detail::StagePlan plan;
    plan.name = plan_.name;
    plan.source = detail::shards_spec(step);
    for (detail::StagePlan& one : before) {
      plan.before.push_back(std::make_shared<const detail::StagePlan>(std::move(one)));
    }
    return {std::move(plan), std::move(next), {}};
  }
  template <class Parts, class Make, class Next>
  Stream<Next> by_key(const std::string& step, const std::string& how, Make make, Next next) const {
    return behind(step + "(" + how + ")", std::move(next), {runs_by_key<Parts>(step, how, std::move(make))});
  }

  template <class, class...>
  friend class Stream;

  detail::StagePlan plan_;  // all but the sinks
  Source source_;
  std::tuple<Steps...> steps_;
};

}  // namespace kiln
