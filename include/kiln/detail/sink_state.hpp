#pragma once

#include <kiln/columns.hpp>
#include <kiln/detail/chain.hpp>
#include <kiln/detail/fold.hpp>
#include <kiln/detail/show.hpp>
#include <kiln/detail/stage.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

/// The sinks of a stage, with the types of their items, and what each keeps while units run. An item goes through
/// prepare() of all sinks, where the user's projections may throw, before take() of any: so it reaches all or none.
namespace kiln::detail {

/// What a unit may give a sink, and so what must be undone when it fails half-way.
enum class UnitShape : std::uint8_t {
  one,           ///< at most one item
  many,          ///< one record that gives any number of items
  records,       ///< many records with at most one item each
  many_records,  ///< many records that give any number of items each
};

/// What a rows sink makes rows of, and the type of one row.
template <class Given>
struct RowOf {
  using Row = Given;
};
template <class T>
  requires Described<T>
struct RowOf<std::vector<T>> {
  using Row = T;
};

/// `Item` is the stream's item type, without reference.
template <class Item, class Projection>
struct RowsSinkOf {
  /// One row, or a vector of row structs: a row each.
  using Given = std::remove_cvref_t<StepResult<Projection, const Item&>>;
  using Row = typename RowOf<Given>::Row;

  RowsSink plan() const { return {{name, ColumnsOf<Row>::schema()}}; }

  template <UnitShape kShape>
  class State;

  std::string name;
  Projection projection;
};

template <class Item, class Projection>
template <UnitShape kShape>
class RowsSinkOf<Item, Projection>::State {
 public:
  static constexpr bool kIsReduce = false;

  State(const RowsSinkOf& sink, UnitId, Rows* rows, Forest*) : sink_(&sink), rows_(rows) {}

  void begin_unit() { unit_mark_ = rows_->size(); }
  void begin_record() { record_mark_ = rows_->size(); }
  decltype(auto) prepare(const Item& item, Unit& unit) { return call_step(sink_->projection, item, unit); }
  void take(const Given& given, UnitId unit) {
    if constexpr (std::is_same_v<Given, Row>) {
      rows_->begin_row(unit);
      ColumnsOf<Row>::append(*rows_, given);
    } else {
      for (const Row& row : given) {
        rows_->begin_row(unit);
        ColumnsOf<Row>::append(*rows_, row);
      }
    }
  }
  void end_record() {}
  void reject_record() { rows_->truncate(record_mark_); }
  void end_unit(bool) {}
  void drop_unit() { rows_->truncate(unit_mark_); }
  void finish() {}

 private:
  const RowsSinkOf* sink_;
  Rows* rows_;
  std::size_t unit_mark_ = 0, record_mark_ = 0;
};

template <class Item, class M, class Projection>
struct ReduceSinkOf {
  using Projected = std::remove_cvref_t<StepResult<Projection, const Item&>>;
  using Value = typename M::value_type;

  ReduceSink plan() const;

  template <UnitShape kShape>
  class State;

  std::string name;
  M monoid;
  Projection projection;
  std::function<void(const Value&, std::uint64_t)> tell_so_far{};
  std::chrono::nanoseconds tell_every{};
};

template <class Item, class M, class Projection>
template <UnitShape kShape>
class ReduceSinkOf<Item, M, Projection>::State {
  static constexpr bool kCollects = kShape != UnitShape::one;
  static constexpr bool kStages = kShape == UnitShape::many_records;
  // What waits for the end of its record: an item that is a view would not live that long.
  static constexpr bool kStagesItems = M::exact && std::is_arithmetic_v<Projected>;
  using Staged = std::conditional_t<kStagesItems, Projected, Value>;

 public:
  static constexpr bool kIsReduce = true;
  /// Units that give exactly one small value are folded in registers.
  static constexpr bool kHasBlocks = !kCollects && !M::exact && std::is_trivially_copyable_v<Value> &&
                                     std::is_default_constructible_v<Value> && sizeof(Value) <= 64;
  using Fold = FoldOf<M, Projected>;

  State(const ReduceSinkOf& sink, UnitId first, Rows*, Forest* forest)
      : sink_(&sink), fold_(sink.monoid, first), forest_(static_cast<ForestOf<M>*>(forest)) {
    fold_.begin(*forest_);
  }

  Fold& fold() { return fold_; }

  void begin_unit() {}
  void begin_record() {}
  /// Of exact monoids the item, of others its value.
  decltype(auto) prepare(const Item& item, Unit& unit) {
    if constexpr (M::exact && !(kStages && !kStagesItems)) {
      return call_step(sink_->projection, item, unit);
    } else {
      return lift(item, unit, fold_.next());
    }
  }
  Value lift(const Item& item, Unit& unit, UnitId id) const {
    return detail::lift(sink_->monoid, static_cast<const Projected&>(call_step(sink_->projection, item, unit)), id);
  }
  template <class Prepared>
  void take(Prepared&& prepared, UnitId) {
    if constexpr (kStages) {
      staged_.push_back(std::forward<Prepared>(prepared));
    } else if constexpr (kCollects) {
      collect(std::forward<Prepared>(prepared));
    } else if constexpr (M::exact) {
      fold_.push(prepared);
    } else {
      fold_.push_value(std::forward<Prepared>(prepared));
    }
  }
  void end_record() {
    if constexpr (kStages) {
      for (Staged& one : staged_) collect(std::move(one));
      staged_.clear();
    }
  }
  void reject_record() {
    if constexpr (kStages) staged_.clear();
    if constexpr (kShape == UnitShape::many) fold_.discard();
  }
  void end_unit(bool gave_any) {
    if constexpr (kCollects) {
      fold_.close();
    } else if (!gave_any) {
      fold_.push_empty();
    }
  }
  void drop_unit() {
    if constexpr (kStages) staged_.clear();
    fold_.drop();
  }
  void finish() { fold_.finish(*forest_); }

 private:
  template <class One>
  void collect(One&& one) {
    if constexpr (M::exact && (!kStages || kStagesItems)) {
      fold_.collect(one);
    } else {
      fold_.collect_value(std::forward<One>(one));
    }
  }

  const ReduceSinkOf* sink_;
  Fold fold_;
  ForestOf<M>* forest_;
  std::vector<Staged> staged_;  // of the present record
};

template <class Item, class M, class Projection>
ReduceSink ReduceSinkOf<Item, M, Projection>::plan() const {
  ReduceSink sink;
  sink.name = name;
  sink.description = monoid.describe();
  sink.exact = M::exact;
  sink.make_forest = [copy = monoid] { return std::make_unique<ForestOf<M>>(copy); };
  sink.show = [](ByteView value) {
    ByteReader in(value, "a reduced value");
    return show_value(Codec<Value>::read(in));
  };
  if (tell_so_far) {
    sink.tell_so_far = [tell = tell_so_far](ByteView value, std::uint64_t units) {
      ByteReader in(value, "a reduced value");
      const Value read = Codec<Value>::read(in);
      tell(read, units);
    };
    sink.tell_every = tell_every;
  }
  return sink;
}

}  // namespace kiln::detail
