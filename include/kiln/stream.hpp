#pragma once

#include <kiln/detail/branch_loop.hpp>
#include <kiln/detail/chain.hpp>
#include <kiln/detail/graph.hpp>
#include <kiln/detail/junctions.hpp>
#include <kiln/detail/keyed/keyed_steps.hpp>
#include <kiln/detail/keyed/placed.hpp>
#include <kiln/detail/plan_text.hpp>
#include <kiln/detail/strands.hpp>
#include <kiln/detail/stream_checks.hpp>
#include <kiln/job.hpp>
#include <kiln/sinks.hpp>

#include <array>
#include <concepts>
#include <cstddef>
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

  Stream(detail::StagePlan plan, detail::Origin origin, Source source, std::tuple<Steps...> steps)
      : plan_(std::move(plan)), origin_(std::move(origin)), source_(std::move(source)), steps_(std::move(steps)) {}

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
  /// pairs, tuples, arrays, vectors, optionals and structs with KILN_COLUMNS of these; two NaN are one, as 0.0 and
  /// -0.0. Values are joined as by reduce(): the same bits every time, unless by kiln::unordered(op).
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
    return behind("join_by_key()", detail::PairedSource<K, V, W>{},
                  {this->template runs_by_key<Here>("join_by_key", "", make_left),
                   right.template runs_by_key<There>("join_by_key", "", make_right)});
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

  // ---- Branches: all of it runs as one stage (kiln::together)

  /// So many streams with each item each. They read one object: what must change an item copies it.
  template <std::size_t kStreams>
  auto copy() const {
    static_assert(kStreams > 0, "kiln: copy<N>(): N streams, 1 or more");
    detail::check_branch_items<value_type>();
    auto junction =
        detail::junction_at("copy<" + std::to_string(kStreams) + ">", strand_into(), kStreams,
                            [](const detail::BranchFrame&, const std::vector<detail::BranchPort*>& outputs) {
                              return std::make_unique<detail::CopyCode<value_type>>(outputs);
                            });
    return outputs_of<const value_type&, kStreams>(junction);
  }
  /// Two streams: of the items for which `f` returns true, and of the others.
  template <class F>
  auto split(F f) const {
    static_assert(std::is_invocable_r_v<bool, const F&, const value_type&>,
                  "kiln: split(f): f is not callable (as const) with an item, giving a bool; split<N>(f) is by number");
    return split<2>([f = std::move(f)](const value_type& item) { return f(item) ? 0 : 1; });
  }
  /// So many streams; each item goes to the one whose number, from 0, `f` returns. Any other number fails the unit.
  template <std::size_t kStreams, class F>
  auto split(F f) const {
    static_assert(kStreams > 0, "kiln: split<N>(f): N streams, 1 or more");
    static_assert(std::is_invocable_v<const F&, const value_type&>,
                  "kiln: split<N>(f): f is not callable (as const) with an item");
    static_assert(std::integral<std::remove_cvref_t<std::invoke_result_t<const F&, const value_type&>>>,
                  "kiln: split<N>(f): f returns the number of a stream, an integer");
    detail::check_branch_items<value_type>();
    using Code = detail::SplitCode<value_type, F>;
    auto junction = detail::junction_at(
        "split<" + std::to_string(kStreams) + ">", strand_into(), kStreams,
        [f = std::move(f)](const detail::BranchFrame& frame, const std::vector<detail::BranchPort*>& outputs) {
          return std::make_unique<Code>(f, outputs, frame.rejections);
        });
    return outputs_of<value_type&&, kStreams>(junction);
  }
  /// One stream of several with the same items. Of a unit first all items of this one, then those of the next: these
  /// wait in memory until the unit ends. Streams of different sources give the units of the first, then those of the
  /// next, and so on.
  template <class... Others>
  auto merge(const Others&... others) const {
    static_assert(sizeof...(Others) > 0, "kiln: merge(other…) wants another stream");
    static_assert((std::is_same_v<value_type, typename Others::value_type> && ...),
                  "kiln: merge(other…): the items of all streams must be of one type; map() makes them so");
    static_assert(!detail::kIsLine<value_type>,
                  "kiln: merge(other…): lines and texts do not live that long; map() what you need of them first");
    detail::check_branch_items<value_type>();
    auto junction = std::make_shared<detail::Junction>();
    junction->name = "merge";
    junction->inputs = {strand_into(), others.strand_into()...};
    junction->make_code = [](const detail::BranchFrame&, const std::vector<detail::BranchPort*>& outputs) {
      return std::make_unique<detail::MergeCode<value_type>>(1 + sizeof...(Others), outputs.front());
    };
    return outputs_of<value_type&&, 1>(junction)[0];
  }

  // ---- Shards, and barriers: each ends a stage, and keeps its items in the run directory while they are needed

  /// Items for which `by` returns the same key come into one unit, in the order of the source. By the hash of the key.
  template <class By>
  auto shard(By by, std::uint32_t shards = detail::kHashShards) const {
    detail::check_by<By, value_type>();
    if (shards == 0) throw Error(ExitCode::usage, "shard(by, shards): 0 shards: give 1 or more");
    return placed("shard", detail::ByHash<value_type, By>{std::move(by), shards}, shards);
  }
  /// By ranges of the key, so that shards are in its order: kiln::by_range(splitters).
  template <class By, class Key>
  auto shard(By by, ShardRanges<Key> ranges) const {
    detail::check_by<By, value_type>();
    const std::uint64_t shards = ranges.splitters.size() + 1;
    return placed("shard", detail::ByRange<value_type, By, Key>{std::move(by), std::move(ranges.splitters)}, shards);
  }
  /// `by` returns the number of the shard: kiln::by_number(shards). Any other number fails the unit.
  template <class By>
  auto shard(By by, ShardNumbers numbers) const {
    detail::check_by<By, value_type>();
    return placed("shard", detail::ByNumber<value_type, By>{std::move(by), numbers.shards}, numbers.shards);
  }
  /// Directly behind shard(): f(kiln::Shard<T>&) gets all items of a shard, and what it returns goes on.
  template <class F>
  auto map_shard(F f) const {
    static_assert(detail::kIsPlaced<Source> && sizeof...(Steps) == 0,
                  "kiln: map_shard(f) stands directly behind shard(): other steps go in front of that, or behind this");
    return Stream<detail::ShardSource<value_type>>(plan_, origin_, {}, {}).map(std::move(f));
  }
  /// A barrier: all units of what is in front are done before the first one behind begins. Items keep the order of the
  /// source; units behind are those in front, or some of them together where there are many thousands.
  auto join() const { return placed("join", by_unit(), 0); }
  /// The same, kept for all jobs of the session that read it: what is in front runs once.
  auto cache() const { return placed("cache", by_unit(), 0, true); }

  // ---- Order: ends a stage

  /// All items in the order of the keys that `by` makes of them: smallest first, with kiln::descending greatest; of
  /// equal keys in the order of the units, in a unit as it gave them. Keys may be what those of reduce_by_key may, NaN
  /// last. The rows of what comes behind are in this order over the whole table.
  template <class By>
  auto sort(By by) const {
    return sorted("sort", "", detail::SortParts<value_type, By>{std::move(by)}, detail::kHashShards);
  }
  /// The items are their own keys.
  auto sort() const { return sort(std::identity{}); }
  /// The `k` items with the greatest keys, the greatest first; of equal keys those of lower units go first, in a unit
  /// the earlier one. They need not fit into memory. NaN comes last.
  template <class By = std::identity>
  auto top_k(std::uint64_t k, By by = {}) const {
    using Greatest = detail::GreatestFirst<By>;
    return sorted("top_k", std::to_string(k), detail::SortParts<value_type, Greatest>{Greatest{std::move(by)}}, 1, k);
  }
  /// Right behind sort() or top_k(): all items in ranges of about equal bytes; the items behind are kiln::SortedRange&.
  auto ranges() const {
    static_assert(detail::kIsSorted<Source> && sizeof...(Steps) == 0,
                  "kiln: ranges() stands right behind sort() or top_k()");
    detail::SourceNode source = *origin_.source;
    source.spec.description += " as ranges";
    return Stream<detail::RangesSource<Source>>(
        plan_, {std::make_shared<const detail::SourceNode>(std::move(source)), {}, 0}, {source_}, {});
  }

  // ---- Which units first

  /// Units for which `f` is higher are handed out first. `f` gets what the source gives (range, grid, items), or else
  /// the number of the unit; it returns a std::int32_t and is called where the coordinator is, for each unit.
  template <class F>
  Stream priority(F f) const {
    detail::check_order<Source>();
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
    detail::check_order<Source>();
    Stream other = *this;
    other.plan_.descending = true;
    return other;
  }
  /// At most so many units are handed out at a time, over all workers; 0: no limit.
  Stream in_flight(std::uint64_t units) const {
    detail::check_order<Source>();
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
    auto sinks = std::tuple(detail::bind<value_type>(targets)...);
    using ValueTypes = decltype(detail::values_of(sinks));
    return detail::job_of(strand_of(std::move(sinks)), static_cast<ValueTypes*>(nullptr));
  }

 private:
  template <class Step>
  Stream<Source, Steps..., Step> with(Step step) const {
    return {plan_, origin_, source_, std::tuple_cat(steps_, std::tuple<Step>(std::move(step)))};
  }

  template <class... Sink>
  std::shared_ptr<const detail::Strand> strand_of(std::tuple<Sink...> sinks, const std::string& name = {}) const {
    return detail::strand_of(plan_, origin_, source_, steps_, std::move(sinks), name);
  }
  std::shared_ptr<const detail::Strand> strand_into() const {
    return detail::strand_into(plan_, origin_, source_, steps_);
  }

  /// The streams behind a junction.
  template <class Passed, std::size_t kStreams>
  std::array<Stream<detail::BranchSource<Passed>>, kStreams> outputs_of(
      const std::shared_ptr<const detail::Junction>& junction) const {
    detail::StagePlan plan;
    plan.name = plan_.name;
    return [&]<std::size_t... kAt>(std::index_sequence<kAt...>) {
      using Branch = Stream<detail::BranchSource<Passed>>;
      return std::array<Branch, kStreams>{Branch(plan, {{}, junction, kAt}, {}, {})...};
    }(std::make_index_sequence<kStreams>{});
  }

  /// The strand that ends here and gives runs.
  template <class Parts, class Make>
  std::shared_ptr<const detail::Strand> runs_by_key(const std::string& step, const std::string& how, Make make,
                                                    Parts parts = {}) const {
    using Sink = detail::KeyedSinkOf<value_type, Parts, Make>;
    return strand_of(std::tuple<Sink>(Sink{step + "(" + how + ")", std::move(make), std::move(parts)}), step);
  }
  detail::ByUnit<value_type> by_unit() const {
    constexpr std::uint64_t kMostShards = 4096;
    return {detail::units_of(origin_) / kMostShards + 1};
  }
  template <class Place>
  auto placed(const std::string& step, Place place, std::uint64_t shards, bool cached = false) const {
    detail::check_kept_items<value_type>();
    using Parts = detail::PlacedItem<value_type>;
    using Forest = detail::PlacedForest<value_type, Place>;
    const std::string how = place.describe();
    const auto make = [place = std::move(place)] { return std::make_unique<Forest>(place); };
    return behind(step + "(" + how + ")", detail::PlacedSource<value_type>{},
                  {this->template runs_by_key<Parts>(step, how, make)}, shards, cached);
  }
  /// What reads them.
  template <class Next>
  Stream<Next> behind(const std::string& step, Next next, std::vector<std::shared_ptr<const detail::Strand>> before,
                      std::uint64_t shards = detail::kHashShards, bool cached = false) const {
    detail::StagePlan plan;
    plan.name = plan_.name;
    auto source = std::make_shared<const detail::SourceNode>(
        detail::SourceNode{detail::shards_spec(step, shards), std::move(before), cached});
    return {std::move(plan), {std::move(source), {}, 0}, std::move(next), {}};
  }
  template <class Parts, class Make, class Next>
  Stream<Next> by_key(const std::string& step, const std::string& how, Make make, Next next) const {
    return behind(step + "(" + how + ")", std::move(next), {runs_by_key<Parts>(step, how, std::move(make))});
  }

  template <class Parts>
  auto sorted(const std::string& step, const std::string& how, Parts parts, std::uint64_t ranges,
              std::uint64_t most = Parts::Forest::kAll) const {
    using Next = detail::SortedSource<typename Parts::Format, typename Parts::Kept>;
    const auto make = [most] { return std::make_unique<typename Parts::Forest>(most); };
    return behind(step + "(" + how + ")", Next{most}, {runs_by_key(step, how, make, std::move(parts))}, ranges);
  }

  template <class, class...>
  friend class Stream;

  detail::StagePlan plan_;  // name, and the order of units
  detail::Origin origin_;
  Source source_;
  std::tuple<Steps...> steps_;
};

}  // namespace kiln
