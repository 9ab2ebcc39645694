#include "flow/graph_code.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace kiln::flow {
namespace {

using detail::BranchPort;
using detail::Junction;

/// The nodes of one call of run(). Those behind are made before those in front, which push into them.
class Nodes {
 public:
  Nodes(const StageGraph& graph, const detail::BranchFrame& frame) : frame_(frame) {
    for (std::size_t at = graph.size(); at-- > 0;) make(graph[at], at);
    std::reverse(roots_.begin(), roots_.end());
    for (auto node = order_.rbegin(); node != order_.rend(); ++node) set_.add(**node);
  }

  detail::BranchSet& set() { return set_; }
  const std::vector<std::unique_ptr<detail::RootCode>>& roots() const { return roots_; }

 private:
  void make(const PlacedStrand& placed, std::size_t ordinal) {
    const detail::StrandPlace place{placed.tables, placed.forests, ordinal, port_into(placed)};
    if (placed.strand->make_root) {
      roots_.push_back(placed.strand->make_root(frame_, place));
      return;
    }
    auto code = placed.strand->make_branch(frame_, place);
    const detail::Origin& origin = placed.strand->origin;
    auto& outputs = outputs_[origin.junction.get()];
    outputs.resize(origin.junction->outputs);
    outputs[origin.port] = &code->input();
    keep(std::move(code));
  }

  BranchPort* port_into(const PlacedStrand& placed) {
    if (!placed.into) return nullptr;
    detail::JunctionCode*& junction = junctions_[placed.into.get()];
    if (junction == nullptr) {
      auto code = placed.into->make_code(frame_, outputs_[placed.into.get()]);
      junction = code.get();
      keep(std::move(code));
    }
    return &junction->input(placed.input);
  }

  void keep(std::unique_ptr<detail::BranchNode> node) {
    order_.push_back(node.get());
    owned_.push_back(std::move(node));
  }

  const detail::BranchFrame& frame_;
  std::map<const Junction*, std::vector<BranchPort*>> outputs_;
  std::map<const Junction*, detail::JunctionCode*> junctions_;
  std::vector<std::unique_ptr<detail::BranchNode>> owned_;
  std::vector<detail::BranchNode*> order_;  // those behind first
  std::vector<std::unique_ptr<detail::RootCode>> roots_;
  detail::BranchSet set_;
};

}  // namespace

void GraphCode::run(Interval units, const detail::StageHost& host, detail::StageOutput& output) {
  detail::BranchRejections rejections;
  const detail::BranchFrame frame{units.first, host, output, rejections};
  Nodes nodes(*graph_, frame);
  const std::array<std::uint64_t, 2> all{0, units.last.value()};
  const bool merged = nodes.roots().size() > 1;
  const auto bounds = merged ? host.input->part_bounds() : std::span<const std::uint64_t>(all);
  for (std::size_t i = 0; i < nodes.roots().size(); ++i) {
    const std::uint64_t first = std::max(units.first.value(), bounds[i]);
    const std::uint64_t last = std::min(units.last.value(), bounds[i + 1]);
    if (first >= last) continue;
    detail::StageHost here = host;
    if (merged) here.input = host.input->part(i);
    const std::uint64_t ran =
        nodes.roots()[i]->run(make_interval(first - bounds[i], last - bounds[i]), bounds[i], here, nodes.set());
    output.ran += ran;
    if (ran < last - first) break;
  }
  nodes.set().finish();
}

}  // namespace kiln::flow
