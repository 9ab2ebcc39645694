#pragma once

#include "support/random_flow_keyed.hpp"
#include "support/random_flow_model.hpp"

#include <kiln/kiln.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace kiln::testing {

struct Trouble {
  std::uint64_t fails = 0, rejects = 0;  // of so many numbers, that of this remainder; 0: none
};

inline bool is_hit(std::uint64_t number, std::uint64_t every) { return every != 0 && number % every == every - 1; }

/// What a step does to an item: throws, drops, doubles, or changes it.
inline Items step_of(std::uint64_t kind, const Trouble& trouble, const Item& item) {
  if (is_hit(item.first, trouble.fails)) throw std::runtime_error("fails");
  if (is_hit(item.first, trouble.rejects)) throw Rejected("rejected");
  if (kind == 0 && item.first % 3 == 1) return {};
  if (kind == 1) return {item, {item.first, item.second + 1}};
  return {{item.first, item.second * 3 + kind}};
}

struct FlowOptions {
  std::uint64_t seed = 0;
  std::uint64_t shape = 0;  ///< other steps on the items of the seed
  std::uint64_t units = 40;
  bool troubled = false;     ///< units fail, and records are rejected; not with keyed steps
  bool keyed = false;        ///< steps by key, order, shards and barriers too
  std::size_t ballast = 0;   ///< bytes that each key, or item that is kept, has beside what it says
  std::string prefix = "t";  ///< of the tables' names
};

/// A random flow, by its seed, and the model of all that it gives: tables PREFIX0, PREFIX1, … and of the first also the
/// values PREFIX_sum and PREFIX_tree.
class RandomFlow {
 public:
  explicit RandomFlow(const FlowOptions& options) : RandomFlow(options, source_of(options), data_of(options)) {}
  /// The same behind a stream with the items of this seed, of a flow that was made before.
  RandomFlow(const FlowOptions& options, const Branch& base, Data data)
      : draw_(options.seed + 1'000'003 * options.shape), options_(options), groups_(1) {
    pipes_.push_back({base, {}, 0});
    for (std::uint64_t unit = 0; unit < options_.units; ++unit) {
      pipes_[0].model.units.push_back(items_of(options_.seed, data, unit));
    }
    const std::uint64_t steps = 2 + draw_.below(options_.keyed ? 9 : 8);
    for (std::uint64_t i = 0; i < steps; ++i) grow();
    settle();
  }

  static Data data_of(const FlowOptions& options) {
    return options.keyed ? static_cast<Data>(options.seed % 10 < 4   ? 0
                                             : options.seed % 10 < 7 ? 1
                                             : options.seed % 10 < 9 ? 2
                                                                     : 3)
                         : Data::random;
  }
  static Branch source_of(const FlowOptions& options) {
    return own(
        Flow("graph").range(options.units).flat_map([seed = options.seed, data = data_of(options)](std::uint64_t unit) {
          return items_of(seed, data, unit);
        }));
  }

  /// Of the same streams, each time anew.
  auto job() const {
    const auto first = pipes_.front().stream.into(
        to_rows(options_.prefix + "0"),
        to_reduce(
            std::plus<>{}, [](const Item& item) { return item.second; }, options_.prefix + "_sum"),
        to_reduce([](double a, double b) { return a + b; }, [](const Item& item) { return part_of(item.second); },
                  options_.prefix + "_tree"));
    auto targets = first.targets();
    for (std::size_t i = 1; i < pipes_.size(); ++i) {
      const auto more = pipes_[i].stream.rows(options_.prefix + std::to_string(i)).targets();
      targets.insert(targets.end(), more.begin(), more.end());
    }
    return Job<std::uint64_t, double>(targets, std::vector<std::size_t>(targets.size(), 1));
  }

  std::size_t pipes() const { return pipes_.size(); }
  /// Of a table, without the units that failed and the records that were rejected.
  const Model& model(std::size_t pipe) const { return pipes_.at(pipe).model; }
  std::uint64_t sum() const {
    std::uint64_t sum = 0;
    for (const Item& item : model(0).all()) sum += item.second;
    return sum;
  }
  /// Nothing where the model does not know the units, or there are no items.
  std::optional<double> tree() const {
    if (model(0).known != Known::units) return std::nullopt;
    std::vector<std::vector<double>> parts;
    for (const Items& unit : model(0).units) {
      parts.emplace_back();
      for (const Item& item : unit) parts.back().push_back(part_of(item.second));
    }
    return tree_of(parts);
  }
  std::size_t failed() const { return failed_; }
  std::size_t rejected() const { return rejected_; }

 private:
  struct Pipe {
    Branch stream;
    Model model;
    std::size_t group;  // of streams that run as one stage
  };
  struct Group {
    std::set<std::size_t> behind;  // groups
    bool fixed = false;            // the model of something behind it rests on the numbers of its units
  };
  static constexpr std::size_t kMost = 30'000;  // items of a stream

  Trouble trouble() {
    if (!options_.troubled || draw_.below(3) != 0) return {};
    return {5'000 + draw_.below(9'000), 3'000 + draw_.below(5'000)};
  }

  void grow() {
    const std::size_t at = draw_.below(pipes_.size());
    if (options_.keyed && draw_.below(2) == 0) return keyed(at);
    switch (draw_.below(4)) {
      case 0:
        return copy(at);
      case 1:
        return split(at);
      case 2:
        return merge(at);
      default:
        return step(at);
    }
  }

  // ---- Plain steps

  void step(std::size_t at) {
    Pipe& pipe = pipes_[at];
    const std::uint64_t drawn = draw_.below(4);
    const std::uint64_t kind = drawn == 1 && 2 * pipe.model.size() > kMost ? 0 : drawn;
    const Trouble trouble = this->trouble();
    pipe.stream = own(pipe.stream.flat_map([kind, trouble](const Item& item) { return step_of(kind, trouble, item); }));
    for (std::size_t unit = 0; unit < pipe.model.units.size(); ++unit) {
      Items next;
      for (const Item& item : pipe.model.units[unit]) {
        try {
          const Items more = step_of(kind, trouble, item);
          next.insert(next.end(), more.begin(), more.end());
        } catch (const Rejected&) {
          bad_[unit] = std::max(bad_[unit], 1);
        } catch (const std::exception&) {
          bad_[unit] = 2;
        }
      }
      pipe.model.units[unit] = std::move(next);
    }
  }
  void copy(std::size_t at) {
    if (pipes_.size() > 6) return;
    const auto copies = pipes_[at].stream.template copy<3>();
    const Pipe old = pipes_[at];
    pipes_[at].stream = own(copies[0]);
    pipes_.push_back({own(copies[2]), old.model, old.group});  // nobody reads the second
  }
  void split(std::size_t at) {
    const std::uint64_t by = 2 + draw_.below(3);
    const auto goes = [by](const Item& item) { return (item.first + item.second) % by == 0; };
    const auto parts = pipes_[at].stream.split(goes);
    const Pipe old = pipes_[at];
    const Model none{old.model.known, std::vector<Items>(old.model.units.size())};
    Pipe rest{parts[1], none, old.group};
    pipes_[at] = {parts[0], none, old.group};
    for (std::size_t unit = 0; unit < old.model.units.size(); ++unit) {
      for (const Item& item : old.model.units[unit]) {
        (goes(item) ? pipes_[at] : rest).model.units[unit].push_back(item);
      }
    }
    pipes_.push_back(rest);
  }
  void merge(std::size_t at) {
    if (pipes_.size() < 2) return;
    const std::size_t other = (at + 1 + draw_.below(pipes_.size() - 1)) % pipes_.size();
    Pipe &here = pipes_[at], &there = pipes_[other];
    if (here.group == there.group) {
      merge_units(here.model, there.model);
    } else if (draw_.below(2) == 0 && may_unite(here.group, there.group)) {
      here.model = items_only(one_after_the_other(here.model, there.model).all());
      unite(here.group, there.group);
    } else {
      for (Pipe* pipe : {&here, &there}) {
        pipe->stream = keep(pipe->stream, options_.ballast, [](const auto& stream) { return stream.join(); });
        pipe->group = behind({pipe->group});
      }
      here.model = one_after_the_other(here.model, there.model);
      unite(here.group, there.group);
    }
    here.stream = here.stream.merge(there.stream);
    pipes_.erase(pipes_.begin() + static_cast<std::ptrdiff_t>(other));
  }
  static void merge_units(Model& into, const Model& from) {
    if (into.known == Known::units && from.known == Known::units) {
      for (std::size_t unit = 0; unit < into.units.size(); ++unit) {
        into.units[unit].insert(into.units[unit].end(), from.units[unit].begin(), from.units[unit].end());
      }
      return;
    }
    into = items_only(one_after_the_other(into, from).all());
  }

  // ---- Groups of streams

  std::size_t behind(std::set<std::size_t> groups) {
    groups_.push_back({std::move(groups), false});
    return groups_.size() - 1;
  }
  bool reaches(std::size_t from, std::size_t to) const {
    return std::ranges::any_of(groups_[from].behind, [&](std::size_t next) { return next == to || reaches(next, to); });
  }
  /// Neither waits for the other, and nothing rests on what the numbers of their units were.
  bool may_unite(std::size_t a, std::size_t b) const {
    return !reaches(a, b) && !reaches(b, a) && !groups_[a].fixed && !groups_[b].fixed;
  }
  /// Their units get other numbers, but for those of a merge that is all there is of both.
  void unite(std::size_t a, std::size_t b) {
    groups_[a].behind.insert(groups_[b].behind.begin(), groups_[b].behind.end());
    for (Group& group : groups_) {
      if (group.behind.erase(b) != 0) group.behind.insert(a);
    }
    const auto in_it = [&](const Pipe& pipe) { return pipe.group == a || pipe.group == b; };
    const bool others = std::ranges::count_if(pipes_, in_it) > 2;
    for (Pipe& pipe : pipes_) {
      if (!in_it(pipe)) continue;
      pipe.group = a;
      if (!others || pipe.model.known != Known::units) continue;
      pipe.model = {Known::order, {pipe.model.all()}};
    }
  }

  // ---- Steps that end a stage

  void keyed(std::size_t at);
  void join_with(std::size_t at);
  void place(std::size_t at, std::uint64_t kind);
  void order(std::size_t at, bool top);
  void cache(std::size_t at);
  void becomes(std::size_t at, Branch stream, Model model) {
    pipes_[at] = {std::move(stream), std::move(model), behind({pipes_[at].group})};
  }

  /// A unit is one record: what rejects it, rejects all of it.
  void settle() {
    for (const auto& [unit, how] : bad_) {
      (how == 2 ? failed_ : rejected_) += 1;
      for (Pipe& pipe : pipes_) pipe.model.units[unit].clear();
    }
  }

  Draw draw_;
  FlowOptions options_;
  std::vector<Group> groups_;
  std::vector<Pipe> pipes_;
  std::map<std::size_t, int> bad_;  // 1: its record is rejected; 2: it fails
  std::size_t failed_ = 0, rejected_ = 0;
};

inline void RandomFlow::keyed(std::size_t at) {
  const Pipe pipe = pipes_[at];
  const std::size_t ballast = options_.ballast;
  const bool ordered = pipe.model.known != Known::items;
  switch (draw_.below(12)) {
    case 0:
      return becomes(at, sum_by_key(pipe.stream, ballast), sums_by_key(pipe.model));
    case 1:
    case 2:
      if (pipe.model.known != Known::units) return becomes(at, distinct(pipe.stream, ballast), distinct_of(pipe.model));
      groups_[pipe.group].fixed = true;
      return becomes(at, tree_sum_by_key(pipe.stream, ballast), tree_sums_by_key(pipe.model));
    case 3:
      return becomes(at, group_by_key(pipe.stream, ballast, ordered), mixed_by_key(pipe.model, ordered));
    case 4:
    case 5:
      return join_with(at);
    case 6:
      return becomes(at, distinct(pipe.stream, ballast), distinct_of(pipe.model));
    case 7:
    case 8:
      return order(at, draw_.below(3) == 0);
    case 9:
      return cache(at);
    default:
      return place(at, draw_.below(4));
  }
}

inline void RandomFlow::join_with(std::size_t at) {
  if (pipes_.size() < 2) return copy(at);
  const std::size_t other = (at + 1 + draw_.below(pipes_.size() - 1)) % pipes_.size();
  const Pipe left = pipes_[at], right = pipes_[other];
  if (pairs_of(left.model, right.model) > kMost) {
    return becomes(other, sum_by_key(right.stream, options_.ballast), sums_by_key(right.model));
  }
  pipes_[at] = {join_by_key(left.stream, right.stream, options_.ballast), joined_by_key(left.model, right.model),
                behind({left.group, right.group})};
  pipes_.erase(pipes_.begin() + static_cast<std::ptrdiff_t>(other));
}

inline void RandomFlow::place(std::size_t at, std::uint64_t kind) {
  const Pipe pipe = pipes_[at];
  const bool ordered = pipe.model.known != Known::items;
  switch (kind) {
    case 0:
      return becomes(at, keep(pipe.stream, options_.ballast, [](const auto& stream) { return stream.join(); }),
                     pipe.model);
    case 1:
      return becomes(at, mix_in_shards(pipe.stream, options_.ballast, ordered), mixed_by_key(pipe.model, ordered));
    case 2:
      return becomes(at, keep(pipe.stream, options_.ballast, ToNumber{}),
                     sharded(pipe.model, ToNumber::kShards, [](const Item& item) { return ToNumber{}(item); }));
    default:
      return becomes(
          at, keep(pipe.stream, options_.ballast, ToRange{}), sharded(pipe.model, 4, [](const Item& item) {
            const auto splitters = ToRange::splitters();
            return static_cast<std::size_t>(std::count_if(
                splitters.begin(), splitters.end(), [&](std::uint64_t splitter) { return splitter <= item.first; }));
          }));
  }
}

inline void RandomFlow::order(std::size_t at, bool top) {
  const Pipe pipe = pipes_[at];
  // Where equal keys come in an unknown order, all of an item is its key.
  const OrderKey by{options_.ballast, pipe.model.known == Known::items};
  const std::size_t most = top ? draw_.below(200) : std::numeric_limits<std::size_t>::max();
  const bool falls = top || draw_.below(2) == 0;
  becomes(at, ordered_by(pipe.stream, by, falls, top, most), sorted_by(pipe.model, by, falls, most));
}

inline void RandomFlow::cache(std::size_t at) {
  const Pipe pipe = pipes_[at];
  const Branch kept = keep(pipe.stream, options_.ballast, [](const auto& stream) { return stream.cache(); });
  becomes(at, kept, pipe.model);
}

}  // namespace kiln::testing
