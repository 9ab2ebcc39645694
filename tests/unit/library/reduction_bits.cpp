// Prints the bits of many reductions. Built twice, for any x86-64 and with -march=x86-64-v3: both must print the same.

#include <kiln/detail/verify.hpp>
#include <kiln/kiln.hpp>
#include <kiln/testing.hpp>

#include "unit/library/reduction_play.hpp"

#include <bit>
#include <cinttypes>
#include <cstdio>
#include <vector>

namespace kiln::testing {
namespace {

/// A map that invites to be fused into the sum: a product and an addition.
double item_of(std::uint64_t unit) {
  const double x = static_cast<double>(unit) * 0.37 + 0.1;
  return x * x * 1.7 - x * 0.3;
}

template <class M>
void print(const char* name, std::uint64_t seed, const M& monoid, const std::vector<double>& items) {
  Draw draw(seed);
  detail::ForestOf<M> all(monoid);
  for (std::size_t first = 0; first < items.size();) {
    const std::size_t last = std::min(items.size(), first + 1 + draw.below(300));
    detail::FoldOf<M, double> fold(monoid, UnitId(first));
    for (; first < last; ++first) fold.push(items[first]);
    detail::ForestOf<M> forest(monoid);
    fold.finish(forest);
    all.absorb(forest);
  }
  std::printf("%s %" PRIu64 " %016" PRIx64 "\n", name, seed, checksum(detail::value_to_bytes(*all.typed_value())));
}

void print_map_and_sum(std::uint64_t batch) {
  const auto sum =
      Flow("map").range(100'000).map([](std::uint64_t unit) { return item_of(unit); }).reduce(Sum<double>{});
  const auto report = run(sum, {.batch = batch});
  std::printf("map %016" PRIx64 "\n", std::bit_cast<std::uint64_t>(report.value));
}

void print_all(std::uint64_t seed) {
  Draw draw(seed);
  std::vector<double> items(1 + draw.below(3000));
  for (double& one : items) one = draw.wild() * 1.1 + item_of(draw.below(1000));
  print("sum", seed, Sum<double>{}, items);
  print("mean", seed, Mean{}, items);
  print("moments", seed, Moments{}, items);
  print("exact", seed, ExactSum{}, items);
  print("histogram", seed, Histogram(-5, 5, 100), items);
  print("quantiles", seed, QuantileSketch{}, items);
  print("top", seed, TopK<double>(20), items);
  print("all", seed, All(Min<double>{}, Max<double>{}, Mean{}), items);
  Play<TreeSum> play(seed, 1 + seed % 257,
                     [](std::uint64_t, std::uint64_t, Draw& drawn) { return drawn.wild() * 0.7; });
  const auto value = play.run(TreeSum{}).typed_value();
  std::printf("play %" PRIu64 " %016" PRIx64 "\n", seed, std::bit_cast<std::uint64_t>(value.value_or(0)));
}

}  // namespace
}  // namespace kiln::testing

int main() {
  for (const std::uint64_t batch : {1ULL, 7ULL, 64ULL, 1000ULL, 100'000ULL}) kiln::testing::print_map_and_sum(batch);
  for (std::uint64_t seed = 0; seed < 100; ++seed) kiln::testing::print_all(seed);
}
