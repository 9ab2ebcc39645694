#pragma once

#include <kiln/detail/forest.hpp>
#include <kiln/detail/tree_counter.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace kiln::detail {

/// Folds what consecutive units give, from `first` upwards: of each unit either push(item), or push_empty(), or any
/// number of collect(item) and then close(), or, where it failed, drop(). finish() hands all of it to a forest.
/// `monoid` must outlive the fold. Items of a unit are folded in their order, by the same tree over their number.
template <Monoid M, class Item>
class TreeFold {
 public:
  using Value = typename M::value_type;

  TreeFold(const M& monoid, UnitId first) : monoid_(&monoid), next_(first.value()) {}

  UnitId next() const { return UnitId(next_); }
  void begin(TreeForest<M>& /*forest*/) {}

  void push(const Item& item) { push_value(lift(item)); }
  void push_value(Value value) { units_.push(*monoid_, {next_++, 0}, std::move(value)); }
  void push_empty() { units_.push(*monoid_, {next_++, 0}, std::nullopt); }
  /// The joined value of the next 2^level units, which begin at a multiple of their number.
  void push_node(std::uint8_t level, Value value) {
    units_.push(*monoid_, {next_, level}, std::move(value));
    next_ += std::uint64_t{1} << level;
  }
  /// An item as push_value and collect_value want it.
  Value lift(const Item& item) const { return detail::lift(*monoid_, item, UnitId(next_)); }

  void collect(const Item& item) { collect_value(lift(item)); }
  void collect_value(Value value) { items_.push(*monoid_, {item_count_++, 0}, std::move(value)); }
  /// What was collected is forgotten; the unit goes on.
  void discard() {
    items_.clear();
    item_count_ = 0;
  }
  void close() {
    units_.push(*monoid_, {next_++, 0}, items_.take_value(*monoid_));
    item_count_ = 0;
  }
  void drop() {
    discard();
    ++next_;
  }

  void finish(TreeForest<M>& forest) {
    units_.take_nodes([&](Place place, std::optional<Value>&& value) { forest.add(place, std::move(value)); });
  }

 private:
  const M* monoid_;
  std::uint64_t next_;
  std::uint64_t item_count_ = 0;  // of the present unit
  TreeCounter<M> units_;
  TreeCounter<M> items_;  // of the present unit, by their number
};

/// The same for exact monoids: one value, into which items are added as they come.
template <Monoid M, class Item>
class ExactFold {
 public:
  using Value = typename M::value_type;

  ExactFold(const M& monoid, UnitId first) : monoid_(&monoid), next_(first.value()), run_(first.value()) {}

  UnitId next() const { return UnitId(next_); }

  /// Before the first item: takes the memory of the value from a forest, where that has some to spare.
  void begin(ExactForest<M>& forest) { zeros_ = forest.take_zeros(); }

  void push(const Item& item) {
    add(value_, item);
    ++next_;
  }
  void push_empty() { ++next_; }

  /// Items wait until their unit is closed: what was added could not be taken out again. Plain numbers wait as they
  /// are, while there are not too many; others, which may be views, in a value of the unit's own.
  void collect(const Item& item) {
    if constexpr (kWaits) {
      if (items_.size() < kMostItems) {
        items_.push_back(item);
        return;
      }
      for (const Item& waiting : items_) add(unit_value_, waiting);
      items_.clear();
    }
    add(unit_value_, item);
  }
  void collect_value(Value value) { merge_optional(*monoid_, unit_value_, std::optional<Value>(std::move(value))); }
  /// What was collected is forgotten; the unit goes on.
  void discard() {
    items_.clear();
    unit_value_.reset();
  }
  void close() {
    if constexpr (kWaits) {
      for (const Item& item : items_) add(value_, item);
    }
    merge_optional(*monoid_, value_, std::exchange(unit_value_, std::nullopt));
    items_.clear();
    ++next_;
  }
  void drop() {
    discard();
    units_.add(make_interval(run_, next_));
    run_ = ++next_;
  }

  void finish(ExactForest<M>& forest) {
    units_.add(make_interval(run_, next_));
    run_ = next_;
    forest.add_exact(units_, std::exchange(value_, std::nullopt));
    if (zeros_) forest.keep_room(*std::exchange(zeros_, std::nullopt));
    units_.clear();
  }

 private:
  static constexpr bool kWaits = std::is_arithmetic_v<Item> || std::is_enum_v<Item>;
  static constexpr std::size_t kMostItems = 65'536;
  struct Nothing {};

  void add(std::optional<Value>& into, const Item& item) {
    if (!into && zeros_ && &into == &value_) into = std::exchange(zeros_, std::nullopt);
    if (into) {
      add_item(*monoid_, *into, item, UnitId(next_));
    } else {
      into.emplace(lift(*monoid_, item, UnitId(next_)));
    }
  }

  const M* monoid_;
  std::uint64_t next_;
  std::uint64_t run_;  // begin of the units without a hole that end at next_
  UnitSet units_;      // those before
  std::optional<Value> value_;
  std::optional<Value> zeros_;                                    // for it
  std::optional<Value> unit_value_;                               // of the present unit
  std::vector<std::conditional_t<kWaits, Item, Nothing>> items_;  // of the present unit, not in unit_value_
};

template <Monoid M, class Item>
using FoldOf = std::conditional_t<M::exact, ExactFold<M, Item>, TreeFold<M, Item>>;

}  // namespace kiln::detail
