#pragma once

#include <kiln/detail/graph.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <vector>

namespace kiln::flow {

/// A strand of a stage, its sinks' places in the stage, and its junctions.
struct PlacedStrand {
  std::shared_ptr<const detail::Strand> strand;
  std::size_t tables = 0, forests = 0;
  std::shared_ptr<const detail::Junction> into;  ///< where it ends at one
  std::size_t input = 0;                         ///< of that
};

/// A stage with branches: its strands, those in front first.
using StageGraph = std::vector<PlacedStrand>;

/// Runs units through all branches.
class GraphCode final : public detail::StageCode {
 public:
  explicit GraphCode(std::shared_ptr<const StageGraph> graph) : graph_(std::move(graph)) {}
  void run(Interval units, const detail::StageHost& host, detail::StageOutput& output) override;

 private:
  const std::shared_ptr<const StageGraph> graph_;
};

}  // namespace kiln::flow
