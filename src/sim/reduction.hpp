#pragma once

#include <kiln/codec.hpp>
#include <kiln/detail/forest.hpp>
#include "exec/harvest.hpp"
#include "schedule/interval_set.hpp"
#include "sim/scenario.hpp"

#include <optional>

namespace kiln::sim {

/// What simulated units reduce to: a sum that shows the shape of the tree in its bits, and a text's hash that shows the
/// order.
struct Reduced {
  double sum = 0;
  std::uint64_t hash = 0, power = 1;
  friend bool operator==(const Reduced&, const Reduced&) = default;
};

}  // namespace kiln::sim

template <>
struct kiln::Codec<kiln::sim::Reduced> {
  static void write(ByteWriter& out, const sim::Reduced& value) {
    out.put(value.sum);
    out.put(value.hash);
    out.put(value.power);
  }
  static sim::Reduced read(ByteReader& in) {
    sim::Reduced value;
    value.sum = in.get<double>();
    value.hash = in.get<std::uint64_t>();
    value.power = in.get<std::uint64_t>();
    return value;
  }
};

namespace kiln::sim {

struct Reduction {
  using value_type = Reduced;
  static constexpr bool exact = false;
  static std::string describe() { return "sum and order"; }
  static void merge(Reduced& left, const Reduced& right) {
    left.sum += right.sum;
    left.hash = left.hash * right.power + right.hash;
    left.power *= right.power;
  }
};

Reduced reduced_unit(const UnitModel& units, UnitId unit);
/// The tree over these units, as plainly as can be.
std::optional<Reduced> sequential_value(const UnitModel& units, const schedule::IntervalSet& done);

/// The partial results of a simulated worker.
class ReducedHarvest final : public exec::Harvest {
 public:
  ReducedHarvest() : forest_(Reduction{}) {}
  void add(const UnitModel& units, UnitId unit) { forest_.add({unit.value(), 0}, reduced_unit(units, unit)); }
  void absorb(exec::Harvest& later) override { forest_.absorb(dynamic_cast<ReducedHarvest&>(later).forest_); }
  std::size_t bytes() const override { return forest_.bytes(); }
  void encode(ByteWriter& out) const override { forest_.encode(out); }

 private:
  detail::TreeForest<Reduction> forest_;
};

/// All that was committed, held against the promise that each unit is in it once.
class CommittedReduction {
 public:
  CommittedReduction() : forest_(Reduction{}) {}
  /// The units that are in the bytes. Throws Violation where one is here already.
  schedule::IntervalSet admit(ByteView partials);
  const schedule::IntervalSet& units() const { return units_; }
  std::optional<Reduced> value() const { return forest_.typed_value(); }

 private:
  detail::TreeForest<Reduction> forest_;
  schedule::IntervalSet units_;
};

}  // namespace kiln::sim
