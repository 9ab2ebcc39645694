#pragma once

#include "flow/stage_harvest.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace kiln::flow {

/// How many units are in it.
std::uint64_t count_units(const detail::Forest& forest);

/// All partial results of a stage on the coordinator: what was committed, joined as it comes. Lives on the writer
/// thread (joining runs the user's op). Keeps nothing of the plan.
class Fold {
 public:
  explicit Fold(const detail::StagePlan& plan) : sinks_(plan.reduces), all_(plan.reduces) {}

  /// What a part, a commit entry or a segment holds; empty says nothing. Each unit at most once. Throws kiln::Error
  /// (internal) where the bytes are damaged or a unit is here already, and what the user's op throws; the fold is not
  /// to be used any more then.
  void admit(ByteView partials) {
    if (partials.empty()) return;
    empty_ = false;
    all_.admit(partials);
  }
  /// The same of a harvest of the stage, which is left empty.
  void absorb(StageHarvest& harvest) {
    empty_ = false;
    all_.absorb(harvest);
  }
  /// Nothing was admitted yet.
  bool empty() const { return empty_; }
  /// Joins partial results of disjoint units, siblings and all, into one: what a commit entry holds. Admits nothing.
  /// Empty where all are.
  Bytes join(std::span<const Bytes> partials) const;

  /// Of each reduce sink: its value over the units admitted; nothing where they gave none. Encoded by its codec.
  std::vector<std::optional<Bytes>> values() const { return all_.values(); }
  std::size_t bytes() const { return all_.bytes(); }
  /// What there is of one reduce sink.
  const detail::Forest& of(std::size_t reduce) const { return *all_.forests().at(reduce); }
  /// Tells the program what `sink`, that of number `reduce`, has come to, if anything: kiln::so_far. Throws what the
  /// program's function does.
  void tell(std::size_t reduce, const detail::ReduceSink& sink) const;

 private:
  const std::vector<detail::ReduceSink> sinks_;
  StageHarvest all_;
  bool empty_ = true;
};

}  // namespace kiln::flow
