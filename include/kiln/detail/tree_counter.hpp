#pragma once

#include <kiln/detail/place.hpp>
#include <kiln/detail/tree_forest.hpp>
#include <kiln/monoid.hpp>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace kiln::detail {

/// A binary counter: nodes of the dyadic tree that come in ascending order, siblings joined as soon as both are there.
/// Over units without a hole it holds at most 128 nodes.
template <Monoid M>
class TreeCounter {
 public:
  using Value = typename M::value_type;

  /// `place` lies behind all places before.
  void push(const M& monoid, Place place, std::optional<Value> value) {
    nodes_.push_back({place, std::move(value)});
    while (nodes_.size() > 1 && nodes_.back().place.is_right()) {
      Node& right = nodes_.back();
      Node& left = nodes_[nodes_.size() - 2];
      if (left.place != right.place.sibling()) break;
      merge_optional(monoid, left.value, std::move(right.value));
      left.place = left.place.parent();
      nodes_.pop_back();
    }
  }

  /// All nodes in ascending order, as f(Place, std::optional<Value>&&); empties the counter.
  template <class F>
  void take_nodes(F f) {
    for (Node& node : nodes_) f(node.place, std::move(node.value));
    nodes_.clear();
  }

  /// The value of all in the shape of the tree, where they began at 0 and had no hole; empties the counter.
  std::optional<Value> take_value(const M& monoid) {
    while (nodes_.size() > 1) {
      merge_optional(monoid, nodes_[nodes_.size() - 2].value, std::move(nodes_.back().value));
      nodes_.pop_back();
    }
    if (nodes_.empty()) return std::nullopt;
    std::optional<Value> value = std::move(nodes_.back().value);
    nodes_.clear();
    return value;
  }

  void clear() { nodes_.clear(); }

 private:
  struct Node {
    Place place;
    std::optional<Value> value;
  };
  std::vector<Node> nodes_;
};

}  // namespace kiln::detail
