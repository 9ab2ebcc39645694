#include <kiln/detail/keyed/order.hpp>

#include <algorithm>
#include <array>
#include <bit>

namespace kiln::detail {
namespace {

constexpr int kPassBits = 8;
constexpr std::size_t kBuckets = std::size_t{1} << kPassBits;
constexpr std::size_t kFew = 48;  // that are sorted faster by comparing

/// One stable pass by the kPassBits bits from `shift` on.
void scatter(std::span<const OrderEntry> from, OrderEntry* to, const std::array<std::uint32_t, kBuckets>& counts,
             int shift) {
  std::array<OrderEntry*, kBuckets> ends{};
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    ends[bucket] = to;
    to += counts[bucket];
  }
  for (const OrderEntry& entry : from) *ends[entry.order >> shift & (kBuckets - 1)]++ = entry;
}

}  // namespace

std::uint64_t sort_by_order(std::vector<OrderEntry>& entries, std::vector<OrderEntry>& room) {
  if (entries.size() < 2) return ~std::uint64_t{0};
  if (entries.size() < kFew) {
    std::stable_sort(entries.begin(), entries.end(),
                     [](const OrderEntry& a, const OrderEntry& b) { return a.order < b.order; });
    return ~std::uint64_t{0};
  }
  std::uint64_t differ = 0;
  for (const OrderEntry& entry : entries) differ |= entry.order ^ entries.front().order;
  const int top = 64 - std::countl_zero(differ);
  if (top == 0) return ~std::uint64_t{0};
  const int wanted = static_cast<int>(std::bit_width(entries.size())) + 4;
  const int passes = std::min((wanted + kPassBits - 1) / kPassBits, (top + kPassBits - 1) / kPassBits);
  const int low = std::max(0, top - passes * kPassBits);

  std::array<std::array<std::uint32_t, kBuckets>, 8> counts{};
  for (const OrderEntry& entry : entries) {
    for (int pass = 0; pass < passes; ++pass) {
      ++counts[static_cast<std::size_t>(pass)][entry.order >> (low + pass * kPassBits) & (kBuckets - 1)];
    }
  }
  room.resize(entries.size());
  for (int pass = 0; pass < passes; ++pass) {
    scatter(entries, room.data(), counts[static_cast<std::size_t>(pass)], low + pass * kPassBits);
    entries.swap(room);
  }
  return ~std::uint64_t{0} << low;
}

}  // namespace kiln::detail
