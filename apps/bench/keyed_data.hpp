#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// Data for keyed steps: the same for every run of the bench.
namespace kiln::bench {

/// Words of `words` different ones, the n-th as often as 1/n of the first; rarer ones are longer.
std::string zipf_text(std::size_t bytes, std::uint32_t words, std::size_t longest);

struct Row {
  std::uint64_t key;
  double value;
};
/// A row by its number: what processes make for themselves.
inline Row row_at(std::uint64_t number, std::uint64_t keys) {
  std::uint64_t z = (number + 1) * 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  z ^= z >> 31;
  return {z % keys, static_cast<double>(z >> 11) * 0x1p-53};
}
std::vector<Row> random_rows(std::size_t count, std::uint64_t keys);

/// What a keyed step must give, whatever its order: to see that both did the same.
struct Digest {
  std::uint64_t entries = 0, sum = 0;
  void add(std::uint64_t one) {
    ++entries;
    sum += one;
  }
  friend bool operator==(const Digest&, const Digest&) = default;
};

}  // namespace kiln::bench
