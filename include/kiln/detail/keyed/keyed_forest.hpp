#pragma once

#include <kiln/detail/keyed/run_place.hpp>
#include <kiln/detail/stage.hpp>
#include <kiln/detail/unit_set.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace kiln::detail {

/// Shards of a keyed step by hash, and ranges of a sort: part of the plan, never of the number of ranks.
inline constexpr std::uint32_t kHashShards = 256;

/// The name of the reduction that a keyed step is; no user's can be called so. Not shown to people.
inline constexpr const char* kKeyedReduce = "by key";
/// Whether it is one: where a stage has several, numbers follow.
inline bool is_keyed_name(std::string_view name) { return name.starts_with(kKeyedReduce); }

/// What a keyed step holds of some units, for who knows no types: an exact reduction whose value is a list of runs.
/// Entries are in memory until put_down() makes a run of them; encode() of what is still there writes it as a run that
/// travels with the reference (in one process, and where two runs of a unit are compared).
class KeyedForest : public Forest {
 public:
  /// ReduceSink::most_held, measured: docs/performance.md.
  static constexpr std::size_t kMostHeld = std::size_t{256} << 20;

  /// Complete units, whose entries are here. Throws kiln::Error (internal) where one of them is in it already.
  void add_units(const UnitSet& units) { units_.add(units); }

  void absorb(Forest& other) override;
  void admit(ByteReader& in) override;
  void encode(ByteWriter& out) const override;
  std::vector<Interval> units() const override { return units_.intervals(); }
  std::size_t nodes() const override { return list_.runs.size(); }
  std::size_t bytes() const override;
  /// encode_runs of all: there always is one. Of a forest whose memory was put down.
  std::optional<Bytes> value() const override { return encode_runs(all()); }
  bool may_ride() const override { return memory_empty() && list_.runs.empty(); }
  void put_down(RunPlace& place) override;
  /// Of one that is empty: no table that lives from batch to batch is to take much of so many bytes.
  virtual void keep_to(std::size_t /*bytes*/) {}

 protected:
  virtual bool memory_empty() const = 0;
  /// With what write_memory() takes beside the entries.
  virtual std::size_t memory_bytes() const = 0;
  virtual void absorb_memory(KeyedForest& other) = 0;
  /// All entries in memory, sorted, as a run that is finished; they stay. Of a sort also a sample of them.
  virtual RunReference write_memory(NewRun& run, KeySample& sample) const = 0;
  virtual void clear_memory() = 0;

 private:
  /// What is in memory as a run.
  RunList written(NewRun& run) const;
  RunList all() const;

  UnitSet units_;
  RunList list_;
};

}  // namespace kiln::detail
