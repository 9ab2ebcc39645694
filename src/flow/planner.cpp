#include <kiln/detail/graph.hpp>
#include <kiln/detail/keyed/keyed_forest.hpp>
#include <kiln/detail/plan_text.hpp>

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <kiln/error.hpp>
#include "flow/graph_code.hpp"

#include <algorithm>
#include <limits>
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

/// Stages of later jobs may read what it gave.
constexpr std::uint32_t kReadByOthers = std::numeric_limits<std::uint32_t>::max();

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

void add_read(const SourceSpec& source, std::set<std::uint32_t>& stages) {
  for (const StageValue& from : source.from) stages.insert(from.stage);
  for (const SourceSpec& part : source.parts) add_read(part, stages);
}

/// How far in front of a stage those are that its source reads, where only some run.
std::vector<std::uint32_t> behind(const SourceSpec& source, std::uint32_t stage, const std::vector<bool>& run) {
  std::set<std::uint32_t> read, back;
  add_read(source, read);
  for (const std::uint32_t from : read) {
    if (!run[from]) continue;
    const auto first = run.begin() + static_cast<std::ptrdiff_t>(from);
    back.insert(static_cast<std::uint32_t>(std::count(first, first + (stage - from), true)));
  }
  return {back.begin(), back.end()};
}

/// The steps by key that a stage goes on from: what tells it from others of its flow. "" for what reads no runs.
std::string steps_read(const SourceSpec& source) {
  std::string steps;
  std::set<std::string> seen;
  const auto add = [&](const SourceSpec& one) {
    if (one.kind != SourceSpec::Kind::shards) return;
    const std::string step = one.description.substr(0, one.description.find('('));
    if (seen.insert(step).second) steps += (steps.empty() ? "" : "+") + step;
  };
  add(source);
  for (const SourceSpec& part : source.parts) add(part);
  return steps;
}

class Planner {
 public:
  Planner(const std::vector<StrandPtr>& targets, const std::vector<std::size_t>& jobs) {
    auto next = targets.begin();
    for (const std::size_t size : jobs) {
      for (std::size_t i = 0; i < size; ++i) visit(*next++);
      ++job_number_;
    }
    check_readers();
    for (std::size_t i = 0; i < strands_.size(); ++i) add_stage(group_of(i));
    check_tables();
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
    std::size_t job = 0;                   // the first that reads it
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
    strands_.push_back({strand, into, input, job_number_});
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
        if (origin.source && origin.source->cached) continue;
        fail(fmt::format("flow '{}': the stream of {} is read {}: use copy<2>() and read each copy once",
                         strands_[i].strand->plan.name, text_of(origin),
                         strands_[i].job == strands_[j].job ? "twice in one job" : "by two jobs that run together"));
      }
    }
  }
  /// Those of one stage are checked with it.
  void check_tables() const {
    std::set<std::string_view> names;
    for (const StagePlan& stage : job_.stages) {
      for (const RowsSink& sink : stage.rows) {
        if (names.insert(sink.table.name).second) continue;
        fail(fmt::format("flow '{}': two rows sinks are called '{}': give each its own name", stage.name,
                         sink.table.name));
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
      fail(
          fmt::format("flow '{}': items would have to wait for a step by key that is made of the same stream: put "
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
        read.reader = std::max(read.reader, strands_[number].strand->origin.source->cached
                                                ? kReadByOthers
                                                : stage - strands_[number_of_.at(before.get())].stage);
      }
    }
    job_.sources.emplace_back();
    for (const std::size_t number : group) {
      if (const auto& source = strands_[number].strand->origin.source) job_.sources.back().push_back(source);
    }
    job_.stages.push_back(group.size() == 1 ? plain_stage(group.front()) : graph_stage(group));
    describe_strands(group);
    StagePlan& planned = job_.stages.back();
    planned.behind = behind(planned.source, stage, std::vector<bool>(stage, true));
    if (const std::string steps = steps_read(planned.source); !steps.empty()) {
      const bool goes_on = group.size() == 1 && !planned.reduces.empty() && planned.reduces.front().keyed;
      planned.name += (goes_on ? ", behind " : ": behind ") + steps;
    }
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
      fail(
          fmt::format("flow '{}': units of a merge() of several sources have one order, that of the sources: do "
                      "without priority(), recent_first() and in_flight() there",
                      plan.name));
    }
  }

  void describe_strands(const std::vector<std::size_t>& group) {
    StagePlan& plan = job_.stages.back();
    std::map<const Junction*, std::size_t> numbers;
    const auto name_of = [&](const Junction* junction) {
      return fmt::format("{}#{}", junction->name, numbers.try_emplace(junction, numbers.size() + 1).first->second);
    };
    for (const std::size_t number : group) {
      const Seen& seen = strands_[number];
      const Origin& origin = seen.strand->origin;
      std::string text = origin.source ? origin.source->spec.description
                                       : fmt::format("{}.{}", name_of(origin.junction.get()), origin.port);
      for (const std::string& step : seen.strand->steps) text += " | " + step;
      for (const RowsSink& sink : seen.strand->plan.rows) text += fmt::format(" -> rows {}", sink.table.name);
      for (const ReduceSink& sink : seen.strand->plan.reduces) {
        text += sink.keyed ? fmt::format(" -> {}", sink.description)
                           : fmt::format(" -> reduce {} ({})", sink.name, sink.description);
      }
      if (seen.into) text += fmt::format(" -> {}.{}", name_of(seen.into.get()), seen.input);
      plan.strands.push_back(std::move(text));
    }
    if (group.size() == 1) return;
    const std::string graph = fmt::format("[{}]", fmt::join(plan.strands, "; "));
    plan.description = describe_plan(plan, {std::string_view(graph)});
  }

  std::vector<Seen> strands_;  // those in front first
  std::set<const Strand*> known_;
  std::map<const Strand*, std::size_t> number_of_;
  std::map<const Junction*, std::vector<std::size_t>> junction_strands_;
  Unions groups_;
  std::set<std::size_t> begun_, planned_;  // groups, by their first strand
  std::size_t job_number_ = 0;
  JobPlan job_;
};

}  // namespace

std::uint64_t units_of(const Origin& origin) {
  std::set<const SourceNode*> sources;
  std::vector<const Origin*> open{&origin};
  std::set<const Junction*> seen;
  while (!open.empty()) {
    const Origin& one = *open.back();
    open.pop_back();
    if (one.source) sources.insert(one.source.get());
    if (!one.junction || !seen.insert(one.junction.get()).second) continue;
    for (const StrandPtr& input : one.junction->inputs) open.push_back(&input->origin);
  }
  std::uint64_t units = 0;
  for (const SourceNode* source : sources) {
    if (source->spec.units == 0 && source->spec.kind != SourceSpec::Kind::range) return 0;
    units += source->spec.units;
  }
  return units;
}

JobPlan plan_job(const std::vector<StrandPtr>& targets, const std::vector<std::size_t>& jobs) {
  return Planner(targets, jobs).take();
}

std::vector<bool> RunsRead::needed(const JobPlan& plan) const {
  std::vector<bool> needed(plan.stages.size());
  for (std::size_t stage = plan.stages.size(); stage-- > 0;) {
    const StagePlan& here = plan.stages[stage];
    const bool gives = !here.rows.empty() || std::any_of(here.reduces.begin(), here.reduces.end(),
                                                         [](const ReduceSink& reduce) { return !reduce.keyed; });
    needed[stage] = needed[stage] || gives;
    if (!needed[stage]) continue;
    for (std::size_t i = 0; i < plan.sources[stage].size(); ++i) {
      if (runs_.contains(plan.sources[stage][i])) continue;
      const SourceSpec& spec = here.source.parts.empty() ? here.source : here.source.parts[i];
      for (const StageValue& from : spec.from) needed[from.stage] = true;
    }
  }
  return needed;
}

StagePlan RunsRead::with_runs(const JobPlan& plan, std::size_t stage, std::vector<StageResult>& results,
                              const std::vector<bool>& needed) {
  StagePlan here = plan.stages[stage];
  here.behind = behind(here.source, static_cast<std::uint32_t>(stage), needed);
  for (std::size_t i = 0; i < plan.sources[stage].size(); ++i) {
    SourceSpec& spec = here.source.parts.empty() ? here.source : here.source.parts[i];
    if (spec.from.empty()) continue;
    const auto [known, is_new] = runs_.try_emplace(plan.sources[stage][i]);
    if (is_new) {
      for (const StageValue& from : spec.from) {
        std::optional<Bytes>& runs = results[from.stage].values.at(from.reduce);
        if (!runs) throw Error(ExitCode::internal, "a stage by key gave no list of runs");
        known->second.push_back(std::make_shared<const Bytes>(*std::exchange(runs, std::nullopt)));
      }
    }
    spec.runs = known->second;
  }
  return here;
}

void RunsRead::end_job() {
  std::erase_if(runs_, [](const auto& one) { return !one.first->cached; });
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
