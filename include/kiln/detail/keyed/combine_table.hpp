#pragma once

#include <kiln/detail/keyed/slot_log.hpp>
#include <kiln/detail/keyed/slot_table.hpp>
#include <kiln/detail/memory.hpp>
#include <kiln/detail/tree_forest.hpp>
#include <kiln/monoid.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace kiln::detail {

/// Units and records in them as numbers that grow: what has an older stamp has not been touched by the present one.
/// A record is a part of a unit that may be rejected alone; of a unit without begin_record() nothing can be.
class TouchStamps {
 public:
  /// Now and then all stamps must be made small: `shrink` is called, to set every one that is not 0 to 1.
  template <class F>
  void begin_unit(F&& shrink) {
    if (now_ >= kMost / 2) {
      shrink();
      now_ = 1;
    }
    unit_ = ++now_;
    in_record_ = false;
  }
  void begin_record() {
    if (now_ == kMost) throw std::length_error("a unit of more than 2147483648 records: make units smaller");
    ++now_;
    in_record_ = true;
  }
  std::uint32_t now() const { return now_; }
  bool in_record() const { return in_record_; }
  /// Whether the present unit has not touched what has this stamp.
  bool is_before_unit(std::uint32_t stamp) const { return stamp < unit_; }

 private:
  static constexpr std::uint32_t kMost = 0xffffffff;
  std::uint32_t now_ = 1, unit_ = 1;
  bool in_record_ = false;
};

/// Values of an exact monoid by key, combined as they come; what a unit, or a record in it, has given can be taken
/// back. For small values: they lie beside their keys, and the first touch notes the old one. The monoid must outlive
/// it.
template <Monoid M, class Item>
class SmallCombineTable {
 public:
  using Value = typename M::value_type;

  /// At most `most` keys.
  SmallCombineTable(const M& monoid, std::size_t most) : monoid_(&monoid), most_(most) {}
  /// Of one that is empty: at most so many keys from now on.
  void keep_to(std::size_t most) { most_ = most; }

  void begin_unit() {
    stamps_.begin_unit([&] { table_.for_each([](Slot& slot) { slot.stamp = slot.stamp != 0 ? 1 : 0; }); });
    log_.cut(0);
  }
  void end_unit() { log_.cut(0); }
  void drop_unit() { undo(0); }
  void begin_record() {
    stamps_.begin_record();
    record_begin_ = log_.size();
  }
  void end_record() {
    log_.keep_if(record_begin_, [this](const Slot& before) { return stamps_.is_before_unit(before.stamp); });
    record_begin_ = log_.size();
  }
  void reject_record() { undo(record_begin_); }

  void fetch(const PreparedKey& key) const { table_.fetch(key); }
  /// False, and nothing is done, where there is no room for another key.
  bool add(const PreparedKey& key, const Item& item, UnitId unit) {
    Slot* const slot = table_.find_or_insert(key, most_);
    if (slot == nullptr) [[unlikely]] {
      return false;
    }
    if (slot->stamp == 0) [[unlikely]] {
      const Value value = lift(*monoid_, item, unit);  // may throw: before anything has changed
      note(*slot);
      new (&slot->value) Value(value);
      ++values_;
      return true;
    }
    note(*slot);
    add_item(*monoid_, slot->value, item, unit);
    return true;
  }

  /// The same with a value of complete units. Between units.
  bool merge(const PreparedKey& key, const Value& value) {
    Slot* const slot = table_.find_or_insert(key, most_);
    if (slot == nullptr) return false;
    if (slot->stamp == 0) {
      new (&slot->value) Value(value);
      slot->stamp = 1;
      ++values_;
    } else {
      monoid_->merge(slot->value, value);
    }
    return true;
  }

  /// f(PreparedKey, const Value&) for each. Between units.
  template <class F>
  void for_each(F&& f) const {
    table_.for_each([&](Slot& slot) {
      if (slot.stamp != 0) f(Table::prepared(slot), std::as_const(slot.value));
    });
  }
  /// The same; then it is empty.
  template <class F>
  void take(F&& f) {
    for_each(f);
    clear();
  }
  void clear() {
    table_.clear();
    values_ = 0;
  }
  void release() {
    table_.release();
    log_.release();
    values_ = 0;
  }
  bool is_full() const { return table_.size() >= most_; }
  /// Keys that have a value.
  std::size_t size() const { return values_; }
  std::size_t bytes() const { return table_.bytes() + log_.bytes(); }

 private:
  using Table = SlotTable<Value, HashBits::high>;
  using Slot = typename Table::Slot;

  /// Before a change by the present record, or by a unit without records.
  void note(Slot& slot) {
    log_.put_if(slot.stamp != stamps_.now(), slot);
    slot.stamp = stamps_.now();
  }
  /// The latest first: a slot may be there once of each record.
  void undo(std::size_t begin) {
    for (; log_.size() > begin; log_.cut(log_.size() - 1)) {
      Slot& slot = table_.again(log_.back());
      if (slot.stamp != 0 && log_.back().stamp == 0) --values_;
      slot = log_.back();
    }
  }

  const M* monoid_;
  std::size_t most_;
  std::size_t values_ = 0;
  Table table_;
  TouchStamps stamps_;
  SlotLog<Slot> log_;             // of the unit; of records that have ended, what it touched first
  std::size_t record_begin_ = 0;  // in the log, of the present record
};

/// The same for values of other types. A unit's own part of a value is kept beside it until the unit ends: a copy of
/// the whole value for each unit could be large.
template <Monoid M, class Item>
class LargeCombineTable {
 public:
  using Value = typename M::value_type;

  LargeCombineTable(const M& monoid, std::size_t most) : monoid_(&monoid), most_(most) {}
  void keep_to(std::size_t most) { most_ = most; }

  void begin_unit() {
    stamps_.begin_unit([&] { table_.for_each([](Slot& slot) { slot.stamp = slot.stamp != 0 ? 1 : 0; }); });
  }
  void end_unit() {
    end_record();
    for (const std::uint32_t at : touched_) {
      Cell& cell = cells_[at];
      const std::size_t before = memory(cell);
      values_ += !cell.value && cell.own ? 1 : 0;
      merge_optional(*monoid_, cell.value, std::exchange(cell.own, std::nullopt));
      heap_ += memory(cell) - before;
    }
    touched_.clear();
  }
  void drop_unit() {
    staged_.clear();
    for (const std::uint32_t at : touched_) cells_[at].own.reset();
    touched_.clear();
  }
  void begin_record() { stamps_.begin_record(); }
  void end_record() {
    for (auto& [at, value] : staged_) merge_optional(*monoid_, cells_[at].own, std::optional<Value>(std::move(value)));
    staged_.clear();
  }
  void reject_record() { staged_.clear(); }

  bool add(const PreparedKey& key, const Item& item, UnitId unit) {
    Slot* const slot = table_.find_or_insert(key, most_);
    if (slot == nullptr) return false;
    if (slot->stamp == 0) {
      slot->value = static_cast<std::uint32_t>(cells_.size());
      cells_.emplace_back();
    }
    if (stamps_.is_before_unit(slot->stamp)) touched_.push_back(slot->value);
    slot->stamp = stamps_.now();
    if (stamps_.in_record()) {
      staged_.emplace_back(slot->value, lift(*monoid_, item, unit));
      return true;
    }
    std::optional<Value>& own = cells_[slot->value].own;
    if (own) {
      add_item(*monoid_, *own, item, unit);
    } else {
      own.emplace(lift(*monoid_, item, unit));
    }
    return true;
  }

  bool merge(const PreparedKey& key, const Value& value) {
    Slot* const slot = table_.find_or_insert(key, most_);
    if (slot == nullptr) return false;
    if (slot->stamp == 0) {
      slot->value = static_cast<std::uint32_t>(cells_.size());
      slot->stamp = 1;
      cells_.emplace_back();
    }
    Cell& cell = cells_[slot->value];
    const std::size_t before = memory(cell);
    values_ += cell.value ? 0 : 1;
    merge_optional(*monoid_, cell.value, std::optional<Value>(value));
    heap_ += memory(cell) - before;
    return true;
  }

  template <class F>
  void for_each(F&& f) const {
    table_.for_each([&](Slot& slot) {
      if (slot.stamp != 0 && cells_[slot.value].value)
        f(Table::prepared(slot), std::as_const(*cells_[slot.value].value));
    });
  }
  template <class F>
  void take(F&& f) {
    for_each(f);
    clear();
  }
  void clear() {
    table_.clear();
    cells_.clear();
    heap_ = values_ = 0;
  }
  void release() {
    clear();
    table_.release();
    give_back(cells_);
  }
  bool is_full() const { return table_.size() >= most_; }
  std::size_t size() const { return values_; }
  std::size_t bytes() const {
    return table_.bytes() + cells_.capacity() * sizeof(Cell) + heap_ + touched_.capacity() * sizeof(std::uint32_t) +
           staged_.capacity() * sizeof(std::pair<std::uint32_t, Value>);
  }

 private:
  using Table = SlotTable<std::uint32_t, HashBits::high>;
  using Slot = typename Table::Slot;
  struct Cell {
    std::optional<Value> value;
    std::optional<Value> own;  // of the present unit
  };

  static std::size_t memory(const Cell& cell) { return cell.value ? memory_of(*cell.value) - sizeof(Value) : 0; }

  const M* monoid_;
  std::size_t most_;
  std::size_t values_ = 0;
  std::size_t heap_ = 0;  // what the values take beside their cells
  Table table_;
  TouchStamps stamps_;
  std::vector<Cell> cells_;
  std::vector<std::uint32_t> touched_;                   // cells, by the present unit
  std::vector<std::pair<std::uint32_t, Value>> staged_;  // by the present record
};

/// Values that lie in the slots.
template <class Value>
inline constexpr bool kIsSmallValue = std::is_trivially_copyable_v<Value> && sizeof(Value) <= 32;

template <Monoid M, class Item>
using CombineTable =
    std::conditional_t<kIsSmallValue<typename M::value_type>, SmallCombineTable<M, Item>, LargeCombineTable<M, Item>>;

}  // namespace kiln::detail
