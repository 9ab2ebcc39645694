#pragma once

#include <kiln/detail/forest_format.hpp>
#include <kiln/detail/join_failure.hpp>
#include <kiln/detail/memory.hpp>
#include <kiln/detail/place.hpp>
#include <kiln/detail/stage.hpp>
#include <kiln/detail/verify.hpp>
#include <kiln/monoid.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kiln::detail {

/// left = op(left, right), where either may be empty.
template <Monoid M>
void merge_optional(const M& monoid, std::optional<typename M::value_type>& left,
                    std::optional<typename M::value_type>&& right) {
  if (!right) return;
  if (left) {
    monoid.merge(*left, std::move(*right));
  } else {
    left = std::move(right);
  }
}

/// The forest of a monoid that is not exact: disjoint nodes of the dyadic tree, no two of them siblings. A node whose
/// units all gave nothing is complete and has no value; units that are in no node are holes, and nothing is joined
/// across one.
template <Monoid M>
class TreeForest final : public Forest {
 public:
  using Value = typename M::value_type;

  explicit TreeForest(M monoid) : monoid_(std::move(monoid)) {}

  /// A complete node. One that is contained in a node here is dropped; those here that it contains are replaced.
  void add(Place place, std::optional<Value> value) {
    auto at = nodes_.upper_bound(place.first);
    if (at != nodes_.begin() && std::prev(at)->first + (std::prev(at)->second.units() - 1) >= place.first) {
      if (std::prev(at)->second.level >= place.level) return;
      --at;
    }
    while (at != nodes_.end() && at->first - place.first < place.size()) at = erase(at);
    while (true) {  // `at` is the first node behind the place
      if (place.is_right()) {
        if (at == nodes_.begin()) break;
        const auto left = std::prev(at);
        if (left->first != place.sibling().first || left->second.level != place.level) break;
        std::optional<Value> joined = std::move(left->second.value);
        at = erase(left);
        join(joined, std::move(value), place.sibling(), place);
        value = std::move(joined);
      } else {
        if (at == nodes_.end() || at->first != place.sibling().first || at->second.level != place.level) break;
        join(value, std::move(at->second.value), place, place.sibling());
        at = erase(at);
      }
      place = place.parent();
    }
    const std::size_t bytes = kNodeBytes + (value ? memory_of(*value) : 0);
    nodes_.emplace_hint(at, place.first, Node{std::move(value), bytes, place.level});
    bytes_ += bytes;
  }

  void absorb(Forest& other) override {
    auto& from = same_forest<TreeForest>(other);
    if (nodes_.empty()) {
      nodes_.swap(from.nodes_);
      std::swap(bytes_, from.bytes_);
      return;
    }
    for (auto& [first, node] : from.nodes_) add({first, node.level}, std::move(node.value));
    from.nodes_.clear();
    from.bytes_ = 0;
  }

  void admit(ByteReader& in) override {
    expect_kind(in, ForestKind::tree);
    const std::uint64_t count = in.get_count(sizeof(std::uint64_t) + 2);
    PlaceCheck check;
    for (std::uint64_t i = 0; i < count; ++i) {
      const Place place = check.next(in);
      std::optional<Value> value;
      if (read_flag(in)) value.emplace(Codec<Value>::read(in));
      add(place, std::move(value));
    }
  }

  void encode(ByteWriter& out) const override {
    out.put(ForestKind::tree);
    out.put<std::uint64_t>(nodes_.size());
    for (const auto& [first, node] : nodes_) {
      out.put(first);
      out.put(node.level);
      out.put<std::uint8_t>(node.value ? 1 : 0);
      if (node.value) Codec<Value>::write(out, *node.value);
    }
  }

  std::vector<Interval> units() const override {
    std::vector<Interval> all;
    for (const auto& [first, node] : nodes_) {
      if (!all.empty() && all.back().last.value() == first) {
        all.back().last = UnitId(first + node.units());
      } else {
        all.push_back(make_interval(first, first + node.units()));
      }
    }
    return all;
  }

  std::size_t nodes() const override { return nodes_.size(); }
  std::size_t bytes() const override { return bytes_; }

  /// As value(), not encoded.
  std::optional<Value> typed_value() const {
    struct Part {
      Value value;
      std::uint64_t first;
      std::uint64_t last;  // behind the last unit that may be in it
    };
    // Neighbours are joined where their places meet in the tree: at the level of the highest bit in which they differ.
    std::vector<Part> parts;
    const auto join_last = [&] {
      Part &left = parts[parts.size() - 2], &right = parts.back();
      try {
        monoid_.merge(left.value, std::move(right.value));
      } catch (...) {
        throw_join_failed({make_interval(left.first, left.last)}, {make_interval(right.first, right.last)});
      }
      left.last = right.last;
      parts.pop_back();
    };
    for (const auto& [first, node] : nodes_) {
      if (!node.value) continue;
      while (parts.size() > 1 && (parts[parts.size() - 2].first ^ parts.back().first) < (parts.back().first ^ first)) {
        join_last();
      }
      parts.push_back({*node.value, first, first + node.units()});
    }
    if (parts.empty()) return std::nullopt;
    while (parts.size() > 1) join_last();
    return std::move(parts.front().value);
  }

  std::optional<Bytes> value() const override { return encoded<Value>(typed_value()); }

  std::string verify() const override {
    const Value* before = nullptr;
    int pairs = 0;
    for (const auto& [first, node] : nodes_) {
      if (!node.value) continue;
      const Value* one = &*node.value;
      std::string broken = verify_values(monoid_, before != nullptr ? *before : *one, *one);
      if (!broken.empty() || ++pairs == 3) return broken;
      before = one;
    }
    return {};
  }

  const M& monoid() const { return monoid_; }

 private:
  struct Node {
    std::optional<Value> value;
    std::size_t bytes;  // in memory
    std::uint8_t level;
    std::uint64_t units() const { return std::uint64_t{1} << level; }
  };
  using Nodes = std::map<std::uint64_t, Node>;  // by first unit
  static constexpr std::size_t kNodeBytes = sizeof(typename Nodes::value_type) + 4 * sizeof(void*);

  void join(std::optional<Value>& left, std::optional<Value>&& right, Place left_place, Place right_place) const {
    try {
      merge_optional(monoid_, left, std::move(right));
    } catch (...) {
      throw_join_failed({left_place.units()}, {right_place.units()});
    }
  }
  typename Nodes::iterator erase(typename Nodes::iterator at) {
    bytes_ -= at->second.bytes;
    return nodes_.erase(at);
  }

  M monoid_;
  Nodes nodes_;
  std::size_t bytes_ = 0;
};

}  // namespace kiln::detail
