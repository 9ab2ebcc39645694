#pragma once

#include <kiln/detail/branch_loop.hpp>
#include <kiln/detail/graph.hpp>
#include <kiln/detail/stage_loop.hpp>
#include <kiln/job.hpp>
#include <kiln/sinks.hpp>

#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

/// What makes a strand, and a job, of a stream's parts.
namespace kiln::detail {

template <class Item, class Projection>
auto bind(const RowsTarget<Projection>& target) {
  static_assert(StepFunction<Projection, const Item&>,
                "kiln: to_rows(name, projection): the projection is not callable (as const) with an item");
  return RowsSinkOf<Item, Projection>{target.name, target.projection};
}
template <class Item, class Reduction, class Projection>
auto bind(const ReduceTarget<Reduction, Projection>& target) {
  static_assert(StepFunction<Projection, const Item&>,
                "kiln: to_reduce(reduction, projection): the projection is not callable (as const) with an item");
  if constexpr (kIsWatched<Reduction>) {
    using Plain = ReduceTarget<decltype(target.reduction.monoid), Projection>;
    auto sink = detail::bind<Item>(Plain{target.reduction.monoid, target.projection, target.name});
    sink.tell_so_far = target.reduction.f;
    sink.tell_every = target.reduction.every;
    return sink;
  } else {
    using Projected = std::remove_cvref_t<StepResult<Projection, const Item&>>;
    auto monoid = as_monoid<Projected>(target.reduction);
    return ReduceSinkOf<Item, decltype(monoid), Projection>{target.name, std::move(monoid), target.projection};
  }
}

template <class... Value>
Job<Value...> job_of(std::shared_ptr<const Strand> strand, std::tuple<std::type_identity<Value>...>*) {
  return Job<Value...>({std::move(strand)});
}
template <class Sink>
auto value_of(const Sink&) {
  if constexpr (requires { typename Sink::Value; }) {
    return std::tuple<std::type_identity<typename Sink::Value>>();
  } else {
    return std::tuple<>();
  }
}
/// A tuple with the value types of the reduce sinks.
template <class... Sink>
auto values_of(const std::tuple<Sink...>& sinks) {
  return std::apply([](const auto&... sink) { return std::tuple_cat(value_of(sink)...); }, sinks);
}

/// What is common to all ends. `plan`: name, and the order of units.
template <class... Steps>
std::shared_ptr<Strand> begin_strand(const StagePlan& plan, const Origin& origin, const std::tuple<Steps...>&) {
  auto strand = std::make_shared<Strand>();
  strand->origin = origin;
  strand->plan = plan;
  strand->steps = {Steps::kName...};
  return strand;
}

/// It ends in sinks. `name`: of a step by key, for the name of its stage.
template <class Source, class... Steps, class... Sink>
std::shared_ptr<const Strand> strand_of(const StagePlan& start, const Origin& origin, const Source& source,
                                        const std::tuple<Steps...>& steps, std::tuple<Sink...> sinks,
                                        const std::string& name) {
  auto strand = begin_strand(start, origin, steps);
  StagePlan& plan = strand->plan;
  if (!name.empty()) plan.name += ": " + name;
  const auto put = [&](const auto& sink) {
    if constexpr (requires { plan.reduces.push_back(sink.plan()); }) {
      plan.reduces.push_back(sink.plan());
    } else {
      plan.rows.push_back(sink.plan());
    }
  };
  std::apply([&](const auto&... sink) { (put(sink), ...); }, sinks);
  using Recipe = detail::Recipe<Source, std::tuple<Steps...>, std::tuple<Sink...>>;
  auto recipe = std::make_shared<const Recipe>(Recipe{source, steps, std::move(sinks)});
  if constexpr (kIsBranch<Source>) {
    using Loop = BranchLoop<typename Source::Item, std::tuple<Steps...>, std::tuple<Sink...>>;
    strand->make_branch = [recipe](const BranchFrame& frame, const StrandPlace& place) {
      return std::make_unique<Loop>(recipe, frame, place);
    };
  } else {
    using Loop = StageLoop<Source, std::tuple<Steps...>, std::tuple<Sink...>>;
    plan.make_code = [recipe] { return std::make_unique<Loop>(recipe); };
  }
  return strand;
}

/// It ends at a junction.
template <class Source, class... Steps>
std::shared_ptr<const Strand> strand_into(const StagePlan& start, const Origin& origin, const Source& source,
                                          const std::tuple<Steps...>& steps) {
  auto strand = begin_strand(start, origin, steps);
  using Recipe = detail::Recipe<Source, std::tuple<Steps...>, IntoJunction>;
  auto recipe = std::make_shared<const Recipe>(Recipe{source, steps, {}});
  if constexpr (kIsBranch<Source>) {
    using Loop = BranchLoop<typename Source::Item, std::tuple<Steps...>, IntoJunction>;
    strand->make_branch = [recipe](const BranchFrame& frame, const StrandPlace& place) {
      return std::make_unique<Loop>(recipe, frame, place);
    };
  } else {
    using Loop = RootLoop<Source, std::tuple<Steps...>>;
    strand->make_root = [recipe](const BranchFrame& frame, const StrandPlace& place) {
      return std::make_unique<Loop>(recipe, frame, place);
    };
  }
  return strand;
}

}  // namespace kiln::detail
