#pragma once

#include <kiln/detail/stage.hpp>
#include "exec/executor.hpp"
#include "flow/counted_input.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace kiln::flow {

/// Units of a flow's stage, run by the user's compiled code. Its tables are stage_tables(plan); its harvest a
/// StageHarvest, null where the stage reduces nothing.
class StageRunner : public exec::Runner {
 public:
  struct Options {
    std::uint64_t seed = 0;   ///< of the run
    std::uint32_t stage = 0;  ///< ordinal of the stage in the run
    std::string scratch;      ///< folder below which a unit's scratch directory is made on its first use
    /// With it, a sample of the units (flow/second_run.hpp) runs twice. It hears, on the executor thread, of each unit
    /// and sink whose second run gave something else; what counts is the first.
    std::function<void(UnitId, const std::string&)> differs = {};
    std::uint64_t units = 0;                       ///< of the stage; with differs
    std::shared_ptr<detail::RunPlace> place = {};  ///< for what steps by key hold
    detail::RunningUnit* running = &detail::RunningUnit::nobodys();
    std::size_t most_held = 0;  ///< of a stage with one: as exec::Runner has it
  };

  /// `plan` must outlive this. `input` as open_input gives it.
  StageRunner(const detail::StagePlan& plan, std::unique_ptr<detail::UnitInput> input, Options options);
  /// Scratch directories of the units that ran are gone.
  ~StageRunner() override;

  const Tables& tables() const override { return tables_; }
  std::unique_ptr<exec::Harvest> make_harvest() const override;
  std::size_t most_held() const override { return most_held_; }
  void run(const exec::Work& work, Interval claimed, exec::Results& results) override;
  /// As many as take about 2 ms; longer where partial results are so large that joining them would cost more. Fewer
  /// where they would give much of what may be held.
  std::uint64_t claim(double unit_seconds) const override;
  /// Looked at between units (exec::Results::cancelled); a unit that began goes on unless it asks.
  void cancel() override {}
  void signal() override {}

 private:
  void run_some(const exec::Work& work, Interval units, exec::Results& results);
  void run_twice(const exec::Work& work, UnitId unit, exec::Results& results);
  detail::StageHost host(const exec::Work& work, exec::Results& results);
  std::string make_scratch(UnitId unit);
  void remove_scratch() noexcept;

  const detail::StagePlan& plan_;
  const std::unique_ptr<detail::UnitInput> input_;
  CountedInput* const counted_;  // input_, where it is one
  const Options options_;
  const Tables tables_;
  const std::unique_ptr<detail::StageCode> code_;
  std::unique_ptr<detail::StageCode> second_code_;  // of --verify
  const std::size_t most_held_;                     // 0: it has no step by key
  std::size_t harvest_bytes_ = 0;                   // of the last claimed units
  std::uint64_t claimed_ = 0;                       // how many they were
  std::vector<std::string> scratch_dirs_;           // of the claimed units
};

}  // namespace kiln::flow
