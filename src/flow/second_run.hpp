#pragma once

#include <kiln/detail/stage.hpp>
#include "flow/stage_harvest.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// What --verify does with a unit: it runs twice, and both must give the same bytes.
namespace kiln::flow {

/// Which units run twice: about 1 % of them, but about 16 (all, of so few) to 10,000; chosen by seed, stage and unit.
class Sample {
 public:
  Sample(std::uint64_t seed, std::uint32_t stage, std::uint64_t units);
  bool has(UnitId unit) const;

 private:
  std::uint64_t key_;
  double share_;
};

/// What one run of one unit gave.
class UnitOutcome {
 public:
  /// `plan` and `tables` outlive this.
  UnitOutcome(const detail::StagePlan& plan, const Tables& tables);
  UnitOutcome(const UnitOutcome&) = delete;
  UnitOutcome& operator=(const UnitOutcome&) = delete;

  /// Where StageCode::run puts it.
  detail::StageOutput& output() { return output_; }
  /// After the run: puts rejected records into their table.
  void close();
  std::vector<Rows>& tables() { return rows_; }
  StageHarvest& harvest() { return harvest_; }

  /// Where the other run of the unit gave something else: a text for each sink, table, or failure.
  std::vector<std::string> differences(const UnitOutcome& other) const;

 private:
  const detail::StagePlan& plan_;
  const Tables& tables_;
  std::vector<Rows> rows_;
  StageHarvest harvest_;
  detail::StageOutput output_;
};

}  // namespace kiln::flow
