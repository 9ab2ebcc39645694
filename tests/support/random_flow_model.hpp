#pragma once

#include "unit/library/naive_tree.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Plain lists of items, and what the steps of a flow make of them: what random flows are held to. Nothing of kiln is
/// in it but the definition of the tree along which values are joined.
namespace kiln::testing {

using Item = std::pair<std::uint64_t, std::uint64_t>;  // a key, and a value
using Items = std::vector<Item>;

/// How much the model knows of a stream: which unit gives what, or only the order of all, or only what there is.
enum class Known : std::uint8_t { units, order, items };

struct Model {
  Known known = Known::units;
  std::vector<Items> units;  ///< one list of all where the units are not known

  Items all() const {
    Items joined;
    for (const Items& unit : units) joined.insert(joined.end(), unit.begin(), unit.end());
    return joined;
  }
  std::size_t size() const {
    std::size_t items = 0;
    for (const Items& unit : units) items += unit.size();
    return items;
  }
};

inline Model items_only(Items items) { return {Known::items, {std::move(items)}}; }

/// What a source has, by its seed.
enum class Data : std::uint8_t { random, skewed, single, empty };

inline Items items_of(std::uint64_t seed, Data data, std::uint64_t unit) {
  Draw draw(seed * 1'000'003 + unit);
  Items items;
  if (data == Data::empty) return items;
  const std::uint64_t count = unit % 7 == 5 ? 1500 : draw.below(6);  // more than a chunk for some
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t width = data == Data::skewed ? std::uint64_t{1} << draw.below(14) : 100'000;
    items.emplace_back(data == Data::single ? 7 : draw.below(width), draw.below(1000));
  }
  return items;
}

/// A number as a text that takes up memory; its order as text is not that of the numbers.
inline std::string fat(std::uint64_t number, std::size_t ballast) {
  std::string text = std::to_string(number);
  text.append(ballast, 'x');
  return text;
}
inline std::uint64_t thin(std::string_view text) {
  std::uint64_t number = 0;
  for (std::size_t at = 0; at < text.size() && text[at] != 'x'; ++at) {
    number = number * 10 + static_cast<std::uint64_t>(text[at] - '0');
  }
  return number;
}

/// A value that is no sum of powers of two.
inline double part_of(std::uint64_t value) { return 1.0 / static_cast<double>(3 + value % 1000); }

/// Shows the order in which values come, or only which there are.
inline void mix(std::uint64_t& into, std::uint64_t value, bool ordered) {
  into = ordered ? into * 31 + value + 1 : into + value * value + 1;
}

/// Per key, in the order of the items.
inline std::map<std::uint64_t, std::vector<std::uint64_t>> groups_of(const Items& items) {
  std::map<std::uint64_t, std::vector<std::uint64_t>> groups;
  for (const Item& item : items) groups[item.first].push_back(item.second);
  return groups;
}

inline Model mixed_by_key(const Model& model, bool ordered) {
  Items mixed;
  for (const auto& [key, values] : groups_of(model.all())) {
    std::uint64_t all = 0;
    for (const std::uint64_t value : values) mix(all, value, ordered);
    mixed.emplace_back(key, all);
  }
  return items_only(std::move(mixed));
}

inline Model sums_by_key(const Model& model) {
  std::map<std::uint64_t, std::uint64_t> sums;
  for (const Item& item : model.all()) sums[item.first] += item.second;
  return items_only({sums.begin(), sums.end()});
}

/// The parts of a list of units, joined along the tree: those of a unit by their number, then the units by theirs.
inline std::optional<double> tree_of(const std::vector<std::vector<double>>& units) {
  std::map<std::uint64_t, double> leaves;
  for (std::uint64_t unit = 0; unit < units.size(); ++unit) {
    std::map<std::uint64_t, double> parts;
    for (const double part : units[unit]) parts.emplace(parts.size(), part);
    if (const auto value = naive_value(TreeSum{}, parts)) leaves.emplace(unit, *value);
  }
  return naive_value(TreeSum{}, leaves);
}

inline Model tree_sums_by_key(const Model& model) {
  std::map<std::uint64_t, std::vector<std::vector<double>>> parts;
  for (std::size_t unit = 0; unit < model.units.size(); ++unit) {
    for (const auto& [key, value] : model.units[unit]) {
      auto& units = parts[key];
      units.resize(model.units.size());
      units[unit].push_back(part_of(value));
    }
  }
  Items sums;
  for (const auto& [key, units] : parts) sums.emplace_back(key, std::bit_cast<std::uint64_t>(*tree_of(units)));
  return items_only(std::move(sums));
}

inline std::size_t pairs_of(const Model& left, const Model& right) {
  const auto groups = groups_of(right.all());
  std::size_t pairs = 0;
  for (const Item& item : left.all()) {
    const auto group = groups.find(item.first);
    if (group != groups.end()) pairs += group->second.size();
  }
  return pairs;
}
inline Model joined_by_key(const Model& left, const Model& right) {
  const auto groups = groups_of(right.all());
  Items pairs;
  for (const Item& item : left.all()) {
    const auto group = groups.find(item.first);
    if (group == groups.end()) continue;
    for (const std::uint64_t value : group->second) pairs.emplace_back(item.first, item.second * 3 + value);
  }
  return items_only(std::move(pairs));
}

inline Model distinct_of(const Model& model) {
  const Items all = model.all();
  const std::set<Item> once(all.begin(), all.end());
  return items_only({once.begin(), once.end()});
}

/// Sorted by what `by` makes of an item, equal ones as they came; the first `most`.
template <class By>
Model sorted_by(const Model& model, By by, bool greatest_first, std::size_t most) {
  Items all = model.all();
  std::stable_sort(all.begin(), all.end(),
                   [&](const Item& a, const Item& b) { return greatest_first ? by(b) < by(a) : by(a) < by(b); });
  all.resize(std::min(all.size(), most));
  return {Known::order, {std::move(all)}};
}

/// `to` says the shard of an item.
template <class To>
Model sharded(const Model& model, std::uint64_t shards, To to) {
  if (model.known == Known::items) return model;
  Model placed{Known::units, std::vector<Items>(shards)};
  for (const Item& item : model.all()) placed.units[to(item)].push_back(item);
  return placed;
}

/// Behind each other, as streams of different sources are merged.
inline Model one_after_the_other(const Model& first, const Model& second) {
  const Known known = std::max(first.known, second.known);
  if (known == Known::units) {
    Model both = first;
    both.units.insert(both.units.end(), second.units.begin(), second.units.end());
    return both;
  }
  Items all = first.all(), more = second.all();
  all.insert(all.end(), more.begin(), more.end());
  return {known, {std::move(all)}};
}

}  // namespace kiln::testing
