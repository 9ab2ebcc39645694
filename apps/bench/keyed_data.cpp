#include "keyed_data.hpp"

#include <algorithm>
#include <cmath>

namespace kiln::bench {
namespace {

/// splitmix64, by Sebastiano Vigna.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : state_(seed) {}
  std::uint64_t operator()() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  double part() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }

 private:
  std::uint64_t state_;
};

}  // namespace

std::string zipf_text(std::size_t bytes, std::uint32_t words, std::size_t longest) {
  Draw draw(words);
  std::vector<std::string> all(words);
  for (std::uint32_t i = 0; i < words; ++i) {
    // The number of the word to the base of 20, so that words differ, and some letters behind it.
    for (std::uint32_t n = i; n != 0; n /= 20) all[i].push_back(static_cast<char>('a' + n % 20));
    const std::size_t wanted = 2 + draw() % std::max<std::size_t>(1, all[i].size() * longest / 10);
    while (all[i].size() < wanted) all[i].push_back(static_cast<char>('u' + draw() % 6));
  }
  std::string text;
  text.reserve(bytes + longest + 2);
  const double range = std::log(static_cast<double>(words));
  while (text.size() < bytes) {
    const auto rank = static_cast<std::size_t>(std::exp(draw.part() * range));
    text += all[std::min<std::size_t>(rank, words) - 1];
    text += draw() % 12 == 0 ? '\n' : ' ';
  }
  return text;
}

std::vector<Row> random_rows(std::size_t count, std::uint64_t keys) {
  Draw draw(count + keys);
  std::vector<Row> rows(count);
  for (Row& row : rows) row = {draw() % keys, draw.part()};
  return rows;
}

}  // namespace kiln::bench
