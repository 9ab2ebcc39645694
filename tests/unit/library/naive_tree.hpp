#pragma once

#include <kiln/detail/forest.hpp>
#include <kiln/monoid.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace kiln::testing {

/// Concatenation of unit ids: associative, not commutative, and it shows every unit.
struct Ids {
  using value_type = std::string;
  static constexpr bool exact = false;
  std::string describe() const { return "ids"; }
  std::string lift(std::uint64_t id) const { return std::to_string(id) + ","; }
  void merge(std::string& left, const std::string& right) const { left += right; }
};

/// The shape of the tree itself: "(left right)".
struct Shape {
  using value_type = std::string;
  static constexpr bool exact = false;
  std::string describe() const { return "shape"; }
  std::string lift(std::uint64_t id) const { return std::to_string(id); }
  void merge(std::string& left, const std::string& right) const { left = "(" + left + " " + right + ")"; }
};

/// Sum of doubles, whose last bits depend on the order.
struct TreeSum {
  using value_type = double;
  static constexpr bool exact = false;
  std::string describe() const { return "sum"; }
  double lift(double item) const { return item; }
  void merge(double& left, double right) const { left += right; }
};

/// The tree as its definition says: node [first, first + size) is its left half joined with its right half, where
/// either may have nothing. `leaves`: the units that gave a value.
template <class M>
std::optional<typename M::value_type> naive_tree(const M& monoid,
                                                 const std::map<std::uint64_t, typename M::value_type>& leaves,
                                                 std::uint64_t first, int level) {
  const auto any = leaves.lower_bound(first);
  if (any == leaves.end() || any->first - first > (std::uint64_t{1} << level) - 1) return std::nullopt;
  if (level == 0) return any->second;
  auto left = naive_tree(monoid, leaves, first, level - 1);
  auto right = naive_tree(monoid, leaves, first + (std::uint64_t{1} << (level - 1)), level - 1);
  if (!left) return right;
  if (right) monoid.merge(*left, *right);
  return left;
}

template <class M>
std::optional<typename M::value_type> naive_value(const M& monoid,
                                                  const std::map<std::uint64_t, typename M::value_type>& leaves) {
  auto lower = naive_tree(monoid, leaves, 0, 63);
  auto upper = naive_tree(monoid, leaves, std::uint64_t{1} << 63, 63);
  if (!lower) return upper;
  if (upper) monoid.merge(*lower, *upper);
  return lower;
}

/// Random numbers of one seed, the same on every machine.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t operator()() { return engine_(); }
  std::uint64_t below(std::uint64_t limit) { return engine_() % limit; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  /// In [0, 1).
  double part() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }
  /// Of either sign and very different size.
  double wild() {
    return (part() - 0.5) * static_cast<double>(std::uint64_t{1} << below(40)) / static_cast<double>(1 + below(1000));
  }
  /// One of the engine's own, for std::shuffle.
  std::mt19937_64& engine() { return engine_; }

 private:
  std::mt19937_64 engine_;
};

inline Bytes encoded(const detail::Forest& forest) {
  ByteWriter out;
  forest.encode(out);
  return out.take();
}

}  // namespace kiln::testing
