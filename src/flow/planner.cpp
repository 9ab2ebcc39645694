#include <kiln/detail/graph.hpp>
#include <kiln/detail/keyed/keyed_forest.hpp>
#include <kiln/detail/plan_text.hpp>

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <kiln/error.hpp>
#include "flow/graph_code.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace kiln::detail {
namespace {

using StrandPtr = std::shared_ptr<const Strand>;
using JunctionPtr = std::shared_ptr<const Junction>;

[[noreturn]] void fail(const std::string& why) { throw Error(ExitCode::usage, why); }

/// Into how many things a thing was put together.
class Unions {
 public:
  std::size_t find(std::size_t one) {
    while (parent_.try_emplace(one, one).first->second != one) one = parent_[one];
    return one;
  }
  void join(std::size_t one, std::size_t other) { parent_[find(other)] = find(one); }

 private:
  std::map<std::size_t, std::size_t> parent_;
};

class Planner {
 public:
  explicit Planner(const std::vector<StrandPtr>& targets) {
    for (const StrandPtr& target : targets) visit(target);
    check_readers();
    for (std::size_t i = 0; i < strands_.size(); ++i) add_stage(group_of(i));
    for (const StrandPtr& target : targets) {
      for (std::uint32_t i = 0; i < target->plan.reduces.size(); ++i) {
        if (!target->plan.reduces[i].keyed) job_.values.push_back(value_of(*target, i));
      }
    }
  }

  JobPlan take() { return std::move(job_); }

 private:
  struct Seen {
    StrandPtr strand;
    JunctionPtr into;
    std::size_t input = 0;
    std::uint32_t stage = 0, forests = 0;  // once its stage is there
  };

  /// Those in front first.
  void visit(const StrandPtr& strand, const JunctionPtr& into = {}, std::size_t input = 0) {
    if (!known_.insert(strand.get()).second) return;
    if (strand->origin.junction) {
      visit_inputs(strand->origin.junction);
    } else {
      for (const StrandPtr& before : strand->origin.source->before) visit(before);
    }
    const std::size_t number = strands_.size();
    strands_.push_back({strand, into, input});
    number_of_[strand.get()] = number;
    if (into) junction_strands_[into.get()].push_back(number);
    if (strand->origin.junction) junction_strands_[strand->origin.junction.get()].push_back(number);
    for (const Junction* junction : {into.get(), static_cast<const Junction*>(strand->origin.junction.get())}) {
      if (junction != nullptr) groups_.join(junction_strands_[junction].front(), number);
    }
  }
  void visit_inputs(const JunctionPtr& junction) {
    for (std::size_t i = 0; i < junction->inputs.size(); ++i) visit(junction->inputs[i], junction, i);
  }

  void check_readers() const {
    for (std::size_t i = 0; i < strands_.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        const Origin& origin = strands_[i].strand->origin;
        if (!(strands_[j].strand->origin == origin)) continue;
        fail(fmt::format("flow '{}': the stream of {} is read twice in one job: use copy<2>() and read each copy once",
                         strands_[i].strand->plan.name, text_of(origin)));
      }
    }
  }
  static std::string text_of(const Origin& origin) {
    if (origin.source) return origin.source->spec.description;
    return fmt::format("number {} of {}", origin.port, origin.junction->name);
  }

  std::vector<std::size_t> group_of(std::size_t strand) {
    std::vector<std::size_t> group;
    const std::size_t root = groups_.find(strand);
    for (std::size_t i = 0; i < strands_.size(); ++i) {
      if (groups_.find(i) == root) group.push_back(i);
    }
    return group;
  }

  /// After those that it reads from.
  void add_stage(const std::vector<std::size_t>& group) {
    if (planned_.contains(group.front())) return;
    const std::string& name = strands_[group.front()].strand->plan.name;
    if (!begun_.insert(group.front()).second) {
      fail(fmt::format("flow '{}': items would have to wait for a step by key that is made of the same stream: put "
                       "join() before the merge(), or run two jobs",
                       name));
    }
    for (const std::size_t number : group) {
      for (const StrandPtr& before : before_of(number)) add_stage(group_of(number_of_.at(before.get())));
    }
    const auto stage = static_cast<std::uint32_t>(job_.stages.size());
    for (const std::size_t number : group) {
      strands_[number].stage = stage;
      for (const StrandPtr& before : before_of(number)) {
        StagePlan& read = job_.stages[strands_[number_of_.at(before.get())].stage];
        read.reader = std::max(read.reader, stage - strands_[number_of_.at(before.get())].stage);
      }
    }
    job_.stages.push_back(group.size() == 1 ? plain_stage(group.front()) : graph_stage(group));
    planned_.insert(group.front());
  }
  const std::vector<StrandPtr>& before_of(std::size_t number) const {
    static const std::vector<StrandPtr> kNone;
    const Origin& origin = strands_[number].strand->origin;
    return origin.source ? origin.source->before : kNone;
  }

  StageValue value_of(const Strand& strand, std::uint32_t reduce) const {
    const Seen& seen = strands_[number_of_.at(&strand)];
    return {seen.stage, seen.forests + reduce};
  }
  SourceSpec source_of(std::size_t number) const {
    SourceSpec spec = strands_[number].strand->origin.source->spec;
    for (const StrandPtr& before : before_of(number)) spec.from.push_back(value_of(*before, 0));
    return spec;
  }

  StagePlan plain_stage(std::size_t number) const {
    const Strand& strand = *strands_[number].strand;
    StagePlan plan = strand.plan;
    plan.source = source_of(number);
    const std::vector<std::string_view> steps(strand.steps.begin(), strand.steps.end());
    plan.description = describe_plan(plan, steps);
    return plan;
  }

  StagePlan graph_stage(const std::vector<std::size_t>& group) {
    StagePlan plan;
    auto graph = std::make_shared<flow::StageGraph>();
    std::vector<SourceSpec> sources;
    std::size_t keyed = 0;
    for (const std::size_t number : group) {
      Seen& seen = strands_[number];
      const StagePlan& own = seen.strand->plan;
      seen.forests = static_cast<std::uint32_t>(plan.reduces.size());
      graph->push_back({seen.strand, plan.rows.size(), plan.reduces.size(), seen.into, seen.input});
      plan.rows.insert(plan.rows.end(), own.rows.begin(), own.rows.end());
      for (ReduceSink reduce : own.reduces) {
        if (reduce.keyed && ++keyed > 1) reduce.name += fmt::format(" {}", keyed);
        plan.reduces.push_back(std::move(reduce));
      }
      if (seen.strand->origin.source) {
        sources.push_back(source_of(number));
        take_order(plan, own, sources.size() > 1);
      }
    }
    plan.source = sources.size() == 1 ? std::move(sources.front()) : merged_spec(std::move(sources));
    plan.description = describe_graph(plan, group);
    plan.make_code = [graph] { return std::make_unique<flow::GraphCode>(graph); };
    return plan;
  }
  /// Name and order of the units, as the strand that begins at the source has them.
  static void take_order(StagePlan& plan, const StagePlan& root, bool merged) {
    if (!merged) {
      plan.name = root.name;
      plan.priority = root.priority;
      plan.descending = root.descending;
      plan.most_in_flight = root.most_in_flight;
      plan.pure = root.pure;
    }
    if (merged && (plan.priority || root.priority || plan.descending || root.descending ||
                   plan.most_in_flight + root.most_in_flight != 0)) {
      fail(fmt::format("flow '{}': units of a merge() of several sources have one order, that of the sources: do "
                       "without priority(), recent_first() and in_flight() there",
                       plan.name));
    }
  }

  std::string describe_graph(const StagePlan& plan, const std::vector<std::size_t>& group) const {
    std::map<const Junction*, std::size_t> numbers;
    const auto number_of = [&](const Junction* junction) { return numbers.try_emplace(junction, numbers.size()).first->second; };
    std::vector<std::string> strands;
    for (const std::size_t number : group) {
      const Seen& seen = strands_[number];
      const Origin& origin = seen.strand->origin;
      std::string text = origin.source ? origin.source->spec.description
                                       : fmt::format("{}#{}.{}", origin.junction->name, number_of(origin.junction.get()),
                                                     origin.port);
      for (const std::string& step : seen.strand->steps) text += " " + step;
      for (const RowsSink& sink : seen.strand->plan.rows) text += " -> " + sink.table.name;
      for (const ReduceSink& sink : seen.strand->plan.reduces) {
        text += sink.keyed ? fmt::format(" -> {}", sink.description) : fmt::format(" -> {}", sink.name);
      }
      if (seen.into) text += fmt::format(" -> {}#{}.{}", seen.into->name, number_of(seen.into.get()), seen.input);
      strands.push_back(std::move(text));
    }
    const std::string graph = fmt::format("[{}]", fmt::join(strands, "; "));
    return describe_plan(plan, {std::string_view(graph)});
  }

  std::vector<Seen> strands_;  // those in front first
  std::set<const Strand*> known_;
  std::map<const Strand*, std::size_t> number_of_;
  std::map<const Junction*, std::vector<std::size_t>> junction_strands_;
  Unions groups_;
  std::set<std::size_t> begun_, planned_;  // groups, by their first strand
  JobPlan job_;
};

}  // namespace

JobPlan plan_job(const std::vector<StrandPtr>& targets) { return Planner(targets).take(); }

StagePlan with_runs(const StagePlan& plan, std::vector<StageResult>& results) {
  StagePlan here = plan;
  const auto read = [&](SourceSpec& source) {
    for (const StageValue& from : source.from) {
      std::optional<Bytes>& runs = results[from.stage].values.at(from.reduce);
      if (!runs) throw Error(ExitCode::internal, "a stage by key gave no list of runs");
      source.runs.push_back(std::make_shared<const Bytes>(std::move(*runs)));
      runs.reset();
    }
  };
  read(here.source);
  for (SourceSpec& part : here.source.parts) read(part);
  return here;
}

StageResult take_values(std::vector<StageResult> results, const std::vector<StageValue>& values) {
  std::vector<std::optional<Bytes>> taken;
  std::vector<std::unique_ptr<Forest>> forests;
  bool any_forest = false;
  for (const StageValue& value : values) {
    StageResult& result = results[value.stage];
    const bool forest = value.reduce < result.forests.size() && result.forests[value.reduce] != nullptr;
    taken.push_back(forest ? std::nullopt : std::move(result.values.at(value.reduce)));
    forests.push_back(forest ? std::move(result.forests[value.reduce]) : nullptr);
    any_forest = any_forest || forest;
  }
  StageResult last = std::move(results.back());
  last.values = std::move(taken);
  last.forests.clear();
  if (any_forest) last.forests = std::move(forests);
  return last;
}

}  // namespace kiln::detail
