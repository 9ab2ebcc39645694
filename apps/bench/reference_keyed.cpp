#include "reference_keyed.hpp"

#include "words.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <kiln/detail/keyed/hash.hpp>
#include <kiln/detail/keyed/pages.hpp>
#include <utility>

namespace kiln::bench {
namespace {

struct WordSlot {
  std::uint64_t a, b;  // the word and its length in the highest byte; of a long one its place and length, from 255 on
  std::uint64_t count;
};

class WordTable {
 public:
  WordTable() { grow(); }

  void add(const char* word, std::size_t size) {
    std::uint64_t a = 0, b = 0, hash = 0;
    if (size <= 15) {
      const auto words = detail::short_words(word, size);
      a = words.a;
      b = words.b | std::uint64_t{size} << 56;
      const detail::Product product = detail::Product{a ^ 0x9e3779b97f4a7c15} * (b ^ 0xbf58476d1ce4e5b9);
      hash = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
      for (std::size_t at = hash >> shift_;; at = (at + 1) & mask_) {
        WordSlot& slot = slots()[at];
        if (slot.a == a && slot.b == b) {
          ++slot.count;
          return;
        }
        if (slot.count == 0) return insert(slot, a, b);
      }
    }
    a = reinterpret_cast<std::uint64_t>(word);
    b = size | std::uint64_t{255} << 56;
    for (std::size_t at = hash_of(a, b) >> shift_;; at = (at + 1) & mask_) {
      WordSlot& slot = slots()[at];
      // NOLINTNEXTLINE(performance-no-int-to-ptr): a short word, or where a long one is
      if (slot.b == b && std::memcmp(reinterpret_cast<const char*>(slot.a), word, size) == 0) {
        ++slot.count;
        return;
      }
      if (slot.count == 0) return insert(slot, a, b);
    }
  }
  Digest digest() const {
    Digest digest;
    for (std::size_t at = 0; at <= mask_; ++at) {
      if (slots()[at].count != 0) digest.add(slots()[at].count * slots()[at].count);
    }
    return digest;
  }

 private:
  static std::uint64_t hash_of(std::uint64_t a, std::uint64_t b) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): a short word, or where a long one is
    if (b >> 56 == 255) return detail::hash_long(reinterpret_cast<const char*>(a), b & 0xffffffff);
    const detail::Product product = detail::Product{a ^ 0x9e3779b97f4a7c15} * (b ^ 0xbf58476d1ce4e5b9);
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  WordSlot* slots() const { return reinterpret_cast<WordSlot*>(pages_.data()); }
  void insert(WordSlot& slot, std::uint64_t a, std::uint64_t b) {
    slot = {a, b, 1};
    if (++size_ > mask_ / 2) grow();
  }
  void grow() {
    const detail::Pages old = std::exchange(pages_, detail::Pages((mask_ + 1) * 2 * sizeof(WordSlot)));
    const std::size_t before = pages_before_;
    mask_ = mask_ * 2 + 1;
    --shift_;
    pages_before_ = mask_ + 1;
    for (const WordSlot *slot = reinterpret_cast<WordSlot*>(old.data()), *end = slot + before; slot != end; ++slot) {
      if (slot->count == 0) continue;
      std::size_t at = hash_of(slot->a, slot->b) >> shift_;
      while (slots()[at].count != 0) at = (at + 1) & mask_;
      slots()[at] = *slot;
    }
  }

  detail::Pages pages_;
  std::size_t mask_ = (std::size_t{1} << 15) - 1, pages_before_ = 0, size_ = 0;
  int shift_ = 64 - 15;
};

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
