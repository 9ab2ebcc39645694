#include "reference_keyed.hpp"

#include "word_table.hpp"
#include "words.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace kiln::bench {
namespace {

std::uint64_t mixed(std::uint64_t key) {
  key *= 0x9e3779b97f4a7c15;
  return (key ^ key >> 32) * 0xbf58476d1ce4e5b9;
}

constexpr std::size_t kParts = 256;

/// The rows by the highest bits of their keys' hash; where each part begins.
struct Parts {
  std::vector<Row> rows;
  std::array<std::size_t, kParts + 1> begins{};

  explicit Parts(std::span<const Row> given) : rows(given.size()) {
    for (const Row& row : given) ++begins[(mixed(row.key) >> 56) + 1];
    for (std::size_t part = 0; part < kParts; ++part) begins[part + 1] += begins[part];
    auto ends = begins;
    for (const Row& row : given) rows[ends[mixed(row.key) >> 56]++] = row;
  }
  std::span<const Row> part(std::size_t part) const {
    return {rows.data() + begins[part], begins[part + 1] - begins[part]};
  }
};

}  // namespace

Digest reference_word_count(std::string_view text) {
  WordTable table;
  wordcount::for_each_word(text, [&](const char* word, std::size_t size) { table.add(word, size); });
  return table.digest();
}

Digest reference_group(std::span<const Row> rows) {
  const Parts parts(rows);
  struct Slot {
    std::uint64_t key;
    std::uint32_t group, used;
  };
  std::vector<Slot> slots;
  std::vector<std::uint32_t> group_of, begins;
  std::vector<double> values;
  Digest digest;
  for (std::size_t number = 0; number < kParts; ++number) {
    const auto part = parts.part(number);
    const std::size_t mask = std::bit_ceil(part.size() + 2) - 1;
    slots.assign(mask + 1, {});
    group_of.resize(part.size());
    begins.assign(1, 0);
    for (std::size_t i = 0; i < part.size(); ++i) {
      std::size_t at = mixed(part[i].key) & mask;
      while (slots[at].used != 0 && slots[at].key != part[i].key) at = (at + 1) & mask;
      if (slots[at].used == 0) {
        slots[at] = {part[i].key, static_cast<std::uint32_t>(begins.size() - 1), 1};
        begins.push_back(0);
      }
      ++begins[slots[at].group + 1];
      group_of[i] = slots[at].group;
    }
    for (std::size_t i = 1; i < begins.size(); ++i) begins[i] += begins[i - 1];
    values.resize(part.size());
    auto ends = begins;
    for (std::size_t i = 0; i < part.size(); ++i) values[ends[group_of[i]]++] = part[i].value;
    for (std::size_t group = 0; group + 1 < begins.size(); ++group) {
      double sum = 0;
      for (std::size_t i = begins[group]; i < begins[group + 1]; ++i) sum += values[i];
      digest.add(std::bit_cast<std::uint64_t>(sum));
    }
  }
  return digest;
}

Digest reference_join(std::span<const Row> left, std::span<const Row> right) {
  const Parts left_parts(left), right_parts(right);
  std::vector<std::pair<Row, bool>> slots;
  Digest digest;
  for (std::size_t number = 0; number < kParts; ++number) {
    const auto table = right_parts.part(number);
    const std::size_t mask = std::bit_ceil(2 * table.size() + 2) - 1;
    slots.assign(mask + 1, {});
    for (const Row& row : table) {
      std::size_t at = mixed(row.key) & mask;
      while (slots[at].second) at = (at + 1) & mask;
      slots[at] = {row, true};
    }
    for (const Row& row : left_parts.part(number)) {
      std::size_t at = mixed(row.key) & mask;
      while (slots[at].second && slots[at].first.key != row.key) at = (at + 1) & mask;
      if (slots[at].second) digest.add(row.key ^ std::bit_cast<std::uint64_t>(row.value + slots[at].first.value));
    }
  }
  return digest;
}

}  // namespace kiln::bench
