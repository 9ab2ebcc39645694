#pragma once

#include <kiln/detail/forest_format.hpp>
#include <kiln/detail/join_failure.hpp>
#include <kiln/detail/memory.hpp>
#include <kiln/detail/stage.hpp>
#include <kiln/detail/tree_forest.hpp>
#include <kiln/detail/unit_set.hpp>
#include <kiln/detail/verify.hpp>
#include <kiln/monoid.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace kiln::detail {

/// The forest of an exact monoid: one value, and the units that are in it.
template <Monoid M>
class ExactForest final : public Forest, public TypedValue<typename M::value_type> {
 public:
  using Value = typename M::value_type;

  explicit ExactForest(M monoid) : monoid_(std::move(monoid)) {}

  /// Complete units and what they gave together. Throws kiln::Error (internal) where one of them is in it already:
  /// what they gave cannot be taken out of a value again.
  void add_exact(Interval units, std::optional<Value> value) {
    units_.add(units);
    merge(std::move(value), [&] { return std::vector<Interval>{units}; });
  }
  void add_exact(const UnitSet& units, std::optional<Value> value) {
    units_.add(units);
    merge(std::move(value), [&] { return units.intervals(); });
  }

  void absorb(Forest& other) override {
    auto& from = same_forest<ExactForest>(other);
    units_.add(from.units_);
    if constexpr (Counting<M>) {
      if (value_ && from.value_) {
        monoid_.merge(*value_, *from.value_);
        from.keep_room(std::move(*from.value_));
      } else if (from.value_) {
        value_ = std::move(from.value_);
      }
      from.value_.reset();
    } else {
      merge(std::exchange(from.value_, std::nullopt), [&] { return from.units_.intervals(); });
    }
    from.units_.clear();
  }

  void admit(ByteReader& in) override {
    expect_kind(in, ForestKind::exact);
    const UnitSet units = UnitSet::decode(in);
    std::optional<Value> value;
    if (read_flag(in)) value.emplace(Codec<Value>::read(in));
    add_exact(units, std::move(value));
  }

  void encode(ByteWriter& out) const override {
    out.put(ForestKind::exact);
    units_.encode(out);
    out.put<std::uint8_t>(value_ ? 1 : 0);
    if (value_) Codec<Value>::write(out, *value_);
  }

  std::vector<Interval> units() const override { return units_.intervals(); }
  std::size_t nodes() const override { return value_ ? 1 : 0; }
  std::size_t bytes() const override { return units_.size() * kIntervalBytes + (value_ ? memory_of(*value_) : 0); }

  const std::optional<Value>& typed_value() const { return value_; }
  std::optional<Bytes> value() const override { return encoded<Value>(value_); }

  std::uint64_t count_length() const override {
    if constexpr (Counting<M>) {
      return monoid_.counts();
    } else {
      return 0;
    }
  }
  std::span<std::uint64_t> counts() override {
    if constexpr (Counting<M>) {
      if (value_) return counts_in(*value_);
    }
    return {};
  }
  void encode_beside(ByteWriter& out) const override {
    out.put(ForestKind::exact);
    units_.encode(out);
    out.put<std::uint8_t>(value_ ? 1 : 0);
  }
  void admit_beside([[maybe_unused]] ByteReader& in) override {
    if constexpr (Counting<M>) {
      expect_kind(in, ForestKind::exact);
      units_.add(UnitSet::decode(in));
      if (read_flag(in)) provide_counts();
    }
  }
  void provide_counts() override {
    if constexpr (Counting<M>) {
      if (value_) return;
      reserve_counts();
      value_ = take_zeros();
    }
  }
  void reserve_counts() override {
    if constexpr (Counting<M>) {
      if (!room_) room_.emplace(monoid_.zero());
    }
  }
  /// A value of zeros, where there is memory for it that need not be taken anew.
  std::optional<Value> take_zeros() {
    if constexpr (Counting<M>) {
      if (room_ && std::exchange(room_used_, false)) {
        const auto counts = counts_in(*room_);
        std::fill(counts.begin(), counts.end(), 0);
      }
    }
    return std::exchange(room_, std::nullopt);
  }
  /// The memory of a value that is not needed any more.
  void keep_room([[maybe_unused]] Value value) {
    if constexpr (Counting<M>) {
      if (counts_in(value).size() != monoid_.counts()) return;  // not what it promises
      room_ = std::move(value);
      room_used_ = true;
    }
  }
  std::optional<Value> take_value() override { return std::exchange(value_, std::nullopt); }

  std::string verify() const override { return value_ ? verify_values(monoid_, *value_, *value_) : std::string(); }

  const M& monoid() const { return monoid_; }

 private:
  static constexpr std::size_t kIntervalBytes = 2 * sizeof(std::uint64_t) + 4 * sizeof(void*);

  /// `units_of()`: of the value, which are in units_ already; asked where the merge throws.
  template <class F>
  void merge(std::optional<Value>&& value, F&& units_of) {
    try {
      merge_optional(monoid_, value_, std::move(value));
    } catch (...) {
      throw_join_failed_in(units_.intervals(), units_of());
    }
  }

  M monoid_;
  UnitSet units_;
  std::optional<Value> value_;
  std::optional<Value> room_;  // no value, only memory for one: taking new memory costs more than adding
  bool room_used_ = false;     // and it has other numbers than zeros
};

}  // namespace kiln::detail
